//! A group of an ordered correlation that consumes what it has found: the machine of E32.

use serde::{Deserialize, Serialize};

use super::tally::is_within;
use super::{Cx, Record, Silence};
use crate::Value;
use crate::detection::Anchor;
use crate::gather::Gather;
use crate::input::Entry;
use crate::plan::Operator;

/// The state of one group: one sequence per stage, which has come so far.
///
/// It depends on nothing older than T, so it knows no cells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sequence {
    /// By the stage that was reached last; empty where there is none.
    partials: Box<[Vec<Entry>]>,
    pub(super) silence: Silence,
}

impl Sequence {
    pub(crate) fn new(operator: &Operator) -> Self {
        let partials = operator.stages.iter().map(|_| Vec::new()).collect();
        Self { partials, silence: Silence::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.partials.iter().map(Vec::len).sum()
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        self.partials.first().map_or(0, |first| first.len() as u64)
    }

    pub(crate) fn input(&mut self, entry: &Entry, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        self.silence.settle(entry.at.ts, group, cx);
        // The last stage first, so that one event never fills two places of a sequence.
        for child in entry.children().rev() {
            let Some(stage) = operator.stages.iter().position(|stage| *stage == child) else { continue };
            let mut partial = match stage {
                // The newer replaces the older.
                0 => Vec::new(),
                _ => self.partials.get_mut(stage - 1).map(std::mem::take).unwrap_or_default(),
            };
            let is_in_time =
                partial.first().is_some_and(|first| is_within(first.at.ts, entry.at.ts, operator.span));
            if stage > 0 && !is_in_time {
                continue;
            }
            partial.push(entry.clone());
            if stage + 1 == operator.stages.len() {
                self.emit(&partial, entry, group, cx);
            } else if let Some(place) = self.partials.get_mut(stage) {
                *place = partial;
            }
        }
    }

    fn emit(&mut self, sequence: &[Entry], last: &Entry, group: &[u8], cx: &mut Cx<'_>) {
        let (operator, ts) = (cx.operator, last.at.ts);
        if self.silence.swallows(ts, ts, cx) {
            return;
        }
        let mut gather = Gather::new(operator);
        sequence.iter().for_each(|entry| gather.add(entry, operator, cx.plan.limits.values_max));
        let value = Value::Int(operator.stages.len() as i128);
        let record = Record::open((Anchor::Event(last.at.eid), ts), (value, ts), gather, group, cx);
        record.show(group, cx);
        self.silence.begin(record, ts, operator.cell.end(ts), group, cx);
    }

    /// The last instant that must lie before a watermark for anything to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        let starts = self.partials.iter().filter_map(|partial| partial.first());
        let lasting = starts.map(|first| first.at.ts.saturating_add(operator.span)).max();
        [lasting, self.silence.due()].into_iter().flatten().min()
    }

    /// Forgets sequences that nothing from `watermark` on can continue; whether nothing is left.
    pub(crate) fn expire(&mut self, watermark: i64, operator: &Operator) -> bool {
        for partial in &mut self.partials {
            if partial.first().is_some_and(|first| !is_within(first.at.ts, watermark, operator.span)) {
                *partial = Vec::new();
            }
        }
        self.len() == 0 && self.silence.due().is_none()
    }

    /// The time of the oldest input that is held.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.partials.iter().filter_map(|partial| partial.first()).map(|first| first.at.ts).min()
    }

    /// Takes the oldest sequence away, for want of memory; the time of its first input.
    pub(crate) fn drop_oldest(&mut self) -> Option<i64> {
        let oldest = self.oldest()?;
        for partial in &mut self.partials {
            if partial.first().is_some_and(|first| first.at.ts == oldest) {
                *partial = Vec::new();
            }
        }
        Some(oldest)
    }
}
