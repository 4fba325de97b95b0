//! References to inputs, packed: what a detection's evidence is kept as (E24, E49).

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::input::Ref;
use crate::key::Bytes;
use crate::{Id, varint};

/// References in the order in which they came.
///
/// Evidence is most of what a group takes that fired. A [`Ref`] takes 40 bytes, most of them zero or what the neighbours have
/// too; here one takes the 16 bytes of its id and about nine more.
///
/// In pages of one size that never move: lists that grow leave memory of every size behind that only lists of that size can
/// take. Pages are of bytes, not of numbers: of sizes that are no power of two mimalloc gives the next larger one to whatever
/// must be aligned.
///
/// Times are told from a base that the caller keeps: the same for all references of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Refs {
    /// Of each the first byte says how many references it has, the second where they begin, the third where they end.
    #[expect(clippy::vec_box, reason = "pages are to have one size, and not to move")]
    pages: Vec<Box<Page>>,
}

type Page = [u8; PAGE];

/// Bytes of a page: six usual references; as much as a block of a window, so that either takes what the other left.
const PAGE: usize = 160;
/// Bytes of a page before the first reference.
const HEAD: usize = 3;
const _: () = assert!(PACKED_MAX + HEAD < PAGE && PAGE < 256);

/// The references of a page.
fn used(page: &Page) -> &[u8] {
    page.get(usize::from(page[1])..usize::from(page[2])).unwrap_or_default()
}

impl Refs {
    pub(super) fn len(&self) -> usize {
        self.pages.iter().map(|page| usize::from(page[0])).sum()
    }

    pub(super) fn push(&mut self, at: &Ref, base: i64) {
        let packed = Packed::of(at, base);
        let packed = packed.bytes();
        if self.pages.last().is_none_or(|page| usize::from(page[2]) + packed.len() > PAGE) {
            if self.pages.len() == self.pages.capacity() {
                self.pages.reserve_exact(self.pages.len().max(2));
            }
            let mut page = Box::new([0; PAGE]);
            (page[1], page[2]) = (HEAD as u8, HEAD as u8);
            self.pages.push(page);
        }
        let Some(page) = self.pages.last_mut() else { return };
        let start = usize::from(page[2]);
        let Some(place) = page.get_mut(start..start + packed.len()) else { return };
        place.copy_from_slice(packed);
        page[0] += 1;
        // A page has less than 256 bytes.
        page[2] += packed.len() as u8;
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.pages.reserve_exact((count / 6 + 1).max(4));
    }

    /// Takes the oldest away.
    pub(super) fn pop_front(&mut self) {
        let Some(page) = self.pages.first_mut() else { return };
        let mut rest = used(page);
        let before = rest.len();
        // Where it ends does not hang on the base.
        if page[0] == 0 || read(&mut rest, 0).is_none() {
            return;
        }
        // Less than a page.
        let size = (before - rest.len()) as u8;
        page[0] -= 1;
        page[1] += size;
        if page[0] == 0 {
            self.pages.remove(0);
        }
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match (step, self.pages.last()) {
            (2, Some(page)) => std::ptr::from_ref(&**page).addr() as u64,
            (3, Some(page)) => u64::from(page[0]),
            _ => 0,
        }
    }

    pub(super) fn iter(&self, base: i64) -> impl Iterator<Item = Ref> {
        self.pages.iter().flat_map(move |page| {
            let mut rest = used(page);
            std::iter::from_fn(move || read(&mut rest, base))
        })
    }
}

/// Of each page its references; the first byte says how many.
impl Serialize for Refs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.pages.iter().map(|page| (page[0], Bytes(used(page)))))
    }
}

impl<'de> Deserialize<'de> for Refs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let page = |(count, bytes): (u8, &[u8])| {
            let mut page = Box::new([0; PAGE]);
            let end = HEAD + bytes.len();
            let place = page.get_mut(HEAD..end);
            place.ok_or_else(|| D::Error::custom("a page that is too long"))?.copy_from_slice(bytes);
            // Not longer than a page.
            (page[0], page[1], page[2]) = (count, HEAD as u8, end as u8);
            Ok(page)
        };
        let pages = <Vec<(u8, &[u8])>>::deserialize(deserializer)?;
        Ok(Self { pages: pages.into_iter().map(page).collect::<Result<_, D::Error>>()? })
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
        packed.write(varint::folded(at.ts.wrapping_sub(base)));
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

    fn write(&mut self, number: u64) {
        varint::write(number, |byte| {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        });
    }
}

fn read(rest: &mut &[u8], base: i64) -> Option<Ref> {
    let (eid, behind) = rest.split_first_chunk::<16>()?;
    *rest = behind;
    let ts = base.wrapping_add(varint::unfolded(varint::read(rest)?));
    let seq = varint::read(rest)?;
    let tag = varint::read(rest)?;
    let (child, stratum) = match tag & 1 {
        1 => (tag >> 1 & 7, tag >> 4 & 1),
        _ => {
            let both = varint::read(rest)?;
            (both >> 16, both & 0xFFFF)
        }
    };
    let source = u32::try_from(tag >> 5).ok()?;
    let (child, stratum) = (u16::try_from(child).ok()?, u16::try_from(stratum).ok()?);
    Some(Ref { ts, seq, eid: Id(*eid), source, stratum, child })
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
            let base = refs[0].ts;
            refs.iter().for_each(|at| packed.push(at, base));
            proptest::prop_assert_eq!(packed.iter(base).collect::<Vec<_>>(), refs.clone());
            let gone = gone.min(refs.len());
            (0..gone).for_each(|_| packed.pop_front());
            proptest::prop_assert_eq!(packed.len(), refs.len() - gone);
            let bytes = postcard::to_extend(&packed, Vec::new()).unwrap();
            let mut read: Refs = postcard::from_bytes(&bytes).unwrap();
            for mut packed in [packed, std::mem::take(&mut read)] {
                proptest::prop_assert_eq!(packed.iter(base).collect::<Vec<_>>(), &refs[gone..]);
                // It goes on as it would have.
                refs.iter().for_each(|at| packed.push(at, base));
                let all: Vec<Ref> = refs[gone..].iter().chain(&refs).copied().collect();
                proptest::prop_assert_eq!(packed.iter(base).collect::<Vec<_>>(), all);
            }
        }
    }

    #[test]
    fn a_usual_reference_is_small() {
        let at = |ts, seq| Ref { ts, seq, eid: Id([7; 16]), source: 3, stratum: 0, child: 1 };
        let mut packed = Refs::default();
        let base = 1_700_000_000_000_000_000;
        (0..6).for_each(|step| packed.push(&at(base + step * 30_000_000_000, 1_234_567), base));
        assert_eq!(packed.pages.len(), 1);
    }
}
