//! What a group does where its condition holds: episodes and the other firing modes (E20–E22, E24).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sigyn_ir::{CorrelationType as Kind, OnMatch};

use super::{Counted, Sliding, True, offset};
use crate::Value;
use crate::detection::Anchor;
use crate::gather::Gather;
use crate::input::Entry;
use crate::plan::Operator;
use crate::state::tally::{Tally, is_within};
use crate::state::{Cx, Record};

/// One run of true inputs (E20).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Episode {
    pub(super) record: Record,
    /// The end of the cell, exclusive.
    pub(super) cell_end: i64,
    /// The serial behind the last input that is gathered.
    gathered: u64,
}

impl Sliding {
    pub(super) fn close(&mut self, group: &[u8], cx: &mut Cx<'_>) {
        let Some(episode) = self.episode.take() else { return };
        // What comes from here on comes too late to be counted with any of them.
        (0..self.counted.len()).for_each(|_| self.tally.remove_counted());
        self.counted = Counted::default();
        let (cell_end, last_true) = (episode.cell_end, self.last_true(&episode));
        if let Some(rare) = &mut self.rare {
            rare.all = BTreeMap::new();
        }
        if episode.record.is_suppressed() {
            return;
        }
        let closed = last_true.saturating_add(cx.operator.span).min(cell_end);
        self.silence.begin(episode.record, closed, cell_end, group, cx);
    }

    pub(super) fn fire(&mut self, it: True, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        match operator.on_match {
            OnMatch::Episode => self.fire_episode(&it, group, cx),
            OnMatch::Every | OnMatch::Reset | OnMatch::Consume => {
                if !self.silence.swallows(it.instant, it.instant, cx) {
                    let record = self.record(&it, group, cx);
                    record.show(group, cx);
                    self.silence.begin(record, it.instant, operator.cell.end(it.instant), group, cx);
                }
                if operator.on_match == OnMatch::Reset {
                    if let Some(rare) = &mut self.rare {
                        rare.consumed = it.serial + 1;
                    }
                    self.tally = Tally::new(operator);
                }
            }
        }
    }

    /// Whether something that is true at an instant continues the episode.
    fn continues(&self, instant: i64, operator: &Operator) -> bool {
        self.episode.as_ref().is_some_and(|episode| {
            is_within(self.last_true(episode), instant, operator.span) && instant < episode.cell_end
        })
    }

    /// The instant of the episode's last true input: its time, unless inputs are decided later.
    pub(super) fn last_true(&self, episode: &Episode) -> i64 {
        self.rare.as_ref().map_or(episode.record.last_seen, |rare| rare.last_true)
    }

    fn fire_episode(&mut self, it: &True, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        if self.continues(it.instant, operator) {
            return self.continue_episode(it, cx);
        }
        self.close(group, cx);
        let is_suppressed = self.silence.swallows(it.instant, it.instant, cx);
        let mut record = self.record(it, group, cx);
        if is_suppressed {
            record.leave_out();
        } else {
            record.show(group, cx);
            cx.out.has_news = true;
        }
        let contributing = operator.is_mixed.then(|| self.contributing(it, 0, operator));
        let all = contributing.into_iter().flatten().map(|(serial, entry)| (serial, entry.into_owned()));
        let all: BTreeMap<u64, Entry> = all.collect();
        if let Some(rare) = &mut self.rare {
            (rare.last_true, rare.all) = (it.instant, all);
        }
        let (gathered, cell_end) = (it.serial + 1, operator.cell.end(it.instant));
        if record.is_suppressed() || !record.gather.has_all(0, operator) {
            self.counted.list(&record.gather);
        }
        self.episode = Some(Box::new(Episode { record, cell_end, gathered }));
        cx.out.is_due_earlier = true;
        self.trim(gathered, cell_end, operator);
    }

    fn continue_episode(&mut self, it: &True, cx: &mut Cx<'_>) {
        let (operator, max) = (cx.operator, cx.plan.limits.values_max);
        let Some(mut episode) = self.episode.take() else { return };
        if let Some(rare) = &mut self.rare {
            rare.last_true = it.instant;
        }
        if operator.is_mixed {
            let mut all = self.rare.as_mut().map(|rare| std::mem::take(&mut rare.all)).unwrap_or_default();
            for (serial, entry) in self.contributing(it, 0, operator) {
                all.entry(serial).or_insert_with(|| entry.into_owned());
            }
            let mut gather = Gather::new(operator);
            all.values().for_each(|entry| gather.add(entry, operator, max));
            gather.forget_extras();
            episode.record.gather = gather;
            if let Some(rare) = &mut self.rare {
                rare.all = all;
            }
        } else if !episode.record.is_suppressed() {
            if !episode.record.gather.has_all(self.window.len(), operator) {
                self.counted.list(&episode.record.gather);
            }
            for (_, entry) in self.contributing(it, episode.gathered, operator) {
                episode.record.gather.add(&entry, operator, max);
            }
        }
        episode.gathered = it.serial + 1;
        episode.grow(it, cx);
        let (gathered, cell_end) = (episode.gathered, episode.cell_end);
        self.episode = Some(episode);
        self.trim(gathered, cell_end, operator);
    }

    /// Whether an input at `ts`, if it is true, is gathered and need not be kept: the episode goes on, and nothing stands in
    /// the window before it.
    pub(super) fn can_pass(&self, ts: i64, operator: &Operator) -> bool {
        self.window.is_empty()
            && operator.kept_in_episode.is_some()
            && self.continues(ts, operator)
            && (self.episode.as_ref())
                .is_some_and(|episode| ts < episode.cell_end.saturating_sub(operator.span))
    }

    /// Takes a true input that continues the episode without keeping it: what [`Self::continue_episode`] and [`Self::trim`] come
    /// to.
    pub(super) fn pass(&mut self, entry: &Entry, cx: &mut Cx<'_>) {
        let (operator, max) = (cx.operator, cx.plan.limits.values_max);
        let (ts, eid) = (entry.at.ts, entry.at.eid);
        let it = True { serial: self.first, ts, eid, instant: ts, from: i64::MIN, value: None };
        self.first += 1;
        if let Some(episode) = &mut self.episode {
            episode.gathered = self.first;
            if !episode.record.is_suppressed() {
                let gather = &mut episode.record.gather;
                if !gather.has_all(1, operator) {
                    self.counted.list(gather);
                }
                gather.add(entry, operator, max);
            }
            episode.grow(&it, cx);
        }
        self.count(ts, operator);
    }

    /// Keeps of an input what it counts, and of those before it as many as the condition compares with: of different values
    /// those seen last (E46).
    fn count(&mut self, ts: i64, operator: &Operator) {
        let Some(kept) = operator.kept_in_episode else { return };
        match &self.tally {
            Tally::Count(_) if kept == 0 => return self.tally.remove_counted(),
            Tally::Count(_) => {
                // No more than that is ever needed; where the evidence has them they take nothing.
                while self.counted.is_listed() && self.counted.len() as u64 >= kept {
                    self.pop_counted();
                }
            }
            Tally::Distinct(_) => {}
            _ => return,
        }
        self.counted.push(ts);
        if matches!(&self.tally, Tally::Distinct(known) if !known.is_crowded()) {
            return;
        }
        while let Tally::Distinct(known) = &self.tally
            && self.counted.len() > 0
            && known.can_spare(kept)
        {
            self.pop_counted();
        }
    }

    /// Forgets gathered inputs that no decision needs any more (E46).
    ///
    /// A later episode of the same cell opens more than T behind the last true input, so all of its window lies behind
    /// what is gathered. One of the next cell may look back by T from where that begins. What is left is what the tally
    /// needs to go on: the instants of as many inputs as the condition compares with, and their values where these are
    /// counted; nothing where it knows the last instants.
    fn trim(&mut self, gathered: u64, cell_end: i64, operator: &Operator) {
        if operator.kept_in_episode.is_none() {
            return;
        }
        let boundary = cell_end.saturating_sub(operator.span);
        while self.first < gathered {
            let Some(entry) = self.window.pop_front_if(|entry| entry.at.ts < boundary) else { break };
            let is_live = self.live() <= self.first;
            self.first += 1;
            if is_live {
                self.count(entry.at.ts, operator);
            }
        }
        if self.window.is_empty() {
            self.window.shrink();
        }
    }

    /// The inputs that contribute at a true input, with their serials, from a serial on.
    fn contributing(
        &self,
        it: &True,
        from: u64,
        operator: &Operator,
    ) -> impl Iterator<Item = (u64, Cow<'_, Entry>)> {
        let from = match operator.on_match {
            OnMatch::Reset => from.max(self.first).max(self.consumed()),
            _ => from.max(self.first),
        };
        let count = offset(it.serial + 1, from);
        let window = (from..).zip(self.window.from(offset(from, self.first)).take(count));
        let start = it.from;
        window.filter(move |(_, entry)| entry.at.ts >= start)
    }

    /// The detection of an input with its window.
    fn record(&self, it: &True, group: &[u8], cx: &Cx<'_>) -> Record {
        let operator = cx.operator;
        let mut gather = Gather::new(operator);
        let mut seen = vec![false; if it.value.is_none() { operator.children.len() } else { 0 }];
        for (_, entry) in self.contributing(it, 0, operator) {
            gather.add(&entry, operator, cx.plan.limits.values_max);
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
}

impl Episode {
    /// A further input is true.
    fn grow(&mut self, it: &True, cx: &mut Cx<'_>) {
        self.record.last_seen = self.record.last_seen.max(it.ts);
        if self.record.is_suppressed() {
            return;
        }
        self.record.grow();
        cx.out.has_news |= self.record.has_news();
        if cx.out.wants_revisions {
            self.record.show_revision(it.eid, it.instant, cx);
        }
    }
}
