//! Which rules matched events that said the same in everything that rules read.
//!
//! Rules read few of an event's values: not when it happened, nor its record number, nor most ids of processes and
//! sessions. Computers say the same over and over, so that events often differ in nothing else. Of such an event the
//! result is known: the values that the rules of its class read are put behind one another and looked up, whole, among
//! those of earlier events of the same layout and class.
//!
//! Price: an event that is not found costs about 700 cycles more, a tenth of matching it. So a plan whose events
//! hardly repeat looks at a sample of them only ([`Habit`]).

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
    /// The name of the plan among all that a scratch has made; none if its events are not looked up.
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

/// What events said, with the rules that matched them; the last so many bytes of it.
#[derive(Debug)]
pub(crate) struct Outcomes {
    /// What the event being matched says.
    key: Vec<u8>,
    hash: u64,
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

impl Outcomes {
    /// Room for so many bytes, asked for when the first event is kept: a scratch may be made for one event.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let half = bytes_max / 2;
        Self { key: Vec::new(), hash: 0, young: Generation::new(half), old: Generation::new(half) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.young.bytes_max > 0
    }

    /// Reads what an event of a plan says in the values that rules read; false if that is too much.
    pub(crate) fn read(&mut self, event: Event<'_>, plan: u32, reads: &[NodeId]) -> bool {
        let key = &mut self.key;
        key.clear();
        key.extend_from_slice(&plan.to_le_bytes());
        for node in reads {
            // Which values are texts is the layout's, so that it need not be told here. No text has the byte that
            // ends it.
            if let Some(bytes) = event.text_bytes(*node) {
                key.extend_from_slice(bytes);
                key.push(0xff);
                continue;
            }
            let (kind, bits) = match event.value(*node) {
                Some(Value::Int(number)) => (0, number.cast_unsigned()),
                Some(Value::Uint(number)) => (1, number),
                Some(Value::Float(number)) => (2, number.to_bits()),
                Some(Value::Bool(is_true)) => (3, is_true.into()),
                _ => return false,
            };
            key.push(kind);
            key.extend_from_slice(&bits.to_le_bytes());
        }
        self.hash = hash_wide(key);
        key.len() <= KEY_BYTES_MAX
    }

    /// Adds the rules that matched an event that said the same as the one that was [read](Self::read), if there was one.
    pub(crate) fn find(&mut self, matched: &mut Vec<ItemId>) -> bool {
        let rules = |generation: &Generation, place: Place, matched: &mut Vec<ItemId>| {
            let (numbers, _) = generation.rules(place).as_chunks::<4>();
            matched.extend(numbers.iter().map(|number| ItemId(u32::from_le_bytes(*number))));
        };
        if let Some(place) = self.young.find(self.hash, &self.key) {
            rules(&self.young, place, matched);
            return true;
        }
        let Some(place) = self.old.find(self.hash, &self.key) else { return false };
        rules(&self.old, place, matched);
        self.keep(matched);
        true
    }

    /// Keeps which rules matched the event that was [read](Self::read).
    pub(crate) fn keep(&mut self, matched: &[ItemId]) {
        if matched.len() > RULES_MAX {
            return;
        }
        if !self.young.has_room(self.key.len() + RULES_MAX * 4) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.warm_up();
        self.young.put(self.hash, &self.key, matched);
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
