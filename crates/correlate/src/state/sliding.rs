//! A group of a correlation that is judged at each input: sliding windows, episodes, deadlines (E15, E20–E22, E33).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use sigyn_ir::{CorrelationType as Kind, OnMatch};

use super::tally::{Tally, is_within};
use super::{Cx, Record, Silence};
use crate::detection::Anchor;
use crate::gather::Gather;
use crate::input::{Entry, Ref};
use crate::number::all_hold;
use crate::plan::{Operator, Predicate, Shape};
use crate::{Id, Value};

/// The state of one group.
///
/// `window` holds the inputs of the last T, and further back what inputs that wait for their deadline still need. An
/// input's serial is its place in the history of the group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sliding {
    window: VecDeque<Entry>,
    /// The serial of the window's first input.
    first: u64,
    /// The serial of the first input that the tally holds.
    live: u64,
    tally: Tally,
    /// Inputs with smaller serials are consumed (`reset`).
    consumed: u64,
    /// The end of the cell of the last input, exclusive.
    cell_end: i64,
    last_ts: i64,
    episode: Option<Box<Episode>>,
    pub(super) silence: Silence,
    /// Inputs whose condition is decided later, in order.
    waiting: VecDeque<Undecided>,
    /// For each listed rule that must not match, its hits as far back as they can matter.
    unwanted: Vec<VecDeque<i64>>,
}

/// One run of true inputs (E20).
#[derive(Debug, Serialize, Deserialize)]
struct Episode {
    record: Record,
    last_true: i64,
    cell_end: i64,
    /// The serial behind the last input that is gathered.
    gathered: u64,
    is_suppressed: bool,
}

/// An input that is true if something does not happen until a deadline.
#[derive(Debug, Serialize, Deserialize)]
struct Undecided {
    serial: u64,
    ts: i64,
    eid: Id,
    deadline: i64,
    value: Value,
    /// Conjunctions whose positive part holds, with the start of its tightest embedding.
    alternatives: Vec<(u16, i64)>,
}

/// An input at which the condition holds.
struct True {
    serial: u64,
    ts: i64,
    eid: Id,
    /// When it was decided.
    decided: i64,
    value: Value,
}

impl Sliding {
    pub(crate) fn new(operator: &Operator) -> Self {
        let unwanted = match operator.shape {
            Shape::Deadline => vec![VecDeque::new(); operator.children.len()],
            _ => Vec::new(),
        };
        Self {
            window: VecDeque::new(),
            first: 0,
            live: 0,
            tally: Tally::new(operator),
            consumed: 0,
            cell_end: i64::MIN,
            last_ts: i64::MIN,
            episode: None,
            silence: Silence::default(),
            waiting: VecDeque::new(),
            unwanted,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.window.len()
    }

    pub(crate) fn input(&mut self, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let at = entry.at;
        if operator.kind == Kind::EventCount && self.has_event(&at) {
            return;
        }
        self.settle(at.ts, group, cx);
        self.enter_cell(at.ts, operator);
        self.forget(at.ts, operator);
        self.tally.add(&entry, operator);
        let serial = self.first + self.window.len() as u64;
        for child in entry.children() {
            if let Some(unwanted) = self.unwanted.get_mut(usize::from(child)) {
                unwanted.push_back(at.ts);
            }
        }
        self.window.push_back(entry);
        self.last_ts = at.ts;
        self.judge(serial, at, group, cx);
    }

    /// An event counts once, also if it comes as a hit of rules of different strata (E25).
    fn has_event(&self, at: &Ref) -> bool {
        let same_time = self.window.iter().rev().take_while(|entry| entry.at.ts == at.ts);
        same_time.into_iter().any(|entry| entry.at.eid == at.eid)
    }

    /// At the start of a cell what was consumed counts again (E21).
    fn enter_cell(&mut self, ts: i64, operator: &Operator) {
        if ts < self.cell_end {
            return;
        }
        self.cell_end = operator.cell.end(ts);
        if self.consumed > self.first {
            self.tally = Tally::new(operator);
            for entry in self.window.iter().skip(offset(self.live, self.first)) {
                self.tally.add(entry, operator);
            }
        }
        self.consumed = 0;
    }

    /// Forgets what lies too far back from an input at `ts`.
    fn forget(&mut self, ts: i64, operator: &Operator) {
        loop {
            let entry = self.window.get(offset(self.live, self.first));
            let Some(entry) = entry.filter(|entry| !is_within(entry.at.ts, ts, operator.span)) else { break };
            if self.live >= self.consumed {
                self.tally.remove(entry);
            }
            self.live += 1;
        }
        let oldest = self.waiting.front().map_or(ts, |undecided| undecided.ts);
        while self.first < self.live
            && self.window.front().is_some_and(|entry| !is_within(entry.at.ts, oldest, operator.span))
        {
            self.window.pop_front();
            self.first += 1;
        }
        for unwanted in &mut self.unwanted {
            while unwanted.front().is_some_and(|hit| !is_within(*hit, oldest, operator.span)) {
                unwanted.pop_front();
            }
        }
    }

    fn judge(&mut self, serial: u64, at: Ref, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let counting = offset(self.live.max(self.consumed), self.first);
        let value = self.tally.value(at.ts, operator, self.window.iter().skip(counting));
        let alternatives: Vec<(u16, i64)> = match &operator.predicate {
            Predicate::Thresholds(thresholds) => {
                if all_hold(thresholds, value) {
                    self.fire(True { serial, ts: at.ts, eid: at.eid, decided: at.ts, value }, group, cx);
                }
                return;
            }
            Predicate::Formula(formula) => {
                let conjunctions = formula.conjunctions.iter().zip(0_u16..);
                conjunctions
                    .filter_map(|(it, number)| Some((number, self.tally.embedding(it, at.ts, operator)?)))
                    .collect()
            }
        };
        if alternatives.is_empty() {
            return;
        }
        if operator.shape != Shape::Deadline {
            return self.fire(True { serial, ts: at.ts, eid: at.eid, decided: at.ts, value }, group, cx);
        }
        // The latest of the deadlines: then all earlier inputs are decided too, whatever they wait for.
        let deadlines = alternatives.iter().map(|(number, start)| match has_negation(operator, *number) {
            true => start.saturating_add(operator.span),
            false => at.ts,
        });
        let deadline = deadlines.max().unwrap_or(at.ts);
        self.waiting.push_back(Undecided { serial, ts: at.ts, eid: at.eid, deadline, value, alternatives });
    }

    /// Decides what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        while self.waiting.front().is_some_and(|undecided| undecided.deadline < watermark) {
            let Some(undecided) = self.waiting.pop_front() else { break };
            self.settle_episode(undecided.ts, group, cx);
            if self.holds(&undecided, cx.operator) {
                let Undecided { serial, ts, eid, deadline, value, .. } = undecided;
                self.fire(True { serial, ts, eid, decided: deadline, value }, group, cx);
            }
        }
        // What waits may still prolong an episode, or be left out behind it.
        let known = self.waiting.front().map_or(watermark, |undecided| undecided.ts.min(watermark));
        self.settle_episode(known, group, cx);
    }

    /// Whether an input is true, now that its deadline has passed.
    fn holds(&self, undecided: &Undecided, operator: &Operator) -> bool {
        let Some(formula) = operator.predicate.formula() else { return false };
        undecided.alternatives.iter().any(|(number, start)| {
            let Some(conjunction) = formula.conjunctions.get(usize::from(*number)) else { return false };
            !conjunction.must_not.iter().filter_map(|rule| self.unwanted.get(usize::from(*rule))).any(
                |hits| {
                    let next = hits.get(hits.partition_point(|hit| hit < start));
                    next.is_some_and(|hit| *hit <= start.saturating_add(operator.span))
                },
            )
        })
    }

    /// Closes the episode and ends the silence, if every input before `known` is decided and that is enough.
    fn settle_episode(&mut self, known: i64, group: &[u8], cx: &mut Cx<'_>) {
        let span = cx.operator.span;
        if let Some(episode) = &self.episode {
            let last = episode.last_true.saturating_add(span).min(episode.cell_end.saturating_sub(1));
            if last < known {
                self.close(group, cx);
            }
        }
        self.silence.settle(known, group, cx);
    }

    fn close(&mut self, group: &[u8], cx: &mut Cx<'_>) {
        let Some(episode) = self.episode.take() else { return };
        if episode.is_suppressed {
            return;
        }
        let Episode { record, last_true, cell_end, .. } = *episode;
        let closed = last_true.saturating_add(cx.operator.span).min(cell_end);
        self.silence.begin(record, closed, cell_end, group, cx);
    }

    fn fire(&mut self, it: True, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        match operator.on_match {
            OnMatch::Episode => self.fire_episode(&it, group, cx),
            OnMatch::Every | OnMatch::Reset => {
                if !self.silence.swallows(it.ts, it.ts) {
                    let record = self.record(&it, group, cx);
                    record.show(group, cx);
                    self.silence.begin(record, it.ts, operator.cell.end(it.ts), group, cx);
                }
                if operator.on_match == OnMatch::Reset {
                    self.consumed = it.serial + 1;
                    self.tally = Tally::new(operator);
                }
            }
        }
    }

    fn fire_episode(&mut self, it: &True, group: &[u8], cx: &mut Cx<'_>) {
        let (operator, max) = (cx.operator, cx.plan.limits.values_max);
        if let Some(episode) = &mut self.episode
            && is_within(episode.last_true, it.ts, operator.span)
            && it.ts < episode.cell_end
        {
            episode.last_true = it.ts;
            if episode.is_suppressed {
                return;
            }
            let from = offset(episode.gathered, self.first);
            let count = offset(it.serial + 1, self.first).saturating_sub(from);
            for entry in self.window.iter().skip(from).take(count) {
                episode.record.gather.add(entry, operator, max);
            }
            episode.gathered = it.serial + 1;
            episode.record.grow(it.ts);
            if cx.out.wants_revisions {
                episode.record.show_revision(it.eid, it.decided, group, cx);
            }
            return;
        }
        self.close(group, cx);
        let is_suppressed = self.silence.swallows(it.ts, it.ts);
        let record = self.record(it, group, cx);
        if !is_suppressed {
            record.show(group, cx);
        }
        self.episode = Some(Box::new(Episode {
            record,
            last_true: it.ts,
            cell_end: operator.cell.end(it.ts),
            gathered: it.serial + 1,
            is_suppressed,
        }));
    }

    /// The detection of an input with its window.
    fn record(&self, it: &True, group: &[u8], cx: &Cx<'_>) -> Record {
        let operator = cx.operator;
        let mut gather = Gather::new(operator);
        let from = offset(self.consumed, self.first);
        let count = offset(it.serial + 1, self.first).saturating_sub(from);
        let window = self.window.iter().skip(from).take(count);
        for entry in window.filter(|entry| is_within(entry.at.ts, it.ts, operator.span)) {
            gather.add(entry, operator, cx.plan.limits.values_max);
        }
        Record::open((Anchor::Event(it.eid), it.decided), (it.value, it.ts), gather, group, cx)
    }

    /// The last instant that must lie before a watermark for anything to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        if let Some(undecided) = self.waiting.front() {
            return Some(undecided.deadline);
        }
        let episode = self.episode.as_ref().map(|episode| {
            episode.last_true.saturating_add(operator.span).min(episode.cell_end.saturating_sub(1))
        });
        let window = (!self.window.is_empty()).then(|| self.last_ts.saturating_add(operator.span));
        [episode, self.silence.due(), window].into_iter().flatten().min()
    }

    /// Forgets inputs that no input from `watermark` on can be together with; whether nothing is left.
    pub(crate) fn expire(&mut self, watermark: i64, operator: &Operator) -> bool {
        self.forget(watermark, operator);
        self.window.is_empty() && self.episode.is_none() && self.silence.due().is_none()
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
        self.window.front().map(|entry| entry.at.ts)
    }

    /// Takes the oldest input away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self) -> Option<i64> {
        let entry = self.window.pop_front()?;
        if self.live <= self.first && self.live >= self.consumed {
            self.tally.remove(&entry);
        }
        self.first += 1;
        self.live = self.live.max(self.first);
        Some(entry.at.ts)
    }
}

fn has_negation(operator: &Operator, number: u16) -> bool {
    let conjunction =
        operator.predicate.formula().and_then(|formula| formula.conjunctions.get(usize::from(number)));
    conjunction.is_some_and(|conjunction| !conjunction.must_not.is_empty())
}

/// The place of a serial in the window.
fn offset(serial: u64, first: u64) -> usize {
    usize::try_from(serial.saturating_sub(first)).unwrap_or(usize::MAX)
}
