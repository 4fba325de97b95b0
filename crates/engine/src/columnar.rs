//! Matching rows whose values are numbers of a dictionary: what decides, and what is known of rows that say the same.
//!
//! Stored events repeat, and their columns have each distinct value once. The rules that match an event follow from few of its
//! values ([`Engine::decisive`]); a row is then a sequence of the numbers of just those, and rows with the same sequence have
//! the same result ([`Sequences`]). So an event is put together and matched once for each distinct sequence, by the same
//! code that matches events as they come: there is no second meaning of a rule.
//!
//! Where rules look for keywords in all values of an event, values that decide nothing else are looked through each
//! ([`Engine::has_keyword`]); rows that have one are matched by themselves.

use sigyn_event::{Event, NodeId};

use crate::class::ClassId;
use crate::engine::Engine;
use crate::fold::fold_into;
use crate::plan::KEYWORDS_PLACE;
use crate::program::KEYWORDS;
use crate::scratch::Scratch;

/// What decides which rules match an event, and all events of its layout and class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisive {
    /// What the event is.
    pub class: Option<ClassId>,
    /// The values: events that have the same here have the same class and rules. Sorted.
    pub values: Vec<NodeId>,
    /// Other values, in which keywords are looked for: if one is found in any of them the event is to be matched by itself.
    pub searched: Vec<NodeId>,
}

impl Engine {
    /// What decides which rules match an event. None if nothing less than the event does: it has no layout, or keywords are
    /// compared with all its values as they are.
    pub fn decisive(&self, event: Event<'_>, scratch: &mut Scratch) -> Option<Decisive> {
        event.layout()?;
        if !self.config.value_cache.is_on() || self.config.routing == crate::Routing::AllRules {
            return None;
        }
        self.planned(event, scratch, |plan, scratch| {
            let class = self.classify_planned(event, plan, scratch);
            let mut decisive =
                Decisive { class, values: self.classifier.deciding(event, plan), searched: Vec::new() };
            let known = class.and_then(|id| Some((id, self.classes.get(id.0 as usize)?)));
            if let Some((id, class)) = known.filter(|(_, class)| !class.rules.is_empty()) {
                let at = plan.class_at(self, event, id, class, &mut scratch.assigning);
                let (fields, _, _) = plan.class(at)?;
                if fields.whole_fields.iter().any(|(place, _)| *place == KEYWORDS_PLACE) {
                    return None;
                }
                decisive.values.extend(&fields.reads);
                decisive.searched.extend(fields.looks.iter().take(fields.loose).map(|look| look.node));
            }
            decisive.values.sort_unstable();
            decisive.values.dedup();
            Some(decisive)
        })
    }

    /// Whether a text holds a keyword that some rule of a class looks for. `buffer` is memory that is kept.
    pub fn has_keyword(&self, class: ClassId, text: &str, buffer: &mut String) -> bool {
        let Some(sieve) = self.classes.get(class.0 as usize).map(|class| &class.sieve) else { return false };
        let Some(table) = sieve.table_at(KEYWORDS).and_then(|at| sieve.tables.get(at as usize)) else {
            return false;
        };
        let mut is_met = false;
        if text.is_ascii() {
            table.scan(text.as_bytes(), true, |_| is_met = true);
        } else {
            buffer.clear();
            fold_into(buffer, text);
            table.scan(buffer.as_bytes(), buffer.is_ascii(), |_| is_met = true);
        }
        is_met
    }
}

impl Scratch {
    /// Whether the last event was matched by looking for keywords in all its values: what matched then hangs on values that do
    /// not [decide](Decisive) otherwise.
    pub fn looked_everywhere(&self) -> bool {
        self.prepared.get(KEYWORDS_PLACE).is_some_and(|keywords| keywords.at == self.marks.now)
    }
}

/// Distinct sequences of numbers, each with a number of its own.
#[derive(Debug)]
pub struct Sequences {
    /// Numbers of sequences, plus one; 0 is free. A power of two, at most half of it taken.
    slots: Vec<u32>,
    hashes: Vec<u64>,
    /// Where each sequence begins; the last is the end.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Default for Sequences {
    fn default() -> Self {
        Self { slots: vec![0; 1_024], hashes: Vec::new(), starts: vec![0], items: Vec::new() }
    }
}

impl Sequences {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The items of a sequence.
    pub fn items(&self, number: u32) -> &[u32] {
        let at = number as usize;
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        bounds.and_then(|(start, end)| self.items.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    /// How much memory they take, in bytes; about.
    pub fn bytes(&self) -> usize {
        self.items.len() * 4 + self.hashes.len() * 12 + self.slots.len() * 4
    }

    /// Mixes the next number of a sequence into its hash, which begins as 0.
    #[inline]
    pub fn mix(hash: u64, number: u32) -> u64 {
        (hash.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x517c_c1b7_2722_0a95)
    }

    /// The number of a sequence with a hash, and whether it is new. `item` gives its items; equal hashes are compared.
    #[inline]
    pub fn number(&mut self, hash: u64, length: usize, item: impl Fn(usize) -> u32) -> (u32, bool) {
        let mask = self.slots.len() - 1;
        let mut slot = place(hash, mask);
        loop {
            match self.slots.get(slot).copied() {
                None | Some(0) => break,
                Some(known) => {
                    let at = known as usize - 1;
                    if self.hashes.get(at) == Some(&hash) && self.is_same(at, length, &item) {
                        return (known - 1, false);
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
        (self.add(hash, slot, length, item), true)
    }

    #[inline]
    fn is_same(&self, at: usize, length: usize, item: &impl Fn(usize) -> u32) -> bool {
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let known = bounds.and_then(|(start, end)| self.items.get(*start as usize..*end as usize));
        known.is_some_and(|known| {
            known.len() == length && known.iter().enumerate().all(|(at, own)| *own == item(at))
        })
    }

    #[cold]
    fn add(&mut self, hash: u64, slot: usize, length: usize, item: impl Fn(usize) -> u32) -> u32 {
        let number = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX - 1);
        self.hashes.push(hash);
        self.items.extend((0..length).map(item));
        self.starts.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
        if let Some(free) = self.slots.get_mut(slot) {
            *free = number + 1;
        }
        if self.hashes.len() * 2 > self.slots.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![0; mask + 1];
        for (hash, number) in self.hashes.iter().zip(1..) {
            let mut slot = place(*hash, mask);
            while slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = number;
            }
        }
        self.slots = slots;
    }
}

/// The upper half of a product is mixed best.
#[inline]
fn place(hash: u64, mask: usize) -> usize {
    usize::try_from(hash >> 32).unwrap_or(0) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sequences_have_one_number() {
        let mut sequences = Sequences::default();
        let mut number = |items: &[u32]| {
            let hash = items.iter().fold(0, |hash, item| Sequences::mix(hash, *item));
            sequences.number(hash, items.len(), |at| items[at])
        };
        assert_eq!(number(&[1, 2]), (0, true));
        assert_eq!(number(&[2, 1]), (1, true));
        assert_eq!(number(&[1, 2]), (0, false));
        assert_eq!(number(&[1, 2, 0]), (2, true));
        for item in 0..10_000 {
            assert_eq!(number(&[item, 7, 7]), (item + 3, true));
        }
        for item in 0..10_000 {
            assert_eq!(number(&[item, 7, 7]), (item + 3, false));
        }
        // Equal hashes are no equal sequences.
        assert_eq!(sequences.number(0, 1, |_| 5), (10_003, true));
        assert_eq!(sequences.number(0, 1, |_| 6), (10_004, true));
        assert_eq!(sequences.number(0, 1, |_| 5), (10_003, false));
    }
}
