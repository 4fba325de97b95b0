//! References to inputs, packed: what a detection's evidence is kept as (E24, E49).

use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::input::Ref;
use crate::key::Bytes;
use crate::{Id, varint};

/// References in the order in which they came.
///
/// Evidence is most of what a group takes that fired. A [`Ref`] takes 40 bytes; here one takes the 16 bytes of its id, one that
/// says what follows, and how time and place differ from those of the reference before it: five or six bytes.
///
/// In pages of one size that never move: lists that grow leave memory of every size behind that only lists of that size can
/// take. Each page holds the one before it, so that none needs a list of them; a reference may lie across two.
#[derive(Clone, Debug)]
pub(super) struct Refs {
    /// The page that is being filled.
    page: Option<Box<Page>>,
    /// Of the last reference, as [`Place`] has it: apart, so that `end` takes what alignment would.
    ts: i64,
    seq: u64,
    tag: u32,
    /// How many pages there are.
    pages: u16,
    /// Where the last reference ends in its page.
    end: u8,
}

/// Where a reference begins, as if all pages were one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Mark(u16);

/// Pages of which a [`Mark`] can tell.
const MARKED: u16 = u16::MAX / PAGE as u16;

#[derive(Clone, Debug)]
struct Page {
    bytes: [u8; PAGE],
    before: Option<Box<Page>>,
}

/// Bytes of a page: five usual references. With the one before it 128 bytes, as a block of a window and the state of a group, so
/// that either takes what the other left.
const PAGE: usize = 120;
const _: () = assert!(PACKED_MAX < PAGE && PAGE < 256 && size_of::<Page>() == 128);

impl Refs {
    /// None yet; times are told from a base.
    pub(super) fn new(base: i64) -> Self {
        Self { page: None, ts: base, seq: 0, tag: NO_TAG, pages: 0, end: 0 }
    }

    pub(super) fn push(&mut self, at: &Ref) {
        let mut last = Place { ts: self.ts, seq: self.seq, tag: self.tag };
        let packed = Packed::of(at, &mut last);
        (self.ts, self.seq, self.tag) = (last.ts, last.seq, last.tag);
        self.append(packed.bytes());
    }

    fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = usize::from(self.end);
            let Some(page) = self.page.as_mut().filter(|_| end < PAGE) else {
                self.page = Some(Box::new(Page { bytes: [0; PAGE], before: self.page.take() }));
                (self.pages, self.end) = (self.pages.saturating_add(1), 0);
                continue;
            };
            let (here, rest) = bytes.split_at(bytes.len().min(PAGE - end));
            if let Some(place) = page.bytes.get_mut(end..end + here.len()) {
                place.copy_from_slice(here);
            }
            // A page has less than 256 bytes.
            self.end += here.len() as u8;
            bytes = rest;
        }
    }

    /// Keeps the oldest; the others, as those that are to make room.
    pub(super) fn split(&mut self, base: i64, kept: usize) -> Box<Ring> {
        let all: Vec<Ref> = self.iter(base).collect();
        let (oldest, newest) = all.split_at(kept.min(all.len()));
        *self = Self::new(base);
        oldest.iter().for_each(|at| self.push(at));
        Box::new(Ring::new(base, newest.iter().copied()))
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match &self.page {
            Some(page) if step == 2 => page.bytes.get(usize::from(self.end)).copied().unwrap_or(0).into(),
            _ => 0,
        }
    }

    /// Whether a [`Mark`] can tell of so many more.
    pub(super) fn has_room(&self, more: usize) -> bool {
        // None is longer than a page.
        usize::from(self.pages) + more < usize::from(MARKED)
    }

    /// Where the reference behind another begins, and its time, told from that of the other; as `ts` if there is none.
    pub(super) fn behind(&self, mark: Mark, ts: i64) -> (Mark, i64) {
        let (mut page, mut next) = (self.page.as_deref(), None);
        let (before, at) = (mark.0 / PAGE as u16, usize::from(mark.0) % PAGE);
        for _ in before + 1..self.pages {
            (next, page) = (page, page.and_then(|page| page.before.as_deref()));
        }
        let parts = [(page, at), (next, 0)];
        let parts = parts.into_iter().filter_map(|(page, from)| page?.bytes.get(from..));
        let (mut both, mut len) = ([0; 2 * PAGE], 0);
        for part in parts {
            if let Some(place) = both.get_mut(len..len + part.len()) {
                place.copy_from_slice(part);
                len += part.len();
            }
        }
        let mut rest = both.get(..len).unwrap_or_default();
        let mut place = Place::new(ts);
        skip(&mut rest);
        // Less than two pages.
        let size = (len - rest.len()) as u16;
        read(&mut rest, &mut place);
        (Mark(mark.0.saturating_add(size)), place.ts)
    }

    /// All of them in one piece.
    fn bytes(&self) -> Vec<u8> {
        let pages = std::iter::successors(self.page.as_deref(), |page| page.before.as_deref());
        let mut pages: Vec<&Page> = pages.collect();
        pages.reverse();
        let mut bytes = Vec::with_capacity(pages.len() * PAGE);
        pages.iter().for_each(|page| bytes.extend_from_slice(&page.bytes));
        bytes.truncate((bytes.len() + usize::from(self.end)).saturating_sub(PAGE));
        bytes
    }

    /// The references; the base is that of [`Self::new`].
    pub(super) fn iter(&self, base: i64) -> impl Iterator<Item = Ref> + use<> {
        unpacked(self.bytes(), Place::new(base))
    }
}

/// References that were packed one behind the other, from a place on.
fn unpacked(bytes: Vec<u8>, mut before: Place) -> impl Iterator<Item = Ref> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let mut rest = bytes.get(start..)?;
        let found = read(&mut rest, &mut before)?;
        start = bytes.len() - rest.len();
        Some(found)
    })
}

/// As an image has them: their bytes, and the place of the last.
type Image<'b> = (&'b [u8], i64, u64, u32);

impl Serialize for Refs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (Bytes(&self.bytes()), self.ts, self.seq, self.tag).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Refs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (bytes, ts, seq, tag) = Image::deserialize(deserializer)?;
        let mut refs = Self { page: None, ts, seq, tag, pages: 0, end: 0 };
        refs.append(bytes);
        Ok(refs)
    }
}

/// The newest references: each that comes takes the oldest away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ring {
    bytes: VecDeque<u8>,
    /// The place of the reference before the first.
    before: Place,
    last: Place,
}

impl Ring {
    /// References from a base on.
    pub(super) fn new(base: i64, refs: impl Iterator<Item = Ref>) -> Self {
        let place = Place::new(base);
        let mut ring = Self { bytes: VecDeque::new(), before: place, last: place };
        refs.for_each(|at| ring.push(&at));
        ring
    }

    fn push(&mut self, at: &Ref) {
        let packed = Packed::of(at, &mut self.last);
        let packed = packed.bytes();
        if self.bytes.capacity() - self.bytes.len() < packed.len() {
            self.bytes.reserve_exact((self.bytes.len() / 4).max(PACKED_MAX));
        }
        self.bytes.extend(packed);
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        self.last.seq
    }

    /// Adds one and takes the oldest away.
    pub(super) fn rotate(&mut self, at: &Ref) {
        let mut first = [0; PACKED_MAX];
        let size = self.bytes.len().min(PACKED_MAX);
        first.iter_mut().zip(&self.bytes).for_each(|(to, from)| *to = *from);
        let mut rest = first.get(..size).unwrap_or_default();
        if read(&mut rest, &mut self.before).is_some() {
            self.bytes.drain(..size - rest.len());
        }
        self.push(at);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Ref> + use<> {
        unpacked(self.bytes.iter().copied().collect(), self.before)
    }
}

/// What a reference is told from: that of the one before it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    ts: i64,
    seq: u64,
    /// Source, stratum and rule, if they are small; else [`NO_TAG`].
    tag: u32,
}

/// Of a reference that says what it is itself.
const NO_TAG: u32 = u32::MAX;

impl Place {
    fn new(ts: i64) -> Self {
        Self { ts, seq: 0, tag: NO_TAG }
    }
}

fn tag(at: &Ref) -> u32 {
    match at {
        Ref { source: 0..0x1_0000, stratum: 0..0x20, child: 0..0x20, .. } => {
            at.source << 10 | u32::from(at.stratum) << 5 | u32::from(at.child)
        }
        _ => NO_TAG,
    }
}

/// One reference. The first byte says, from the lowest bit on: how many bytes the time takes (three bits, seven stand for eight
/// bytes), in what it is counted (two), how many bytes the place in the source takes (two), and whether source, stratum and rule
/// are told.
struct Packed {
    bytes: [u8; PACKED_MAX],
    len: usize,
}

/// The first byte, an id, time and place, two numbers of 64 bits.
const PACKED_MAX: usize = 1 + 16 + 8 + 8 + 10 + 10;
/// What times are counted in: few clocks of logs tell nanoseconds.
const UNITS: [u64; 4] = [1, 100, 1_000, 1_000_000];
/// Bytes of the difference of two places.
const SEQ_SIZES: [usize; 4] = [0, 2, 3, 8];

impl Packed {
    fn of(at: &Ref, before: &mut Place) -> Self {
        let mut packed = Self { bytes: [0; PACKED_MAX], len: 17 };
        packed.bytes[1..17].copy_from_slice(&at.eid.0);
        let time = at.ts.wrapping_sub(before.ts).cast_unsigned();
        let unit = match time {
            _ if !time.is_multiple_of(UNITS[2]) => usize::from(time.is_multiple_of(UNITS[1])),
            _ => 2 + usize::from(time.is_multiple_of(UNITS[3])),
        };
        let time = time / UNITS[unit];
        let code = (8 - time.leading_zeros() as usize / 8).min(7);
        packed.write(time, if code == 7 { 8 } else { code });
        let seq = varint::folded(at.seq.wrapping_sub(before.seq).cast_signed());
        let size = match seq {
            0 => 0,
            1..0x1_0000 => 1,
            0x1_0000..0x100_0000 => 2,
            _ => 3,
        };
        packed.write(seq, SEQ_SIZES[size]);
        let tag = tag(at);
        let is_told = tag == NO_TAG || tag != before.tag;
        if is_told {
            packed.write_tag(at);
        }
        // Each part has the bits for it.
        packed.bytes[0] = (code | unit << 3 | size << 5 | usize::from(is_told) << 7) as u8;
        *before = Place { ts: at.ts, seq: at.seq, tag };
        packed
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Appends the low bytes of a number.
    fn write(&mut self, number: u64, size: usize) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + 8) {
            place.copy_from_slice(&number.to_le_bytes());
            self.len += size;
        }
    }

    fn write_tag(&mut self, at: &Ref) {
        // Most sources are among the first, most references of events and of the first rule.
        let (child, stratum) = (u64::from(at.child), u64::from(at.stratum));
        let is_plain = u64::from(child < 8 && stratum < 2);
        let low = if is_plain == 1 { stratum << 3 | child } else { 0 };
        self.write_varint(u64::from(at.source) << 5 | low << 1 | is_plain);
        if is_plain == 0 {
            self.write_varint(child << 16 | stratum);
        }
    }

    fn write_varint(&mut self, number: u64) {
        varint::write(number, |byte| {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        });
    }
}

/// Takes a reference from the front of some bytes.
fn read(rest: &mut &[u8], before: &mut Place) -> Option<Ref> {
    let (&head, behind) = rest.split_first()?;
    let (eid, behind) = behind.split_first_chunk::<16>()?;
    *rest = behind;
    let head = usize::from(head);
    let code = head & 7;
    let time = number(rest, if code == 7 { 8 } else { code })?;
    let ts = before.ts.wrapping_add(time.wrapping_mul(UNITS[head >> 3 & 3]).cast_signed());
    let seq = varint::unfolded(number(rest, SEQ_SIZES[head >> 5 & 3])?);
    let seq = before.seq.wrapping_add(seq.cast_unsigned());
    let (source, stratum, child) = match head >> 7 {
        0 => (before.tag >> 10, before.tag >> 5 & 0x1F, before.tag & 0x1F),
        _ => {
            let tag = varint::read(rest)?;
            let (child, stratum) = match tag & 1 {
                1 => (tag >> 1 & 7, tag >> 4 & 1),
                _ => {
                    let both = varint::read(rest)?;
                    (both >> 16, both & 0xFFFF)
                }
            };
            (u32::try_from(tag >> 5).ok()?, u32::try_from(stratum).ok()?, u32::try_from(child).ok()?)
        }
    };
    let (child, stratum) = (u16::try_from(child).ok()?, u16::try_from(stratum).ok()?);
    let at = Ref { ts, seq, eid: Id(*eid), source, stratum, child };
    *before = Place { ts, seq, tag: tag(&at) };
    Some(at)
}

/// Takes a reference from the front of some bytes, unread.
fn skip(rest: &mut &[u8]) {
    let Some((&head, behind)) = rest.split_first() else { return };
    let head = usize::from(head);
    let time = if head & 7 == 7 { 8 } else { head & 7 };
    *rest = behind.get(16 + time + SEQ_SIZES[head >> 5 & 3]..).unwrap_or_default();
    if head >> 7 == 1 && varint::read(rest).is_some_and(|tag| tag & 1 == 0) {
        varint::read(rest);
    }
}

/// Takes a number of so many bytes.
fn number(rest: &mut &[u8], size: usize) -> Option<u64> {
    let (bytes, behind) = rest.split_at_checked(size)?;
    *rest = behind;
    let mut number = [0; 8];
    number.get_mut(..size)?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn references_come_out_as_they_went_in(
            refs in proptest::collection::vec(
                (
                    proptest::prelude::any::<(u64, u64, [u8; 16], u32)>(),
                    (0_u32..65, 0_u32..65, 0_u32..40, 0_usize..4),
                    0_u16..20,
                    0_u16..4,
                    proptest::prelude::any::<(u16, u16)>(),
                ),
                1..40,
            ),
        ) {
            let (mut ts, mut seq) = (1_700_000_000_000_000_000_i64, 0_u64);
            let refs: Vec<Ref> = refs
                .into_iter()
                .map(|((time, place, eid, source), (low, lower, few, unit), child, stratum, (large, larger))| {
                    // Near and far from the one before, in every unit, to either side.
                    let step = time.checked_shr(low).unwrap_or(0).wrapping_mul(UNITS[unit]);
                    ts = ts.wrapping_add(step.cast_signed());
                    seq = seq.wrapping_add(place.checked_shr(lower).unwrap_or(0));
                    let (stratum, child) = if stratum == 3 { (large, larger) } else { (stratum, child) };
                    Ref { ts, seq, eid: Id(eid), source: source.checked_shr(few).unwrap_or(0), stratum, child }
                })
                .collect();
            let base = refs[0].ts;
            let mut packed = Refs::new(base);
            refs.iter().for_each(|at| packed.push(at));
            proptest::prop_assert_eq!(packed.iter(base).collect::<Vec<_>>(), refs.clone());
            let (mut mark, mut ts) = (Mark::default(), base);
            for at in refs.iter().skip(1) {
                (mark, ts) = packed.behind(mark, ts);
                proptest::prop_assert_eq!(ts, at.ts);
            }
            let bytes = postcard::to_extend(&packed, Vec::new()).unwrap();
            let read: Refs = postcard::from_bytes(&bytes).unwrap();
            let twice: Vec<Ref> = refs.iter().chain(&refs).copied().collect();
            for mut packed in [packed, read] {
                // It goes on as it would have.
                refs.iter().for_each(|at| packed.push(at));
                proptest::prop_assert_eq!(packed.iter(base).collect::<Vec<_>>(), twice.clone());
            }
            let mut ring = Ring::new(base, refs.iter().copied());
            for (at, newest) in refs.iter().enumerate() {
                ring.rotate(newest);
                proptest::prop_assert_eq!(ring.iter().collect::<Vec<_>>(), &twice[at + 1..at + 1 + refs.len()]);
            }
        }
    }

    #[test]
    fn a_usual_reference_is_small() {
        let at = |ts, seq| Ref { ts, seq, eid: Id([7; 16]), source: 3, stratum: 0, child: 1 };
        let base = 1_700_000_000_000_000_000;
        // The first tells all of its place: three bytes more.
        for (unit, expect) in [(1, 20), (1_000_000_000, 21), (1_000_000, 21), (1_000, 21), (1_000_003, 23)] {
            let mut packed = Refs::new(base);
            (0..6).for_each(|step| {
                packed.push(&at(base + step * 30 * unit, 1_234_567 + step.cast_unsigned() * 9_999))
            });
            let size = packed.bytes().len();
            assert!(size <= 6 * expect + 3, "{unit}: {size}");
        }
    }
}
