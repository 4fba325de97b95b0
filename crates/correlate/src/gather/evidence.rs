//! References to inputs, packed: what a detection's evidence is kept as (E24, E49).

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Id;
use crate::input::Ref;
use crate::key::Bytes;

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
        self.bytes.extend_from_slice(Packed::of(at, self.base).bytes());
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
}

/// References that only grow in number, in pages of one size that never move: lists that grow leave memory of every size behind
/// that only lists of that size can take.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    /// Of each the first byte says how many references it has, the second how many bytes are used.
    #[expect(clippy::vec_box, reason = "pages are to have one size, and not to move")]
    pages: Vec<Box<[u8; PAGE]>>,
    /// What times are told from.
    base: i64,
}

/// Bytes of a page: six usual references; as much as a block of a window, so that either takes what the other left.
const PAGE: usize = 160;
/// Bytes of a page before the first reference.
const HEAD: usize = 2;
const _: () = assert!(PACKED_MAX + HEAD < PAGE && PAGE < 256);

impl Pages {
    pub(super) fn len(&self) -> usize {
        self.pages.iter().map(|page| usize::from(page[0])).sum()
    }

    pub(super) fn push(&mut self, at: &Ref) {
        if self.pages.is_empty() {
            self.base = at.ts;
        }
        let packed = Packed::of(at, self.base);
        let packed = packed.bytes();
        if self.pages.last().is_none_or(|page| usize::from(page[1]) + packed.len() > PAGE) {
            if self.pages.len() == self.pages.capacity() {
                self.pages.reserve_exact(self.pages.len().max(2));
            }
            let mut page = Box::new([0; PAGE]);
            page[1] = HEAD as u8;
            self.pages.push(page);
        }
        let Some(page) = self.pages.last_mut() else { return };
        let start = usize::from(page[1]);
        let Some(place) = page.get_mut(start..start + packed.len()) else { return };
        place.copy_from_slice(packed);
        page[0] += 1;
        // A page has less than 256 bytes.
        page[1] += packed.len() as u8;
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.pages.reserve_exact((count / 6 + 1).max(4));
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        self.pages.last().map_or(0, |page| u64::from(page[0]))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Ref> {
        self.pages.iter().flat_map(move |page| {
            let mut rest = page.get(HEAD..).unwrap_or_default();
            (0..page[0]).map_while(move |_| read(&mut rest, self.base))
        })
    }
}

impl Serialize for Pages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let used = |page: &[u8; PAGE]| usize::from(page[1]);
        let pages: Vec<Bytes<'_>> =
            self.pages.iter().map(|page| Bytes(page.get(..used(page)).unwrap_or_default())).collect();
        (self.base, pages).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (base, pages) = <(i64, Vec<&[u8]>)>::deserialize(deserializer)?;
        let page = |bytes: &[u8]| {
            let mut page = Box::new([0; PAGE]);
            let place = page.get_mut(..bytes.len()).filter(|_| bytes.len() >= HEAD);
            let place = place.ok_or_else(|| D::Error::custom("a page of another length"))?;
            place.copy_from_slice(bytes);
            Ok(page)
        };
        let pages = pages.into_iter().map(page).collect::<Result<_, D::Error>>()?;
        Ok(Self { pages, base })
    }
}

/// One reference.
struct Packed {
    bytes: [u8; PACKED_MAX],
    len: usize,
}

/// An id and four numbers of 64 bits.
const PACKED_MAX: usize = 16 + 4 * 10;

impl Packed {
    fn of(at: &Ref, base: i64) -> Self {
        let mut packed = Self { bytes: [0; PACKED_MAX], len: 16 };
        packed.bytes[..16].copy_from_slice(&at.eid.0);
        let since = at.ts.wrapping_sub(base);
        // Most come later than the base: the sign goes to the lowest bit.
        packed.write((since.wrapping_shl(1) ^ (since >> 63)).cast_unsigned());
        packed.write(at.seq);
        // Most sources are among the first, most references of events and of the first rule.
        let (child, stratum) = (u64::from(at.child), u64::from(at.stratum));
        let is_plain = u64::from(child < 8 && stratum < 2);
        let low = if is_plain == 1 { stratum << 3 | child } else { 0 };
        packed.write(u64::from(at.source) << 5 | low << 1 | is_plain);
        if is_plain == 0 {
            packed.write(child << 16 | stratum);
        }
        packed
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Seven bits a byte, the lowest first; the highest bit says that there are more.
    #[inline]
    fn write(&mut self, mut number: u64) {
        let mut len = self.len;
        let mut push = |byte: u8| {
            if let Some(place) = self.bytes.get_mut(len) {
                *place = byte;
                len += 1;
            }
        };
        while number >= 0x80 {
            push((number & 0x7F) as u8 | 0x80);
            number >>= 7;
        }
        push(number as u8);
        self.len = len;
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
            let mut pages = Pages::default();
            refs.iter().for_each(|at| pages.push(at));
            proptest::prop_assert_eq!(pages.iter().collect::<Vec<_>>(), refs.clone());
            let bytes = postcard::to_extend(&pages, Vec::new()).unwrap();
            let pages: Pages = postcard::from_bytes(&bytes).unwrap();
            proptest::prop_assert_eq!(pages.iter().collect::<Vec<_>>(), refs.clone());
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
