//! The groups of one correlation: a table by key, and timers in event time (E47, E48).

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::input::Entry;
use crate::plan::Shape;
use crate::state::{Cx, State, holds_alone};

/// Bits of an instant below those that tell timers apart: about a second.
const TICK_BITS: u32 = 30;
/// No timer.
const NO_TICK: i64 = i64::MAX;

/// Groups of a correlation.
///
/// The first input of a group stands in its slot; state of its own comes with the second, because most groups of a
/// flood never have one. The table is never walked: groups are found by key, or by their timers in time's order.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    table: HashTable<u32>,
    hasher: RandomState,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// By tick, the groups that have something to do then. A group that was moved to another tick stays listed.
    timers: BTreeMap<i64, Vec<u32>>,
    /// Inputs in all windows.
    inputs: usize,
    /// Groups whose state was touched since the last step ended.
    touched: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Slot {
    group: Box<[u8]>,
    held: Held,
    tick: i64,
}

#[derive(Debug, Serialize, Deserialize)]
enum Held {
    Free,
    First(Entry),
    Full(State),
}

impl Keys {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    fn find(&self, group: &[u8]) -> Option<u32> {
        let is_it = |slot: &u32| self.slots.get(*slot as usize).is_some_and(|slot| *slot.group == *group);
        self.table.find(self.hasher.hash_one(group), is_it).copied()
    }

    fn insert(&mut self, group: &[u8], held: Held) -> u32 {
        let slot = Slot { group: group.into(), held, tick: NO_TICK };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = slot;
                number
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.list(number);
        number
    }

    /// Enters a slot into the table.
    fn list(&mut self, number: u32) {
        let Some(slot) = self.slots.get(number as usize) else { return };
        let hash = self.hasher.hash_one(&*slot.group);
        let (slots, hasher) = (&self.slots, &self.hasher);
        let rehash =
            |number: &u32| slots.get(*number as usize).map_or(0, |slot| hasher.hash_one(&*slot.group));
        self.table.insert_unique(hash, number, rehash);
    }

    fn remove(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number as usize) else { return };
        let hash = self.hasher.hash_one(&*slot.group);
        if let Ok(found) = self.table.find_entry(hash, |other| *other == number) {
            found.remove();
        }
        let held = std::mem::replace(&mut slot.held, Held::Free);
        slot.group = Box::default();
        slot.tick = NO_TICK;
        self.inputs = self.inputs.saturating_sub(held.len());
        self.free.push(number);
    }

    /// Sees to it that a group is looked at once the watermark lies behind `due`.
    fn schedule(&mut self, number: u32, due: i64) {
        let tick = due >> TICK_BITS;
        if let Some(slot) = self.slots.get_mut(number as usize)
            && tick < slot.tick
        {
            slot.tick = tick;
            self.timers.entry(tick).or_default().push(number);
        }
    }

    /// Takes an input of a group.
    pub(crate) fn input(&mut self, group: &[u8], entry: Entry, cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let is_sliding = matches!(operator.shape, Shape::Sliding | Shape::Deadline);
        let expires = entry.at.ts.saturating_add(operator.span);
        let number = match self.find(group) {
            Some(number) => number,
            None if is_sliding && !holds_alone(&entry, operator) => {
                let number = self.insert(group, Held::First(entry));
                self.inputs += 1;
                return self.schedule(number, expires);
            }
            None => self.insert(group, Held::Full(State::new(operator))),
        };
        let Some(slot) = self.slots.get_mut(number as usize) else { return };
        let before = slot.held.len();
        if let Held::First(first) = &slot.held {
            let first = first.clone();
            let mut state = State::new(operator);
            // It cannot have held at the first input.
            state.input(first, group, cx);
            slot.held = Held::Full(state);
        }
        let Held::Full(state) = &mut slot.held else { return };
        state.input(entry, group, cx);
        let due = state.due(operator);
        self.inputs = self.inputs + state.len() - before.min(self.inputs + state.len());
        self.touched.push(number);
        if let Some(due) = due {
            self.schedule(number, due);
        }
    }

    /// Does what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, cx: &mut Cx<'_>) {
        let now = watermark >> TICK_BITS;
        let mut later = Vec::new();
        while let Some(timer) = self.timers.first_entry().filter(|timer| *timer.key() <= now) {
            let (tick, numbers) = timer.remove_entry();
            for number in numbers {
                match self.settle_one(number, tick, watermark, cx) {
                    Some(due) => later.push((number, due)),
                    None => {}
                }
            }
        }
        later.into_iter().for_each(|(number, due)| self.schedule(number, due));
    }

    /// Looks at a group whose timer has come; when to look again.
    fn settle_one(&mut self, number: u32, tick: i64, watermark: i64, cx: &mut Cx<'_>) -> Option<i64> {
        let slot = self.slots.get_mut(number as usize).filter(|slot| slot.tick == tick)?;
        slot.tick = NO_TICK;
        let before = slot.held.len();
        let due = match &mut slot.held {
            Held::Free => return None,
            Held::First(entry) => {
                let expires = entry.at.ts.saturating_add(cx.operator.span);
                (expires >= watermark).then_some(expires)
            }
            Held::Full(state) => {
                state.settle(watermark, &slot.group, cx);
                match state.is_over(watermark, cx.operator) {
                    true => None,
                    false => state.due(cx.operator).or(Some(i64::MAX - 1)),
                }
            }
        };
        self.inputs = (self.inputs + slot.held.len()).saturating_sub(before);
        if due.is_none() {
            self.remove(number);
        }
        due
    }

    /// Publishes what has changed since the last step, or all that is open.
    pub(crate) fn publish_open(&mut self, is_all: bool, cx: &mut Cx<'_>) {
        let touched = std::mem::take(&mut self.touched);
        let publish = |slot: &mut Slot, cx: &mut Cx<'_>| {
            if let Held::Full(state) = &mut slot.held {
                state.publish_open(is_all, &slot.group, cx);
            }
        };
        if is_all {
            return self.slots.iter_mut().for_each(|slot| publish(slot, cx));
        }
        for number in touched {
            if let Some(slot) = self.slots.get_mut(number as usize) {
                publish(slot, cx);
            }
        }
    }

    /// Sees to it that a group is judged in every bucket from the one that starts at `start` on, as far as they end by
    /// `until` (E35).
    pub(crate) fn judge_always(&mut self, group: &[u8], start: i64, until: i64, cx: &mut Cx<'_>) {
        let number = match self.find(group) {
            Some(number) => number,
            None => self.insert(group, Held::Full(State::new(cx.operator))),
        };
        if let Some(Slot { held: Held::Full(State::Pile(pile)), .. }) = self.slots.get_mut(number as usize) {
            pile.judge_always(start, until);
        }
    }

    /// Decides what an instant decides for one group.
    pub(crate) fn settle_group(&mut self, group: &[u8], watermark: i64, cx: &mut Cx<'_>) {
        let Some(number) = self.find(group) else { return };
        if let Some(Slot { held: Held::Full(state), group, .. }) = self.slots.get_mut(number as usize) {
            state.settle(watermark, group, cx);
        }
        self.touched.push(number);
    }

    /// Takes away the group that was silent longest, those with one input first (E48). The time of its oldest input, and
    /// whether it had more than that.
    pub(crate) fn evict(&mut self, cx: &mut Cx<'_>) -> Option<(i64, bool)> {
        let is_first = |slot: &Slot| matches!(slot.held, Held::First(_));
        let number = self.next_timer(is_first).or_else(|| self.next_timer(|_| true))?;
        let slot = self.slots.get_mut(number as usize)?;
        let forgotten = match &mut slot.held {
            Held::Free => return None,
            Held::First(entry) => (entry.at.ts, false),
            Held::Full(state) => {
                state.publish_open(false, &slot.group, cx);
                (state.oldest().unwrap_or(i64::MIN), true)
            }
        };
        self.remove(number);
        Some(forgotten)
    }

    /// The group of the earliest timer that is wanted. Looks at few: a flood is made of groups with one input.
    fn next_timer(&mut self, is_wanted: impl Fn(&Slot) -> bool) -> Option<u32> {
        const LOOKED_AT_MAX: usize = 1_024;
        let listed = self.timers.iter().flat_map(|(tick, numbers)| numbers.iter().map(move |it| (tick, it)));
        let fits = |(tick, number): &(&i64, &u32)| {
            self.slots.get(**number as usize).is_some_and(|slot| slot.tick == **tick && is_wanted(slot))
        };
        listed.take(LOOKED_AT_MAX).find(fits).map(|(_, number)| *number)
    }

    /// Takes the oldest input of a group away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self, group: &[u8]) -> Option<i64> {
        let number = self.find(group)?;
        match &mut self.slots.get_mut(number as usize)?.held {
            Held::Full(state) => {
                let ts = state.drop_oldest()?;
                self.inputs = self.inputs.saturating_sub(1);
                Some(ts)
            }
            _ => None,
        }
    }
}

impl Held {
    fn len(&self) -> usize {
        match self {
            Held::Free => 0,
            Held::First(_) => 1,
            Held::Full(state) => state.len(),
        }
    }
}

/// What a snapshot keeps of [`Keys`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeysImage {
    slots: Vec<Slot>,
}

impl From<Keys> for KeysImage {
    fn from(keys: Keys) -> Self {
        let held = keys.slots.into_iter().filter(|slot| !matches!(slot.held, Held::Free));
        Self { slots: held.collect() }
    }
}

impl From<KeysImage> for Keys {
    fn from(image: KeysImage) -> Self {
        let mut keys = Self { slots: image.slots, ..Self::default() };
        for number in 0..u32::try_from(keys.slots.len()).unwrap_or(u32::MAX) {
            keys.list(number);
            if let Some(slot) = keys.slots.get(number as usize) {
                keys.inputs += slot.held.len();
                if slot.tick != NO_TICK {
                    keys.timers.entry(slot.tick).or_default().push(number);
                }
            }
        }
        keys
    }
}
