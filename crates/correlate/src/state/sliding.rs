//! A group of a correlation that is judged at each input: sliding windows, episodes, deadlines (E15, E20–E22, E33).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use sigyn_ir::{CorrelationType as Kind, OnMatch};

use super::tally::{Tally, is_within};
use super::{Cx, Record, Silence};
use crate::detection::Anchor;
use crate::formula::Conjunction;
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
    /// Inputs whose condition is decided later, by instant and serial.
    waiting: BTreeMap<(i64, u64), Undecided>,
    /// For each listed rule that must not match, its hits as far back as they can matter.
    unwanted: Vec<VecDeque<i64>>,
}

/// One run of true inputs (E20).
#[derive(Debug, Serialize, Deserialize)]
struct Episode {
    record: Record,
    /// The instant of the last true input.
    last_true: i64,
    cell_end: i64,
    /// The serial behind the last input that is gathered.
    gathered: u64,
    /// All that is gathered, by serial, where inputs can come out of order.
    all: BTreeMap<u64, Entry>,
    is_suppressed: bool,
}

/// An input that is true if something does not happen until a deadline.
#[derive(Debug, Serialize, Deserialize)]
struct Undecided {
    ts: i64,
    eid: Id,
    /// Conjunctions whose positive part holds, the earliest instant last.
    alternatives: Vec<Alternative>,
}

/// A conjunction whose positive part holds at an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Alternative {
    /// When it is decided.
    instant: i64,
    /// From where on inputs contribute.
    from: i64,
    conjunction: u16,
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
            waiting: BTreeMap::new(),
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
        let oldest = self.waiting.first_key_value().map_or(ts, |((instant, _), _)| ts.min(*instant));
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
        let from = at.ts.saturating_sub(operator.span);
        let it = True { serial, ts: at.ts, eid: at.eid, instant: at.ts, from, value: Some(value) };
        match &operator.predicate {
            Predicate::Thresholds(thresholds) => {
                if all_hold(thresholds, value) {
                    self.fire(it, group, cx);
                }
            }
            Predicate::Formula(formula) if operator.shape != Shape::Deadline => {
                let has = |conjunction| self.tally.embedding(conjunction, at.ts, operator).is_some();
                if formula.conjunctions.iter().any(has) {
                    self.fire(it, group, cx);
                }
            }
            Predicate::Formula(formula) => {
                let alternative = |(conjunction, number): (&Conjunction, u16)| {
                    let start = self.tally.embedding(conjunction, at.ts, operator)?;
                    let (instant, from) = match conjunction.must_not.is_empty() {
                        true => (at.ts, from),
                        false => (start.saturating_add(operator.span), start),
                    };
                    Some(Alternative { instant, from, conjunction: number })
                };
                let mut alternatives: Vec<Alternative> =
                    formula.conjunctions.iter().zip(0_u16..).filter_map(alternative).collect();
                alternatives.sort_unstable_by(|a, b| b.cmp(a));
                self.wait(serial, Undecided { ts: at.ts, eid: at.eid, alternatives });
            }
        }
    }

    /// Keeps an input until its next instant.
    fn wait(&mut self, serial: u64, undecided: Undecided) {
        if let Some(next) = undecided.alternatives.last() {
            self.waiting.insert((next.instant, serial), undecided);
        }
    }

    /// Decides what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 < watermark) {
            let ((instant, serial), mut undecided) = first.remove_entry();
            self.settle_episode(instant, group, cx);
            let Some(alternative) = undecided.alternatives.pop() else { continue };
            if self.holds(alternative, cx.operator) {
                let (ts, eid, from) = (undecided.ts, undecided.eid, alternative.from);
                self.fire(True { serial, ts, eid, instant, from, value: None }, group, cx);
            } else {
                self.wait(serial, undecided);
            }
        }
        let known =
            self.waiting.first_key_value().map_or(watermark, |((instant, _), _)| watermark.min(*instant));
        self.settle_episode(known, group, cx);
    }

    /// Whether a conjunction is true, now that its instant has passed.
    fn holds(&self, alternative: Alternative, operator: &Operator) -> bool {
        let formula = operator.predicate.formula();
        let conjunction = formula.and_then(|it| it.conjunctions.get(usize::from(alternative.conjunction)));
        let Some(conjunction) = conjunction else { return false };
        let unwanted = conjunction.must_not.iter().filter_map(|rule| self.unwanted.get(usize::from(*rule)));
        !unwanted.into_iter().any(|hits| {
            let next = hits.get(hits.partition_point(|hit| *hit < alternative.from));
            next.is_some_and(|hit| *hit <= alternative.instant)
        })
    }

    /// Closes the episode and ends the silence, if that follows from all instants before `known`.
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
                if !self.silence.swallows(it.instant, it.instant) {
                    let record = self.record(&it, group, cx);
                    record.show(group, cx);
                    self.silence.begin(record, it.instant, operator.cell.end(it.instant), group, cx);
                }
                if operator.on_match == OnMatch::Reset {
                    self.consumed = it.serial + 1;
                    self.tally = Tally::new(operator);
                }
            }
        }
    }

    fn fire_episode(&mut self, it: &True, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        if self.episode.as_ref().is_some_and(|episode| {
            is_within(episode.last_true, it.instant, operator.span) && it.instant < episode.cell_end
        }) {
            return self.continue_episode(it, group, cx);
        }
        self.close(group, cx);
        let is_suppressed = self.silence.swallows(it.instant, it.instant);
        let record = self.record(it, group, cx);
        if !is_suppressed {
            record.show(group, cx);
        }
        let all = match operator.is_mixed {
            true => {
                self.contributing(it, 0, operator).map(|(serial, entry)| (serial, entry.clone())).collect()
            }
            false => BTreeMap::new(),
        };
        self.episode = Some(Box::new(Episode {
            record,
            last_true: it.instant,
            cell_end: operator.cell.end(it.instant),
            gathered: it.serial + 1,
            all,
            is_suppressed,
        }));
    }

    fn continue_episode(&mut self, it: &True, group: &[u8], cx: &mut Cx<'_>) {
        let (operator, max) = (cx.operator, cx.plan.limits.values_max);
        let Some(mut episode) = self.episode.take() else { return };
        episode.last_true = it.instant;
        if !episode.is_suppressed {
            if operator.is_mixed {
                for (serial, entry) in self.contributing(it, 0, operator) {
                    episode.all.entry(serial).or_insert_with(|| entry.clone());
                }
                let mut gather = Gather::new(operator);
                episode.all.values().for_each(|entry| gather.add(entry, operator, max));
                gather.forget_extras();
                episode.record.gather = gather;
            } else {
                for (_, entry) in self.contributing(it, episode.gathered, operator) {
                    episode.record.gather.add(entry, operator, max);
                }
                episode.gathered = it.serial + 1;
            }
            episode.record.grow(it.ts);
            if cx.out.wants_revisions {
                episode.record.show_revision(it.eid, it.instant, group, cx);
            }
        }
        self.episode = Some(episode);
    }

    /// The inputs that contribute at a true input, with their serials, from a serial on.
    fn contributing(&self, it: &True, from: u64, operator: &Operator) -> impl Iterator<Item = (u64, &Entry)> {
        let from = match operator.on_match {
            OnMatch::Reset => from.max(self.first).max(self.consumed),
            _ => from.max(self.first),
        };
        let count = offset(it.serial + 1, from);
        let window = (from..).zip(self.window.iter().skip(offset(from, self.first)).take(count));
        let start = it.from;
        window.filter(move |(_, entry)| entry.at.ts >= start)
    }

    /// The detection of an input with its window.
    fn record(&self, it: &True, group: &[u8], cx: &Cx<'_>) -> Record {
        let operator = cx.operator;
        let mut gather = Gather::new(operator);
        let mut seen = vec![false; if it.value.is_none() { operator.children.len() } else { 0 }];
        for (_, entry) in self.contributing(it, 0, operator) {
            gather.add(entry, operator, cx.plan.limits.values_max);
            for child in entry.children() {
                if let Some(seen) = seen.get_mut(usize::from(child)) {
                    *seen = true;
                }
            }
        }
        let value = it.value.unwrap_or_else(|| {
            let rules = match operator.kind {
                Kind::TemporalOrdered => operator.stages.len(),
                _ => seen.iter().filter(|seen| **seen).count(),
            };
            Value::Int(rules as i128)
        });
        Record::open((Anchor::Event(it.eid), it.instant), (value, it.ts), gather, group, cx)
    }

    /// The last instant that must lie before a watermark for anything to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        let waiting = self.waiting.first_key_value().map(|((instant, _), _)| *instant);
        let episode = self.episode.as_ref().map(|episode| {
            episode.last_true.saturating_add(operator.span).min(episode.cell_end.saturating_sub(1))
        });
        let window = (!self.window.is_empty()).then(|| self.last_ts.saturating_add(operator.span));
        [waiting, episode, self.silence.due(), window].into_iter().flatten().min()
    }

    /// Forgets inputs that no input from `watermark` on can be together with; whether nothing is left.
    pub(crate) fn expire(&mut self, watermark: i64, operator: &Operator) -> bool {
        self.forget(watermark, operator);
        self.window.is_empty()
            && self.waiting.is_empty()
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

/// The place of a serial in the window.
fn offset(serial: u64, first: u64) -> usize {
    usize::try_from(serial.saturating_sub(first)).unwrap_or(usize::MAX)
}
