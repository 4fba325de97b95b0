//! A group of a correlation that is judged at each input: sliding windows, pivots, episodes, deadlines (E15, E18, E20–E22,
//! E33).

mod deadlines;
mod firing;
mod pivots;
mod window;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

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
    /// The serial of the first input of the window that the tally holds.
    live: u64,
    /// Inputs with smaller serials are consumed (`reset`).
    consumed: u64,
    tally: Tally,
    /// Instants of inputs before the window that are gathered, and of which nothing is needed but that they count.
    counted: VecDeque<i64>,
    /// The end of the cell of the last input, exclusive.
    cell_end: i64,
    last_ts: i64,
    /// The instant of the last true input of the episode, and the end of its cell, exclusive.
    last_true: i64,
    episode_cell_end: i64,
    episode: Option<Box<Episode>>,
    pub(super) silence: Silence,
    /// Where conditions wait for what must not happen.
    deadlines: Option<Box<Deadlines>>,
    /// Where windows hang on the hits of one rule.
    pivots: Option<Box<Pivots>>,
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
        let deadlines =
            (operator.shape == Shape::Deadline).then(|| Box::new(Deadlines::new(operator.children.len())));
        Self {
            window: if operator.shape == Shape::Sliding { Window::slim() } else { Window::whole() },
            first: 0,
            live: 0,
            consumed: 0,
            tally: Tally::new(operator),
            counted: VecDeque::new(),
            cell_end: i64::MIN,
            last_ts: i64::MIN,
            last_true: i64::MIN,
            episode_cell_end: i64::MIN,
            episode: None,
            silence: Silence::default(),
            deadlines,
            pivots: has_pivots.then(Box::default),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.window.len() + self.counted.len()
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        let newest = self.window.touch();
        let counted = self.counted.back().map_or(0, |ts| ts.cast_unsigned());
        let episode = self.episode.as_ref().map_or(0, |episode| episode.record.touch());
        let own =
            (self.cell_end ^ self.last_ts ^ self.last_true).cast_unsigned() ^ self.live ^ self.tally.touch();
        newest.wrapping_add(counted).wrapping_add(episode).wrapping_add(own)
    }

    pub(crate) fn input(&mut self, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let at = entry.at;
        self.settle(at.ts, group, cx);
        self.enter_cell(at.ts, operator);
        self.forget(at.ts, operator);
        self.tally.add(&entry, operator);
        self.last_ts = at.ts;
        if self.can_pass(at.ts, operator) && self.truth(at.ts, operator).is_some() {
            return self.pass(&entry, cx);
        }
        let serial = self.first + self.window.len() as u64;
        if let Some(deadlines) = &mut self.deadlines {
            deadlines.note(&entry);
        }
        if self.pivots.is_some() {
            return self.input_to_pivots(serial, entry, group, cx);
        }
        self.window.push_back(entry);
        self.judge(serial, at, group, cx);
    }

    fn input_to_pivots(&mut self, serial: u64, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        self.window.push_back(entry);
        let (Some(window), Some(pivots)) = (self.window.entries(), &mut self.pivots) else { return };
        let Some(entry) = window.back() else { return };
        let found = pivots.input(serial, entry, window, cx.operator);
        found.into_iter().for_each(|it| self.fire(it, group, cx));
        cx.out.is_due_earlier = true;
    }

    /// At the start of a cell what was consumed counts again (E21).
    fn enter_cell(&mut self, ts: i64, operator: &Operator) {
        if ts < self.cell_end {
            return;
        }
        self.cell_end = operator.cell.end(ts);
        if self.consumed > self.first {
            self.tally = Tally::new(operator);
            for entry in self.window.from(offset(self.live, self.first)) {
                self.tally.add(&entry, operator);
            }
        }
        self.consumed = 0;
    }

    /// Forgets what lies too far back from an input at `ts`.
    fn forget(&mut self, ts: i64, operator: &Operator) {
        while self.counted.pop_front_if(|earlier| !is_within(*earlier, ts, operator.span)).is_some() {
            self.tally.remove_counted();
        }
        loop {
            let at = offset(self.live, self.first);
            if self.window.ts(at).is_none_or(|earlier| is_within(earlier, ts, operator.span)) {
                break;
            }
            if self.live >= self.consumed
                && let Some(entry) = self.window.get(at)
            {
                self.tally.remove(&entry);
            }
            self.live += 1;
        }
        let oldest = match &mut self.deadlines {
            Some(deadlines) => deadlines.forget(ts, operator.span),
            None => ts,
        };
        while self.first < self.live
            && self.window.ts(0).is_some_and(|earlier| !is_within(earlier, oldest, operator.span))
        {
            self.window.pop_front();
            self.first += 1;
        }
    }

    /// The value at an input at `ts` that the tally holds, if the condition holds there without waiting for anything.
    fn truth(&self, ts: i64, operator: &Operator) -> Option<Value> {
        let counting = offset(self.live.max(self.consumed), self.first);
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
        if let (Some(deadlines), Some(formula)) = (&mut self.deadlines, operator.predicate.formula()) {
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
            self.deadlines.as_mut().and_then(|deadlines| deadlines.next_before(watermark))
        {
            self.settle_episode(instant, group, cx);
            let Some(deadlines) = &mut self.deadlines else { return };
            if let Some((ts, eid, from)) = deadlines.decide(serial, undecided, cx.operator) {
                self.fire(True { serial, ts, eid, instant, from, value: None }, group, cx);
            }
        }
        while let Some((instant, found)) = self
            .pivots
            .as_mut()
            .zip(self.window.entries())
            .and_then(|(pivots, window)| pivots.next_before(watermark, self.first, window, cx.operator))
        {
            self.settle_episode(instant, group, cx);
            if let Some(it) = found {
                self.fire(it, group, cx);
            }
        }
        let first = self.deadlines.as_ref().and_then(|deadlines| deadlines.first());
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
        let cell = self.episode_cell_end.saturating_sub(1);
        self.episode.as_ref().map(|_| self.last_true.saturating_add(operator.span).min(cell))
    }

    /// The last instant that must lie before a watermark for anything to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        let waiting = self.deadlines.as_ref().and_then(|deadlines| deadlines.first());
        let pivot = self.pivots.as_ref().and_then(|pivots| pivots.first(operator));
        let window = (self.len() > 0).then(|| self.last_ts.saturating_add(operator.span));
        [waiting, pivot, self.episode_due(operator), self.silence.due(), window].into_iter().flatten().min()
    }

    /// Forgets inputs that no input from `watermark` on can be together with; whether nothing is left.
    pub(crate) fn expire(&mut self, watermark: i64, operator: &Operator) -> bool {
        self.forget(watermark, operator);
        self.len() == 0
            && self.deadlines.as_ref().is_none_or(|deadlines| deadlines.first().is_none())
            && self.pivots.as_ref().is_none_or(|pivots| pivots.is_empty())
            && self.episode.is_none()
            && self.silence.due().is_none()
    }

    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        self.silence.publish_open(is_all, group, cx);
        if let Some(episode) = &mut self.episode
            && !episode.is_suppressed
        {
            episode.record.publish_open(is_all, group, cx);
        }
    }

    /// The time of the oldest input that is held.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.counted.front().copied().or(self.window.ts(0))
    }

    /// Takes the oldest input away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self) -> Option<i64> {
        if let Some(ts) = self.counted.pop_front() {
            self.tally.remove_counted();
            return Some(ts);
        }
        let entry = self.window.pop_front()?;
        if self.live <= self.first && self.live >= self.consumed {
            self.tally.remove(&entry);
        }
        self.first += 1;
        self.live = self.live.max(self.first);
        Some(entry.at.ts)
    }
}

/// The place of a serial in the window.
fn offset(serial: u64, first: u64) -> usize {
    usize::try_from(serial.saturating_sub(first)).unwrap_or(usize::MAX)
}
