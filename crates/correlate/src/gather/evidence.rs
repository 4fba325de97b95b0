//! References to inputs, packed: what a detection's evidence is kept as (E24, E49).

use serde::{Deserialize, Serialize};

use crate::Id;
use crate::input::Ref;

/// References in the order in which they came.
///
/// Evidence is most of what a group takes that fired. A [`Ref`] takes 40 bytes, most of them zero or what the neighbours have
/// too; here one takes the 16 bytes of its id and about nine more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Refs {
    #[serde(with = "crate::raw")]
    bytes: Vec<u8>,
    /// Where the first begins; what lies before is gone.
    start: u32,
    count: u32,
    /// What times are told from.
    base: i64,
}

/// Room for one reference, unless its numbers are very large.
const ROOM: usize = 32;

impl Refs {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn push(&mut self, at: &Ref) {
        if self.count == 0 {
            self.base = at.ts;
        }
        if self.bytes.capacity() - self.bytes.len() < ROOM {
            // By quarters: of doubled room half would be empty in most groups.
            self.bytes.reserve_exact((self.bytes.len() / 4).max(3 * ROOM));
        }
        self.count += 1;
        self.bytes.extend_from_slice(&at.eid.0);
        let since = at.ts.wrapping_sub(self.base);
        // Most come later than the base: the sign goes to the lowest bit.
        self.write((since.wrapping_shl(1) ^ (since >> 63)).cast_unsigned());
        self.write(at.seq);
        // Most sources are among the first, most references of events and of the first rule.
        let (child, stratum) = (u64::from(at.child), u64::from(at.stratum));
        let is_plain = u64::from(child < 8 && stratum < 2);
        let low = if is_plain == 1 { stratum << 3 | child } else { 0 };
        self.write(u64::from(at.source) << 5 | low << 1 | is_plain);
        if is_plain == 0 {
            self.write(child << 16 | stratum);
        }
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.bytes.reserve_exact(count.saturating_mul(ROOM - 4));
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        self.bytes.last().map_or(0, |last| u64::from(*last))
    }

    /// Takes the oldest away.
    pub(super) fn pop_front(&mut self) {
        let mut rest = self.bytes.get(self.start as usize..).unwrap_or_default();
        let before = rest.len();
        if read(&mut rest, self.base).is_none() {
            return;
        }
        self.count -= 1;
        self.start += u32::try_from(before - rest.len()).unwrap_or(0);
        if self.start as usize > self.bytes.len() / 4 {
            self.bytes.drain(..self.start as usize);
            self.start = 0;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Ref> {
        let mut rest = self.bytes.get(self.start as usize..).unwrap_or_default();
        std::iter::from_fn(move || read(&mut rest, self.base))
    }

    /// Seven bits a byte, the lowest first; the highest bit says that there are more.
    fn write(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7F) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

fn read(rest: &mut &[u8], base: i64) -> Option<Ref> {
    let (eid, behind) = rest.split_first_chunk::<16>()?;
    *rest = behind;
    let since = number(rest)?;
    let ts = base.wrapping_add((since >> 1).cast_signed() ^ -(since & 1).cast_signed());
    let seq = number(rest)?;
    let tag = number(rest)?;
    let (child, stratum) = match tag & 1 {
        1 => (tag >> 1 & 7, tag >> 4 & 1),
        _ => {
            let both = number(rest)?;
            (both >> 16, both & 0xFFFF)
        }
    };
    let source = u32::try_from(tag >> 5).ok()?;
    let (child, stratum) = (u16::try_from(child).ok()?, u16::try_from(stratum).ok()?);
    Some(Ref { ts, seq, eid: Id(*eid), source, stratum, child })
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn references_come_out_as_they_went_in(
            refs in proptest::collection::vec(
                (
                    proptest::prelude::any::<(i64, u64, [u8; 16], u32)>(),
                    0_u16..20,
                    0_u16..4,
                    proptest::prelude::any::<(u16, u16)>(),
                ),
                1..40,
            ),
            gone in 0_usize..40,
        ) {
            let refs: Vec<Ref> = refs
                .into_iter()
                .map(|((ts, seq, eid, source), child, stratum, (large, larger))| {
                    let (stratum, child) = if stratum == 3 { (large, larger) } else { (stratum, child) };
                    Ref { ts, seq, eid: Id(eid), source, stratum, child }
                })
                .collect();
            let mut packed = Refs::default();
            refs.iter().for_each(|at| packed.push(at));
            proptest::prop_assert_eq!(packed.iter().collect::<Vec<_>>(), refs.clone());
            let gone = gone.min(refs.len());
            (0..gone).for_each(|_| packed.pop_front());
            proptest::prop_assert_eq!(packed.len(), refs.len() - gone);
            proptest::prop_assert_eq!(packed.iter().collect::<Vec<_>>(), &refs[gone..]);
        }
    }

    #[test]
    fn a_usual_reference_is_small() {
        let at = |ts, seq| Ref { ts, seq, eid: Id([7; 16]), source: 3, stratum: 0, child: 1 };
        let mut packed = Refs::default();
        packed.push(&at(1_700_000_000_000_000_000, 123_456));
        packed.push(&at(1_700_000_030_000_000_000, 123_457));
        assert!(packed.bytes.len() <= 48, "{}", packed.bytes.len());
    }
}
