//! What a buffer remembers between events: names of keys, and layouts of whole events.
//!
//! Logs repeat. A file has a few hundred different keys, and its events have a few dozen different sequences of
//! keys. A key that was seen before is a small number; so is an event whose keys and kinds of values stand as in one
//! that was seen before. Whoever reads events can then keep what it found out about a name or a layout in a
//! list, instead of looking at texts again.
//!
//! Both tables are bounded. When one is full, everything is forgotten with the next event, and the vocabulary gets
//! another id. Numbers of different vocabularies have nothing to do with each other.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::buf::{NodeId, Text};

/// Keys that are remembered.
const NAMES_MAX: usize = 1 << 14;
/// Longer keys are not worth their place, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Layouts that are remembered.
const LAYOUTS_MAX: usize = 1 << 12;
/// Places of a layout; events with more have none.
const MARKS_PER_LAYOUT_MAX: usize = 1 << 10;
/// Places, other names and mounts of all layouts together.
const MARKS_MAX: usize = 1 << 20;
/// Places of a table that are tried for a hash. An input made to collide gets no numbers, and costs no more.
const PROBES_MAX: usize = 16;
const SLOTS_MIN: usize = 64;

/// Which vocabulary numbers belong to. Never the same for two of them within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VocabularyId(u64);

/// A key's number in its vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameId(pub(crate) u32);

/// The number of an event's layout in its vocabulary.
///
/// Two events with the same vocabulary and layout differ in nothing but values: they have the same places with
/// the same keys, the same nesting, the same other names, mounts and additional values. A text stands where the other
/// has a text; of numbers, one may be an integer and the other a decimal. Time and origin are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayoutId(pub(crate) u32);

impl NameId {
    /// As a place in a list; numbers are given without gaps from 0 on, which is the empty name.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl LayoutId {
    /// As a place in a list; numbers are given without gaps from 0 on.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names and layouts. Shared by copies of a buffer until one of them learns something.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub(crate) id: VocabularyId,
    text: String,
    /// Ranges of `text`.
    names: Vec<(u32, u32)>,
    name_slots: Slots,
    layouts: Vec<Layout>,
    layout_slots: Slots,
    marks: Vec<u32>,
    aliases: Vec<(Text, NodeId)>,
    mounts: Vec<NodeId>,
    pub(crate) is_full: bool,
}

/// Ranges of the lists that all layouts share.
#[derive(Clone, Copy, Debug)]
struct Layout {
    marks: (u32, u32),
    aliases: (u32, u32),
    mounts: (u32, u32),
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self {
            id: VocabularyId::fresh(),
            text: String::new(),
            names: vec![(0, 0)],
            name_slots: Slots::default(),
            layouts: Vec::new(),
            layout_slots: Slots::default(),
            marks: Vec::new(),
            aliases: Vec::new(),
            mounts: Vec::new(),
            is_full: false,
        }
    }
}

/// A copy goes its own way: what it learns next has numbers that the original gives to something else.
impl Clone for Vocabulary {
    fn clone(&self) -> Self {
        Self {
            id: VocabularyId::fresh(),
            text: self.text.clone(),
            names: self.names.clone(),
            name_slots: self.name_slots.clone(),
            layouts: self.layouts.clone(),
            layout_slots: self.layout_slots.clone(),
            marks: self.marks.clone(),
            aliases: self.aliases.clone(),
            mounts: self.mounts.clone(),
            is_full: self.is_full,
        }
    }
}

impl VocabularyId {
    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Vocabulary {
    /// The text of a name.
    #[inline]
    pub(crate) fn text(&self, name: u32) -> &str {
        let (start, end) = self.names.get(name as usize).copied().unwrap_or((0, 0));
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The number of a name that is known.
    #[inline]
    pub(crate) fn find(&self, hash: u64, name: &str) -> Option<u32> {
        if name.is_empty() {
            return Some(0);
        }
        self.name_slots.find(hash, |at| self.text(at) == name)
    }

    /// Remembers a name, if there is room.
    pub(crate) fn add(&mut self, hash: u64, name: &str) -> Option<u32> {
        if name.len() > NAME_BYTES_MAX {
            return None;
        }
        if self.names.len() >= NAMES_MAX {
            self.is_full = true;
            return None;
        }
        let (start, at) = (u32::try_from(self.text.len()).ok()?, u32::try_from(self.names.len()).ok()?);
        let end = start + u32::try_from(name.len()).ok()?;
        self.name_slots.insert(hash, at)?;
        self.text.push_str(name);
        self.names.push((start, end));
        Some(at)
    }

    /// The layout of an event with these marks, if it is known.
    #[inline]
    pub(crate) fn layout(&self, marks: &[u32]) -> Option<LayoutId> {
        if marks.len() > MARKS_PER_LAYOUT_MAX {
            return None;
        }
        let is_it = |at: u32| {
            let layout = self.layouts.get(at as usize);
            layout.and_then(|layout| range(&self.marks, layout.marks)) == Some(marks)
        };
        self.layout_slots.find(hash_marks(marks), is_it).map(LayoutId)
    }

    /// The other names and mounts of a layout.
    #[inline]
    pub(crate) fn links(&self, layout: LayoutId) -> (&[(Text, NodeId)], &[NodeId]) {
        let Some(layout) = self.layouts.get(layout.index()) else { return (&[], &[]) };
        let aliases = range(&self.aliases, layout.aliases).unwrap_or(&[]);
        (aliases, range(&self.mounts, layout.mounts).unwrap_or(&[]))
    }

    /// Remembers a layout, if there is room.
    pub(crate) fn learn(
        &mut self,
        marks: &[u32],
        aliases: &[(Text, NodeId)],
        mounts: &[NodeId],
    ) -> Option<LayoutId> {
        if marks.len() > MARKS_PER_LAYOUT_MAX || aliases.len() + mounts.len() > MARKS_PER_LAYOUT_MAX {
            return None;
        }
        let size = self.marks.len() + self.aliases.len() + self.mounts.len();
        if self.layouts.len() >= LAYOUTS_MAX || size + 2 * MARKS_PER_LAYOUT_MAX > MARKS_MAX {
            self.is_full = true;
            return None;
        }
        let at = u32::try_from(self.layouts.len()).ok()?;
        self.layout_slots.insert(hash_marks(marks), at)?;
        self.layouts.push(Layout {
            marks: extend(&mut self.marks, marks),
            aliases: extend(&mut self.aliases, aliases),
            mounts: extend(&mut self.mounts, mounts),
        });
        Some(LayoutId(at))
    }
}

fn range<T>(items: &[T], (start, end): (u32, u32)) -> Option<&[T]> {
    items.get(start as usize..end as usize)
}

fn extend<T: Copy>(items: &mut Vec<T>, more: &[T]) -> (u32, u32) {
    let place = |items: &[T]| u32::try_from(items.len()).unwrap_or(u32::MAX);
    let start = place(items);
    items.extend_from_slice(more);
    (start, place(items))
}

/// From hashes to numbers; whoever asks compares what the number stands for.
#[derive(Clone, Debug, Default)]
struct Slots {
    /// The upper half of the hash, and the number plus one; 0 is empty. As many as a power of two, or none.
    slots: Vec<(u32, u32)>,
    count: usize,
}

impl Slots {
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let (low, high) = halves(hash);
        for probe in 0..PROBES_MAX {
            let (tag, number) = *self.slots.get((low as usize).wrapping_add(probe) & mask)?;
            if number == 0 {
                return None;
            }
            if tag == high && is_it(number - 1) {
                return Some(number - 1);
            }
        }
        None
    }

    /// None if all places near the hash are taken.
    fn insert(&mut self, hash: u64, number: u32) -> Option<()> {
        if (self.count + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let (low, high) = halves(hash);
        self.put(low, high, number + 1)?;
        self.count += 1;
        Some(())
    }

    fn put(&mut self, low: u32, tag: u32, number: u32) -> Option<()> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut places = (0..PROBES_MAX).map(|probe| (low as usize).wrapping_add(probe) & mask);
        let free = places.find(|at| self.slots.get(*at).is_some_and(|slot| slot.1 == 0))?;
        *self.slots.get_mut(free)? = (tag, number);
        Some(())
    }

    /// Doubles the table. The place comes from the tag's bits too, so that entries can move without their text.
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        for (tag, number) in old.into_iter().filter(|slot| slot.1 > 0) {
            // One that finds no place is unknown from now on and would be learned again.
            let _ = self.put(low(tag), tag, number);
        }
    }
}

/// A place and a tag; the place follows from the tag.
#[inline]
fn halves(hash: u64) -> (u32, u32) {
    let tag = (hash >> 32) as u32;
    (low(tag), tag)
}

#[inline]
fn low(tag: u32) -> u32 {
    tag.wrapping_mul(0x9e37_79b1) >> 7
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn mix(value: u64) -> u64 {
    let product = u128::from(value).wrapping_mul(u128::from(MIX));
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded together")]
    {
        (product as u64) ^ ((product >> 64) as u64)
    }
}

/// A hash of a key.
#[inline]
pub(crate) fn hash_name(name: &[u8]) -> u64 {
    let mut hash = (name.len() as u64).wrapping_mul(MIX);
    let (words, _) = name.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word));
    }
    let last = match name.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => name.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
    };
    mix(hash ^ last)
}

#[inline]
fn hash_marks(marks: &[u32]) -> u64 {
    let (pairs, rest) = marks.as_chunks::<2>();
    let mut hash = (marks.len() as u64).wrapping_mul(MIX);
    for [a, b] in pairs {
        hash = mix(hash ^ (u64::from(*a) << 32 | u64::from(*b)));
    }
    mix(hash ^ rest.first().map_or(0, |mark| u64::from(*mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_until_the_table_is_full() {
        let mut vocabulary = Vocabulary::default();
        let name = |at: usize| format!("field {at}");
        let mut known = 0;
        for at in 0..NAMES_MAX + 10 {
            known += usize::from(vocabulary.add(hash_name(name(at).as_bytes()), &name(at)).is_some());
        }
        assert!(vocabulary.is_full);
        let found = (0..NAMES_MAX + 10).filter_map(|at| {
            let id = vocabulary.find(hash_name(name(at).as_bytes()), &name(at))?;
            assert_eq!(vocabulary.text(id), name(at));
            Some(id)
        });
        let mut found: Vec<u32> = found.collect();
        found.sort_unstable();
        found.dedup();
        // The empty name has a number from the start; a name or two may have lost its place while the table grew.
        assert!(found.len() < NAMES_MAX && found.len() + 4 >= known, "{} of {known}", found.len());
        assert_eq!(vocabulary.find(hash_name(b""), ""), Some(0));
    }

    #[test]
    fn hashes_made_to_collide_are_bounded() {
        let mut slots = Slots::default();
        let placed = (0..1_000).filter(|number| slots.insert(7 << 32, *number).is_some()).count();
        assert_eq!(placed, PROBES_MAX);
        assert_eq!(slots.find(7 << 32, |number| number == 15), Some(15));
        assert_eq!(slots.find(7 << 32, |number| number == 16), None);
    }

    #[test]
    fn layouts_are_told_apart() {
        let mut vocabulary = Vocabulary::default();
        let (a, b) = (vec![1, 2, 3], vec![1, 2, 4]);
        let alias = (Text::EMPTY, NodeId(2));
        let first = vocabulary.learn(&a, &[alias], &[NodeId(1)]);
        let second = vocabulary.learn(&b, &[], &[]);
        assert_ne!(first, second);
        assert_eq!((vocabulary.layout(&a), vocabulary.layout(&b)), (first, second));
        assert_eq!(vocabulary.layout(&[1, 2]), None);
        assert_eq!(vocabulary.links(first.unwrap()), (&[alias][..], &[NodeId(1)][..]));
        assert_eq!(vocabulary.links(second.unwrap()), (&[][..], &[][..]));
        assert_ne!(vocabulary.clone().id, vocabulary.id);
    }
}
