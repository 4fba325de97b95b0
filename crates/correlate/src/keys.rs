//! The groups of one correlation: a table by key, and timers in event time (E47, E48).

mod firsts;
mod slots;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

use self::firsts::Firsts;
use self::slots::{NO_TICK, Slot, Slots};
use crate::input::Entry;
use crate::key::{Bytes, Key};
use crate::machine::entries::Block;
use crate::plan::Shape;
use crate::state::{Cx, State, holds_alone};

/// Bits of an instant below those that tell timers apart: about a second.
const TICK_BITS: u32 = 30;
/// Marks the numbers of groups with state; the others have one input.
const FULL: u32 = 1 << 31;

/// Groups of a correlation.
///
/// The first input of a group stands in a compact list; state of its own comes with the second, because most groups of a
/// flood never have one. The table is never walked: groups are found by key, or by their timers in time's order.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    firsts: Firsts,
    slots: Slots,
    free: Vec<u32>,
    /// By tick, the groups that have something to do then. A group that was moved to another tick stays listed.
    timers: BTreeMap<i64, Vec<u32>>,
    /// Inputs in all windows.
    inputs: usize,
    /// Groups that have something to tell when the step ends.
    touched: Vec<u32>,
}

impl Keys {
    pub(crate) fn len(&self) -> usize {
        self.firsts.len() + self.slots.len() - self.free.len()
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The key of a number in the table.
    fn key_of(&self, number: u32) -> Option<&[u8]> {
        key_of(&self.firsts, &self.slots, number)
    }

    /// Whether a group is there.
    pub(crate) fn holds(&self, group: &[u8]) -> bool {
        self.find(group).is_some()
    }

    fn find(&self, group: &[u8]) -> Option<u32> {
        let is_it = |number: &u32| self.key_of(*number) == Some(group);
        self.table.find(self.hasher.hash_one(group), is_it).copied()
    }

    /// Looks a block's groups up, and reads a little of each: with many groups nearly all of this waits for memory, and
    /// the processor waits for several of them at a time if nothing else stands in between. So one pass reads the table,
    /// one the keys, one each state, and others what that points to. Measured with 100,000 groups: a third of the time.
    pub(crate) fn look_up(&self, block: &Block, places: &mut Vec<Option<u32>>) {
        places.clear();
        // The first with a hash that looks the same: nearly always the one.
        let guess = |key: &[u8]| self.table.find(self.hasher.hash_one(key), |_| true).copied();
        places.extend(block.keys().map(guess));
        for (place, key) in places.iter_mut().zip(block.keys()) {
            if place.is_some_and(|number| self.key_of(number) != Some(key)) {
                *place = self.find(key);
            }
        }
        let states = || {
            let full = places.iter().flatten().filter(|number| **number & FULL != 0);
            full.filter_map(|number| self.slots.get(*number & !FULL)?.state.as_ref())
        };
        for step in 0..State::STEPS {
            let near = states().fold(0_u64, |sum, state| sum.wrapping_add(state.touch(step)));
            std::hint::black_box(near);
        }
    }

    /// Enters a number into the table.
    fn list(&mut self, number: u32) {
        let (firsts, slots, hasher) = (&self.firsts, &self.slots, &self.hasher);
        let hash = |number: &u32| key_of(firsts, slots, *number).map_or(0, |key| hasher.hash_one(key));
        self.table.insert_unique(hash(&number), number, hash);
    }

    /// Takes a number out of the table.
    fn unlist(&mut self, number: u32) {
        let Some(key) = self.key_of(number) else { return };
        let hash = self.hasher.hash_one(key);
        if let Ok(found) = self.table.find_entry(hash, |other| *other == number) {
            found.remove();
        }
    }

    /// A slot for a group.
    fn insert(&mut self, group: &[u8], state: State) -> u32 {
        let slot = Slot { key: Key::new(group), state: Some(state), tick: NO_TICK };
        match self.free.pop() {
            Some(number) => {
                if let Some(free) = self.slots.get_mut(number) {
                    *free = slot;
                }
                number
            }
            None => self.slots.push(slot),
        }
    }

    /// Lets a group with state go.
    fn remove(&mut self, number: u32) {
        self.unlist(number | FULL);
        let Some(slot) = self.slots.get_mut(number) else { return };
        let Some(state) = slot.state.take() else { return };
        slot.key = Key::default();
        slot.tick = NO_TICK;
        self.inputs = self.inputs.saturating_sub(state.len());
        self.free.push(number);
    }

    /// Sees to it that a group is looked at once the watermark lies behind `due`.
    fn schedule(&mut self, number: u32, due: i64) {
        let tick = due >> TICK_BITS;
        if let Some(slot) = self.slots.get_mut(number)
            && tick < slot.tick
        {
            slot.tick = tick;
            self.timers.entry(tick).or_default().push(number);
        }
    }

    /// Takes an input of a group. `place` is what [`Self::look_up`] said of it.
    pub(crate) fn input(&mut self, group: &[u8], place: Option<u32>, entry: Entry, cx: &mut Cx<'_>) {
        let operator = cx.operator;
        // Inputs of the same block may have made, filled or taken the group.
        let place = place.filter(|it| it & FULL != 0 && self.key_of(*it) == Some(group));
        let number = match place.or_else(|| self.find(group)) {
            Some(number) if number & FULL != 0 => number & !FULL,
            Some(first) => self.fill(first, group, cx),
            None => {
                let can_wait = operator.shape.is_at_inputs() || operator.shape == Shape::Consuming;
                if can_wait && !holds_alone(&entry, operator) {
                    self.inputs += 1;
                    let number = self.firsts.push(group, entry);
                    return self.list(number);
                }
                let number = self.insert(group, State::new(operator));
                self.list(number | FULL);
                number
            }
        };
        let Some(slot) = self.slots.get_mut(number) else { return };
        let Some(state) = &mut slot.state else { return };
        let before = state.len();
        (cx.out.has_news, cx.out.is_due_earlier) = (false, false);
        state.input(entry, group, cx);
        self.inputs = (self.inputs + state.len()).saturating_sub(before);
        // Later inputs only put off what was due.
        let due = (slot.tick == NO_TICK || cx.out.is_due_earlier).then(|| state.due(operator)).flatten();
        if cx.out.has_news {
            self.touched.push(number);
        }
        if let Some(due) = due {
            self.schedule(number, due);
        }
    }

    /// Gives a group with one input a state of its own. Its slot.
    fn fill(&mut self, first: u32, group: &[u8], cx: &mut Cx<'_>) -> u32 {
        self.unlist(first);
        let entry = self.firsts.take(first);
        let mut state = State::new(cx.operator);
        if let Some(entry) = entry {
            self.inputs = self.inputs.saturating_sub(1);
            // It cannot have held at the first input.
            state.input(entry, group, cx);
        }
        self.inputs += state.len();
        let number = self.insert(group, state);
        self.list(number | FULL);
        number
    }

    /// Holds of a group what `other` holds of it, and no more.
    ///
    /// A group with one input goes behind those that are there, though it may be older: it is let go somewhat later then,
    /// and nothing else hangs on it.
    pub(crate) fn move_from(&mut self, other: &mut Self, group: &[u8]) {
        match self.find(group) {
            Some(number) if number & FULL != 0 => self.remove(number & !FULL),
            Some(first) => self.forget_first(first),
            None => {}
        }
        let Some(number) = other.find(group) else { return };
        other.unlist(number);
        if number & FULL == 0 {
            if let Some(entry) = other.firsts.take(number) {
                self.inputs += 1;
                let number = self.firsts.push(group, entry);
                self.list(number);
            }
        } else if let Some(slot) = other.slots.get_mut(number & !FULL)
            && let Some(state) = slot.state.take()
        {
            self.inputs += state.len();
            let tick = slot.tick;
            let number = self.insert(group, state);
            self.list(number | FULL);
            if tick != NO_TICK {
                self.schedule(number, tick << TICK_BITS);
            }
        }
    }

    /// Lets groups go; every group is looked at.
    pub(crate) fn forget_groups(&mut self, is_gone: impl Fn(&[u8]) -> bool) {
        let slots = (0..)
            .zip(self.slots.iter())
            .filter(|(_, slot)| slot.state.is_some() && is_gone(slot.key.bytes()));
        let full: Vec<u32> = slots.map(|(number, _)| number).collect();
        full.into_iter().for_each(|number| self.remove(number));
        let firsts: Vec<Box<[u8]>> = self.firsts.keys().filter(|key| is_gone(key)).map(Into::into).collect();
        for key in firsts {
            if let Some(first) = self.find(&key).filter(|number| number & FULL == 0) {
                self.forget_first(first);
            }
        }
    }

    /// Does what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, cx: &mut Cx<'_>) {
        while let Some((first, ts)) = self.firsts.oldest()
            && ts.saturating_add(cx.operator.span) < watermark
        {
            self.forget_first(first);
        }
        let now = watermark >> TICK_BITS;
        let mut later = Vec::new();
        while let Some(timer) = self.timers.first_entry().filter(|timer| *timer.key() <= now) {
            let (tick, numbers) = timer.remove_entry();
            for number in numbers {
                if let Some(due) = self.settle_one(number, tick, watermark, cx) {
                    later.push((number, due));
                }
            }
        }
        later.into_iter().for_each(|(number, due)| self.schedule(number, due));
    }

    fn forget_first(&mut self, first: u32) {
        self.unlist(first);
        self.firsts.take(first);
        self.inputs = self.inputs.saturating_sub(1);
    }

    /// Looks at a group whose timer has come; when to look again.
    fn settle_one(&mut self, number: u32, tick: i64, watermark: i64, cx: &mut Cx<'_>) -> Option<i64> {
        let slot = self.slots.get_mut(number).filter(|slot| slot.tick == tick)?;
        slot.tick = NO_TICK;
        let state = slot.state.as_mut()?;
        let before = state.len();
        state.settle(watermark, slot.key.bytes(), cx);
        let due = match state.is_over(watermark, cx.operator) {
            true => None,
            false => state.due(cx.operator).or(Some(i64::MAX - 1)),
        };
        self.inputs = (self.inputs + state.len()).saturating_sub(before);
        match due {
            None => self.remove(number),
            // What closed may be told though it can still change.
            Some(_) => self.touched.push(number),
        }
        due
    }

    /// Publishes what has changed since the last step, or all that is open.
    pub(crate) fn publish_open(&mut self, is_all: bool, cx: &mut Cx<'_>) {
        let touched = std::mem::take(&mut self.touched);
        let publish = |slot: &mut Slot, cx: &mut Cx<'_>| {
            if let Some(state) = &mut slot.state {
                state.publish_open(is_all, slot.key.bytes(), cx);
            }
        };
        if is_all {
            return self.slots.iter_mut().for_each(|slot| publish(slot, cx));
        }
        for number in touched {
            if let Some(slot) = self.slots.get_mut(number) {
                publish(slot, cx);
            }
        }
    }

    /// Sees to it that a group is judged in every bucket from the one that starts at `start` on, as far as they end by
    /// `until` (E35).
    pub(crate) fn judge_always(&mut self, group: &[u8], start: i64, until: i64, cx: &mut Cx<'_>) {
        let number = match self.find(group) {
            Some(number) => number & !FULL,
            None => {
                let number = self.insert(group, State::new(cx.operator));
                self.list(number | FULL);
                number
            }
        };
        if let Some(Slot { state: Some(State::Pile(pile)), .. }) = self.slots.get_mut(number) {
            pile.judge_always(start, until);
        }
    }

    /// Decides what an instant decides for one group.
    pub(crate) fn settle_group(&mut self, group: &[u8], watermark: i64, cx: &mut Cx<'_>) {
        let Some(number) = self.find(group).filter(|number| number & FULL != 0) else { return };
        let number = number & !FULL;
        if let Some(Slot { state: Some(state), key, .. }) = self.slots.get_mut(number) {
            state.settle(watermark, key.bytes(), cx);
        }
        self.touched.push(number);
    }

    /// Takes away the group that was silent longest, those with one input first (E48). The time of its oldest input, and
    /// whether it had more than that.
    pub(crate) fn evict(&mut self, cx: &mut Cx<'_>) -> Option<(i64, bool)> {
        if let Some((first, ts)) = self.firsts.oldest() {
            self.forget_first(first);
            return Some((ts, false));
        }
        let number = self.next_timer()?;
        let slot = self.slots.get_mut(number)?;
        let state = slot.state.as_mut()?;
        state.publish_open(false, slot.key.bytes(), cx);
        let oldest = state.oldest().unwrap_or(i64::MIN);
        self.remove(number);
        Some((oldest, true))
    }

    /// The group of the earliest timer.
    fn next_timer(&mut self) -> Option<u32> {
        while let Some(mut timer) = self.timers.first_entry() {
            let tick = *timer.key();
            let Some(number) = timer.get_mut().pop() else {
                timer.remove();
                continue;
            };
            if self.slots.get(number).is_some_and(|slot| slot.tick == tick) {
                return Some(number);
            }
        }
        None
    }

    /// Takes the oldest input of a group away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self, group: &[u8]) -> Option<i64> {
        let number = self.find(group).filter(|number| number & FULL != 0)?;
        let state = self.slots.get_mut(number & !FULL)?.state.as_mut()?;
        let before = state.len();
        let ts = state.drop_oldest()?;
        self.inputs = (self.inputs + state.len()).saturating_sub(before);
        Some(ts)
    }
}

/// The key of a number in the table.
fn key_of<'k>(firsts: &'k Firsts, slots: &'k Slots, number: u32) -> Option<&'k [u8]> {
    match number & FULL {
        0 => firsts.key(number),
        _ => {
            let slot = slots.get(number & !FULL).filter(|slot| slot.state.is_some())?;
            Some(slot.key.bytes())
        }
    }
}

/// What a snapshot keeps of [`Keys`], as it is read back.
#[derive(Debug, Deserialize)]
pub(crate) struct KeysImage {
    firsts: Vec<(Box<[u8]>, Entry)>,
    slots: Vec<(Box<[u8]>, State, i64)>,
}

/// As [`KeysImage`] has it.
impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let firsts = self.firsts.iter().map(|(key, entry)| (Bytes(key), entry));
        let slots = self
            .slots
            .iter()
            .filter_map(|slot| Some((Bytes(slot.key.bytes()), slot.state.as_ref()?, slot.tick)));
        let mut image = serializer.serialize_struct("KeysImage", 2)?;
        image.serialize_field("firsts", &Sequence(self.firsts.len(), RefCell::new(firsts)))?;
        let held = self.slots.len() - self.free.len();
        image.serialize_field("slots", &Sequence(held, RefCell::new(slots)))?;
        image.end()
    }
}

/// Things of which the number is known, one by one as they are written.
struct Sequence<I>(usize, RefCell<I>);

impl<T: Serialize, I: Iterator<Item = T>> Serialize for Sequence<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0))?;
        let mut items = self.1.borrow_mut();
        items.by_ref().try_for_each(|item| sequence.serialize_element(&item))?;
        sequence.end()
    }
}

impl From<KeysImage> for Keys {
    fn from(image: KeysImage) -> Self {
        let mut keys = Self::default();
        for (key, entry) in image.firsts {
            let number = keys.firsts.push(&key, entry);
            keys.inputs += 1;
            keys.list(number);
        }
        for (key, state, tick) in image.slots {
            keys.inputs += state.len();
            let number = keys.insert(&key, state);
            keys.list(number | FULL);
            if tick != NO_TICK
                && let Some(slot) = keys.slots.get_mut(number)
            {
                slot.tick = tick;
                keys.timers.entry(tick).or_default().push(number);
            }
        }
        keys
    }
}
