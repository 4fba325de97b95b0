//! A group of a correlation that is judged at each input: sliding windows, pivots, episodes, deadlines (E15, E18, E20–E22,
//! E33).

mod blocks;
mod counted;
mod deadlines;
mod firing;
mod pivots;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sigyn_ir::OnMatch;

use self::counted::Counted;
use self::deadlines::Deadlines;
use self::firing::Episode;
use self::pivots::Pivots;
pub(crate) use self::pivots::is_pivot;
use self::window::Window;
use super::tally::{Tally, is_within};
use super::{Cx, Silence};
use crate::input::{Entry, Ref};
use crate::number::all_hold;
use crate::plan::{Operator, Predicate, Shape};
use crate::{Id, Value};

/// The state of one group.
///
/// `window` holds the inputs of the last T, and further back what inputs that wait for their deadline still need. An
/// input's serial is its place in the history of the group.
///
/// What every input looks at stands here, what only some need stands behind a pointer: with many groups the price of an
/// input is the memory that it touches.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sliding {
    window: Window,
    /// The serial of the window's first input.
    first: u64,
    tally: Tally,
    /// Instants of inputs before the window that are gathered, and of which nothing is needed but what they count.
    counted: Counted,
    episode: Option<Box<Episode>>,
    pub(super) silence: Silence,
    /// What only some shapes and modes need.
    rare: Option<Box<Rare>>,
}

/// What only some shapes and modes need.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rare {
    /// The end of the cell of the last input, exclusive.
    cell_end: i64,
    /// The serial of the first input of the window that the tally holds, if that is not the window's first.
    live: u64,
    /// Inputs with smaller serials are consumed (`reset`).
    consumed: u64,
    /// Where conditions wait for what must not happen.
    deadlines: Option<Deadlines>,
    /// Where windows hang on the hits of one rule.
    pivots: Option<Pivots>,
    /// The instant of the episode's last true input, where that is not its time.
    last_true: i64,
    /// All that the episode gathers, by serial, where inputs can come out of order.
    all: BTreeMap<u64, Entry>,
}

/// An input at which the condition holds.
struct True {
    serial: u64,
    ts: i64,
    eid: Id,
    /// When it was decided: what episodes, cells and silences go by.
    instant: i64,
    /// From where on inputs contribute.
    from: i64,
    value: Option<Value>,
}

impl Sliding {
    pub(crate) fn new(operator: &Operator) -> Self {
        let has_pivots = matches!(operator.shape, Shape::Before { .. } | Shape::After { .. });
        let has_deadlines = operator.shape == Shape::Deadline;
        let is_reset = operator.on_match == OnMatch::Reset;
        let rare = (has_pivots || has_deadlines || is_reset).then(|| {
            Box::new(Rare {
                cell_end: i64::MIN,
                deadlines: has_deadlines.then(|| Deadlines::new(operator.children.len())),
                pivots: has_pivots.then(Pivots::default),
                ..Rare::default()
            })
        });
        // What was consumed is counted anew from the window, so that must have the tuples.
        let is_slim = operator.shape == Shape::Sliding && !is_reset;
        Self {
            window: if is_slim { Window::slim() } else { Window::whole() },
            first: 0,
            tally: Tally::new(operator),
            counted: Counted::default(),
            episode: None,
            silence: Silence::default(),
            rare,
        }
    }

    /// The serial of the first input of the window that the tally holds.
    fn live(&self) -> u64 {
        self.rare.as_ref().map_or(self.first, |rare| rare.live.max(self.first))
    }

    /// Inputs with smaller serials are consumed.
    fn consumed(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.consumed)
    }

    fn deadlines(&self) -> Option<&Deadlines> {
        self.rare.as_ref()?.deadlines.as_ref()
    }

    fn deadlines_mut(&mut self) -> Option<&mut Deadlines> {
        self.rare.as_mut()?.deadlines.as_mut()
    }

    /// Inputs that take memory.
    pub(crate) fn len(&self) -> usize {
        self.window.len() + if self.counted.is_listed() { self.counted.len() } else { 0 }
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match step {
            0 => self.first,
            1 => self.episode.as_ref().map_or(0, |episode| episode.cell_end.cast_unsigned()),
            _ => 0,
        }
        .wrapping_add(self.window.touch(step))
        .wrapping_add(self.tally.touch(step))
        .wrapping_add(self.episode.as_ref().map_or(0, |episode| episode.record.touch(step)))
    }

    pub(crate) fn input(&mut self, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let at = entry.at;
        self.settle(at.ts, group, cx);
        self.enter_cell(at.ts, operator);
        self.forget(at.ts, operator);
        self.tally.add(&entry, operator);
        if self.can_pass(at.ts, operator) && self.truth(at.ts, operator).is_some() {
            return self.pass(&entry, cx);
        }
        let serial = self.first + self.window.len() as u64;
        if let Some(rare) = &mut self.rare {
            if let Some(deadlines) = &mut rare.deadlines {
                deadlines.note(&entry);
            }
            if rare.pivots.is_some() {
                return self.input_to_pivots(serial, entry, group, cx);
            }
        }
        self.window.push_back(entry);
        self.judge(serial, at, group, cx);
    }

    fn input_to_pivots(&mut self, serial: u64, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        self.window.push_back(entry);
        let pivots = self.rare.as_mut().and_then(|rare| rare.pivots.as_mut());
        let (Some(window), Some(pivots)) = (self.window.entries(), pivots) else { return };
        let Some(entry) = window.back() else { return };
        let found = pivots.input(serial, entry, window, cx.operator);
        found.into_iter().for_each(|it| self.fire(it, group, cx));
        cx.out.is_due_earlier = true;
    }

    /// At the start of a cell what was consumed counts again (E21).
    fn enter_cell(&mut self, ts: i64, operator: &Operator) {
        let Some(rare) = self.rare.as_mut().filter(|rare| ts >= rare.cell_end) else { return };
        rare.cell_end = operator.cell.end(ts);
        if self.consumed() > self.first {
            self.tally = Tally::new(operator);
            for entry in self.window.from(offset(self.live(), self.first)) {
                self.tally.add(&entry, operator);
            }
        }
        if let Some(rare) = &mut self.rare {
            rare.consumed = 0;
        }
    }

    /// Forgets what lies too far back from an input at `ts`.
    fn forget(&mut self, ts: i64, operator: &Operator) {
        while self.counted.front().is_some_and(|earlier| !is_within(earlier, ts, operator.span)) {
            self.pop_counted();
        }
        let (mut live, consumed) = (self.live(), self.consumed());
        loop {
            let at = offset(live, self.first);
            if self.window.ts(at).is_none_or(|earlier| is_within(earlier, ts, operator.span)) {
                break;
            }
            if live >= consumed
                && let Some(entry) = self.window.get(at)
            {
                self.tally.remove(&entry);
            }
            live += 1;
        }
        let oldest = self.deadlines_mut().map_or(ts, |deadlines| deadlines.forget(ts, operator.span));
        while self.first < live
            && self.window.ts(0).is_some_and(|earlier| !is_within(earlier, oldest, operator.span))
        {
            self.window.pop_front();
            self.first += 1;
        }
        match &mut self.rare {
            Some(rare) => rare.live = live,
            // Nothing waits for what lies before the window.
            None => debug_assert_eq!(live, self.first),
        }
    }

    fn pop_counted(&mut self) {
        self.counted.pop_front(self.episode.as_ref().map(|episode| &episode.record.gather));
        self.tally.remove_counted();
    }

    /// The value at an input at `ts` that the tally holds, if the condition holds there without waiting for anything.
    fn truth(&self, ts: i64, operator: &Operator) -> Option<Value> {
        let counting = offset(self.live().max(self.consumed()), self.first);
        let value = self.tally.value(ts, operator, self.window.from(counting));
        let holds = match &operator.predicate {
            Predicate::Thresholds(thresholds) => all_hold(thresholds, value),
            Predicate::Formula(formula) => {
                formula.conjunctions.iter().any(|it| self.tally.embedding(it, ts, operator).is_some())
            }
        };
        holds.then_some(value)
    }

    fn judge(&mut self, serial: u64, at: Ref, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let deadlines = self.rare.as_mut().and_then(|rare| rare.deadlines.as_mut());
        if let (Some(deadlines), Some(formula)) = (deadlines, operator.predicate.formula()) {
            let embedding = |conjunction: &_| self.tally.embedding(conjunction, at.ts, operator);
            deadlines.wait_for(serial, &at, formula, operator.span, embedding);
            cx.out.is_due_earlier = true;
        } else if let Some(value) = self.truth(at.ts, operator) {
            let from = at.ts.saturating_sub(operator.span);
            let (ts, eid) = (at.ts, at.eid);
            self.fire(True { serial, ts, eid, instant: ts, from, value: Some(value) }, group, cx);
        }
    }

    /// Decides what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        while let Some((instant, serial, undecided)) =
            self.deadlines_mut().and_then(|deadlines| deadlines.next_before(watermark))
        {
            self.settle_episode(instant, group, cx);
            let Some(deadlines) = self.deadlines_mut() else { return };
            if let Some((ts, eid, from)) = deadlines.decide(serial, undecided, cx.operator) {
                self.fire(True { serial, ts, eid, instant, from, value: None }, group, cx);
            }
        }
        while let Some((instant, found)) = (self.rare.as_mut())
            .and_then(|rare| rare.pivots.as_mut())
            .zip(self.window.entries())
            .and_then(|(pivots, window)| pivots.next_before(watermark, self.first, window, cx.operator))
        {
            self.settle_episode(instant, group, cx);
            if let Some(it) = found {
                self.fire(it, group, cx);
            }
        }
        let first = self.deadlines().and_then(Deadlines::first);
        self.settle_episode(first.map_or(watermark, |first| watermark.min(first)), group, cx);
    }

    /// Closes the episode and ends the silence, if that follows from all instants before `known`.
    fn settle_episode(&mut self, known: i64, group: &[u8], cx: &mut Cx<'_>) {
        if self.episode_due(cx.operator).is_some_and(|due| due < known) {
            self.close(group, cx);
        }
        self.silence.settle(known, group, cx);
    }

    /// The last instant at which the episode may go on.
    fn episode_due(&self, operator: &Operator) -> Option<i64> {
        self.episode.as_ref().map(|episode| {
            let last_true = self.last_true(episode);
            last_true.saturating_add(operator.span).min(episode.cell_end.saturating_sub(1))
        })
    }

    /// The last instant that must lie before a watermark for anything to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        let waiting = self.deadlines().and_then(Deadlines::first);
        let pivots = self.rare.as_ref().and_then(|rare| rare.pivots.as_ref());
        let pivot = pivots.and_then(|pivots| pivots.first(operator));
        let last = self.window.len().checked_sub(1).and_then(|last| self.window.ts(last));
        let window = last.map(|last| last.saturating_add(operator.span));
        [waiting, pivot, self.episode_due(operator), self.silence.due(), window].into_iter().flatten().min()
    }

    /// Forgets inputs that no input from `watermark` on can be together with; whether nothing is left.
    pub(crate) fn expire(&mut self, watermark: i64, operator: &Operator) -> bool {
        self.forget(watermark, operator);
        self.len() == 0
            && self.rare.as_ref().is_none_or(|rare| {
                rare.deadlines.as_ref().is_none_or(|deadlines| deadlines.first().is_none())
                    && rare.pivots.as_ref().is_none_or(Pivots::is_empty)
            })
            && self.episode.is_none()
            && self.silence.due().is_none()
    }

    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        self.silence.publish_open(is_all, group, cx);
        if let Some(episode) = &mut self.episode
            && !episode.record.is_suppressed()
        {
            episode.record.publish_open(is_all, group, cx);
        }
    }

    /// The time of the oldest input that is held.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.counted.front().or(self.window.ts(0))
    }

    /// Takes the oldest input away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self) -> Option<i64> {
        if self.len() == 0 {
            return None;
        }
        if let Some(first) = self.counted.front() {
            self.pop_counted();
            return Some(first);
        }
        let entry = self.window.pop_front()?;
        let live = self.live();
        if live <= self.first && live >= self.consumed() {
            self.tally.remove(&entry);
        }
        self.first += 1;
        Some(entry.at.ts)
    }
}

/// The place of a serial in the window.
fn offset(serial: u64, first: u64) -> usize {
    usize::try_from(serial.saturating_sub(first)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With 100,000 groups each step of the allocator is 3 MB.
    #[test]
    fn a_group_takes_little() {
        assert!(size_of::<Sliding>() <= 128, "{}", size_of::<Sliding>());
        // With what mimalloc adds for what must be aligned: the next size is 192.
        assert!(size_of::<Episode>() + 7 <= 160, "{}", size_of::<Episode>());
        assert!(size_of::<Entry>() <= 64, "{}", size_of::<Entry>());
    }
}
