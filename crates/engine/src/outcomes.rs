//! Which rules matched events that said the same in everything that rules read.
//!
//! Rules read few of an event's values: not when it happened, nor its record number, nor most ids of processes and
//! sessions. Computers say the same over and over, so that events often differ in nothing else. Of such an event the
//! result is known: the values that the rules of its class read are put behind one another and looked up, whole, among
//! those of earlier events of the same layout and class.
//!
//! What one thread has matched, the others know: the same is said in many logs, and learning it a second time was
//! most of what kept a second core from doing as much as the first.
//!
//! Price: an event that is not found costs about 700 cycles more, a tenth of matching it. So a plan whose events
//! hardly repeat looks at a sample of them only ([`Habit`]).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sigyn_event::{Event, NodeId, Value};
use sigyn_ir::ItemId;

use crate::hash::{hash_bytes, hash_wide, head, tail};

/// Events with more to compare are matched, in bytes.
const KEY_BYTES_MAX: usize = 4 << 10;

/// Results with more rules are not kept.
const RULES_MAX: usize = 16;

/// Bytes of an event's values, for which a place in the table is reserved.
const BYTES_PER_PLACE: usize = 256;

/// Neighbours in the table that an event may stand in: one line of the processor's cache.
const NEIGHBOURS: usize = 4;

/// Bytes of a shard at least, and how many shards there are at most: threads rarely ask for the same one.
const SHARD_BYTES_MIN: usize = 128 << 10;
const SHARDS_MAX: usize = 64;

/// Bits of a hash that neither find a place within a shard nor tell keys apart.
const SHARD_SHIFT: u32 = 20;

/// Bytes of forms of events that have a name; behind them all get new ones. Logs have some thousands of 300 bytes.
const FORM_BYTES_MAX: usize = 8 << 20;

/// Tries after which a plan's habit is judged anew.
const TRIES: u16 = 256;

/// Finds among the tries that make looking up worth its price, and those that show that it is while only one event of
/// [`SAMPLE`] is looked up.
const FINDS_MIN: u16 = TRIES / 6;
const FINDS_OF_SAMPLE: u16 = 8;
const SAMPLE: u64 = 16;

/// How many values decide whether an event belongs to the sample.
const TELLING: usize = 4;

/// How often events of one plan and class were found.
#[derive(Debug)]
pub(crate) struct Habit {
    /// The [name](Outcomes::name) of what the plan's events have in common; none if they are not looked up.
    name: Option<u32>,
    /// Texts by which events differ.
    telling: [NodeId; TELLING],
    is_rare: bool,
    tries: u16,
    finds: u16,
}

impl Default for Habit {
    fn default() -> Self {
        Self { name: None, telling: [NodeId::default(); TELLING], is_rare: false, tries: 0, finds: 0 }
    }
}

impl Habit {
    /// Forgets everything; `reads` are the values that a plan's rules read, as a first event has them.
    pub(crate) fn begin(&mut self, name: Option<u32>, event: Event<'_>, reads: &[NodeId]) {
        *self = Self { name, ..Self::default() };
        // The longest texts differ most.
        let mut lengths = [0; TELLING];
        for node in reads {
            let length = event.text_bytes(*node).map_or(0, <[u8]>::len);
            let shortest = lengths.iter_mut().zip(&mut self.telling).min_by_key(|(length, _)| **length);
            if let Some((shortest, place)) = shortest.filter(|(shortest, _)| **shortest < length) {
                (*shortest, *place) = (length, *node);
            }
        }
    }

    /// Whether an event is to be looked up, and under which plan. Those that say the same get the same answer.
    #[inline]
    pub(crate) fn takes(&self, event: Event<'_>) -> Option<u32> {
        if self.is_rare {
            let texts = self.telling.iter().filter_map(|node| event.text_bytes(*node));
            let mixed = texts.fold(0, |mixed, text| {
                mixed ^ hash_bytes(&(head(text) ^ tail(text).rotate_left(8)).to_le_bytes())
            });
            if !mixed.is_multiple_of(SAMPLE) {
                return None;
            }
        }
        self.name
    }

    pub(crate) fn learn(&mut self, is_found: bool) {
        self.tries += 1;
        self.finds += u16::from(is_found);
        if self.is_rare && self.finds >= FINDS_OF_SAMPLE {
            (self.is_rare, self.tries, self.finds) = (false, 0, 0);
        } else if self.tries == TRIES {
            self.is_rare |= self.finds < FINDS_MIN;
            (self.tries, self.finds) = (0, 0);
        }
    }
}

/// What events said, with the rules that matched them; the last so many bytes of it. All threads share it.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// A power of two, or none.
    shards: Vec<Mutex<Shard>>,
    forms: Mutex<Forms>,
}

/// Names of forms of events.
#[derive(Debug, Default)]
struct Forms {
    names: HashMap<Box<[u8]>, u32>,
    bytes: usize,
    /// The next name.
    next: u32,
}

/// Alone in its lines of the processor's cache, so that threads do not take them from each other for nothing.
#[derive(Debug)]
#[repr(align(64))]
struct Shard {
    young: Generation,
    /// What was young before; what is found here becomes young again.
    old: Generation,
}

#[derive(Debug)]
struct Generation {
    /// A power of two.
    places: Vec<Place>,
    /// Keys, each with the numbers of the rules behind it.
    bytes: Vec<u8>,
    bytes_max: usize,
}

/// Where a key stands; nothing has the length 0.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    hash: u32,
    start: u32,
    length: u32,
    rules: u32,
}

/// What the event being matched says.
#[derive(Debug, Default)]
pub(crate) struct Saying {
    bytes: Vec<u8>,
    hash: u64,
}

impl Saying {
    /// Reads what an event of a plan says in the values that rules read; false if that is too much.
    pub(crate) fn read(&mut self, event: Event<'_>, plan: u32, reads: &[NodeId]) -> bool {
        let bytes = &mut self.bytes;
        bytes.clear();
        bytes.extend_from_slice(&plan.to_le_bytes());
        for node in reads {
            // Which values are texts is the plan's, so that it need not be told here. No text has the byte that
            // ends it.
            if let Some(text) = event.text_bytes(*node) {
                bytes.extend_from_slice(text);
                bytes.push(0xff);
                continue;
            }
            let (kind, bits) = match event.value(*node) {
                Some(Value::Int(number)) => (0, number.cast_unsigned()),
                Some(Value::Uint(number)) => (1, number),
                Some(Value::Float(number)) => (2, number.to_bits()),
                Some(Value::Bool(is_true)) => (3, is_true.into()),
                _ => return false,
            };
            bytes.push(kind);
            bytes.extend_from_slice(&bits.to_le_bytes());
        }
        self.hash = hash_wide(bytes);
        bytes.len() <= KEY_BYTES_MAX
    }
}

impl Outcomes {
    /// Room for so many bytes, asked for when events are kept: an engine may be made for one event.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let count = if bytes_max == 0 { 0 } else { (bytes_max / SHARD_BYTES_MIN).clamp(1, SHARDS_MAX) };
        // A power of two that is not above.
        let count = count.checked_ilog2().map_or(0, |bits| 1 << bits);
        let half = bytes_max / 2 / count.max(1);
        let shard = || Mutex::new(Shard { young: Generation::new(half), old: Generation::new(half) });
        Self { shards: (0..count).map(|_| shard()).collect(), forms: Mutex::default() }
    }

    pub(crate) fn is_on(&self) -> bool {
        !self.shards.is_empty()
    }

    /// A number that no plans of another form have: of two events of its plans that say the same, the same rules match. None
    /// when they are used up.
    pub(crate) fn name(&self, form: &[u8]) -> Option<u32> {
        let Forms { names, bytes, next } = &mut *locked(&self.forms);
        if let Some(name) = names.get(form) {
            return Some(*name);
        }
        let name = *next;
        *next = name.checked_add(1)?;
        if *bytes + form.len() > FORM_BYTES_MAX {
            names.clear();
            *bytes = 0;
        }
        if form.len() <= FORM_BYTES_MAX {
            *bytes += form.len();
            names.insert(form.into(), name);
        }
        Some(name)
    }

    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, Shard>> {
        let at = usize::try_from(hash >> SHARD_SHIFT).unwrap_or(0) & self.shards.len().saturating_sub(1);
        self.shards.get(at).map(locked)
    }

    /// Adds the rules that matched an event that said this, if there was one.
    pub(crate) fn find(&self, saying: &Saying, matched: &mut Vec<ItemId>) -> bool {
        let Some(mut shard) = self.shard(saying.hash) else { return false };
        let Shard { young, old } = &mut *shard;
        let rules = |generation: &Generation, place: Place, matched: &mut Vec<ItemId>| {
            let (numbers, _) = generation.rules(place).as_chunks::<4>();
            matched.extend(numbers.iter().map(|number| ItemId(u32::from_le_bytes(*number))));
        };
        if let Some(place) = young.find(saying.hash, &saying.bytes) {
            rules(young, place, matched);
            return true;
        }
        let Some(place) = old.find(saying.hash, &saying.bytes) else { return false };
        rules(old, place, matched);
        shard.keep(saying, matched);
        true
    }

    /// Keeps which rules matched an event that said this.
    pub(crate) fn keep(&self, saying: &Saying, matched: &[ItemId]) {
        if matched.len() <= RULES_MAX
            && let Some(mut shard) = self.shard(saying.hash)
        {
            shard.keep(saying, matched);
        }
    }
}

/// What a thread left behind that panicked is whole: nothing here calls anyone between two changes.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn keep(&mut self, saying: &Saying, matched: &[ItemId]) {
        if !self.young.has_room(saying.bytes.len() + RULES_MAX * 4) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.warm_up();
        self.young.put(saying.hash, &saying.bytes, matched);
    }
}

impl Generation {
    fn new(bytes_max: usize) -> Self {
        Self { places: Vec::new(), bytes: Vec::new(), bytes_max }
    }

    /// Asks for all memory, unless that is done.
    fn warm_up(&mut self) {
        if self.places.is_empty() {
            let count = (self.bytes_max / BYTES_PER_PLACE).next_power_of_two().max(NEIGHBOURS);
            self.places = vec![Place::default(); count];
            self.bytes = Vec::with_capacity(self.bytes_max);
        }
    }

    fn clear(&mut self) {
        self.places.fill(Place::default());
        self.bytes.clear();
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.bytes.len() + bytes <= self.bytes_max
    }

    #[inline]
    fn neighbours(&self, hash: u64) -> std::ops::Range<usize> {
        let mask = self.places.len().saturating_sub(1);
        let first = usize::try_from(hash).unwrap_or(0) & mask & !(NEIGHBOURS - 1);
        first..first + NEIGHBOURS
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8]) -> Option<Place> {
        let places = self.places.get(self.neighbours(hash))?;
        places.iter().copied().find(|place| {
            let start = place.start as usize;
            place.hash == upper(hash)
                && place.length as usize == key.len()
                && self.bytes.get(start..start + key.len()) == Some(key)
        })
    }

    fn rules(&self, place: Place) -> &[u8] {
        let start = place.start as usize + place.length as usize;
        self.bytes.get(start..start + place.rules as usize * 4).unwrap_or_default()
    }

    fn put(&mut self, hash: u64, key: &[u8], matched: &[ItemId]) {
        let neighbours = self.neighbours(hash);
        let (Ok(start), Ok(length), Ok(rules)) =
            (u32::try_from(self.bytes.len()), u32::try_from(key.len()), u32::try_from(matched.len()))
        else {
            return;
        };
        let Some(places) = self.places.get_mut(neighbours) else { return };
        // The first stands there longest.
        let free = places.iter().position(|place| place.length == 0);
        if free.is_none() {
            places.rotate_left(1);
        }
        if let Some(place) = places.get_mut(free.unwrap_or(NEIGHBOURS - 1)) {
            *place = Place { hash: upper(hash), start, length, rules };
            self.bytes.extend_from_slice(key);
            matched.iter().for_each(|rule| self.bytes.extend_from_slice(&rule.0.to_le_bytes()));
        }
    }
}

/// The half of a hash that does not choose the place.
fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_form_however_many_there_are() {
        let outcomes = Outcomes::new(1 << 20);
        let form = |number: u32| [number.to_le_bytes().as_slice(), &[0; 1 << 16]].concat();
        let names: Vec<_> = (0..300).map(|number| outcomes.name(&form(number)).unwrap()).collect();
        let mut distinct = names.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 300, "names of forms that were forgotten are not given again");
        assert_eq!(outcomes.name(&form(299)), names.last().copied());
        assert!(locked(&outcomes.forms).bytes <= FORM_BYTES_MAX);
        let long = vec![0; FORM_BYTES_MAX + 1];
        assert_ne!(outcomes.name(&long), outcomes.name(&long), "not kept");
        assert!(locked(&outcomes.forms).names.values().all(|name| *name < 302));
    }
}
