//! Inputs that are true if something does not happen until a deadline (E33).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::Id;
use crate::formula::{Conjunction, Formula};
use crate::input::{Entry, Ref};
use crate::plan::Operator;
use crate::state::tally::is_within;

/// What one group waits for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Deadlines {
    /// Inputs whose condition is decided later, by instant and serial.
    waiting: BTreeMap<(i64, u64), Undecided>,
    /// For each listed rule its hits as far back as they can matter.
    unwanted: Vec<VecDeque<i64>>,
}

/// An input that is true if something does not happen until a deadline.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Undecided {
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

impl Deadlines {
    pub(super) fn new(rules: usize) -> Self {
        Self { waiting: BTreeMap::new(), unwanted: vec![VecDeque::new(); rules] }
    }

    /// Notes what an input hits.
    pub(super) fn note(&mut self, entry: &Entry) {
        for child in entry.children() {
            if let Some(unwanted) = self.unwanted.get_mut(usize::from(child)) {
                unwanted.push_back(entry.at.ts);
            }
        }
    }

    /// Forgets hits that nothing can need from `ts` on; from where on inputs are needed.
    pub(super) fn forget(&mut self, ts: i64, span: i64) -> i64 {
        let oldest = self.first().map_or(ts, |first| ts.min(first));
        for unwanted in &mut self.unwanted {
            while unwanted.front().is_some_and(|hit| !is_within(*hit, oldest, span)) {
                unwanted.pop_front();
            }
        }
        oldest
    }

    /// Keeps an input until what it could be true by is decided. `embedding` gives the start of a conjunction's positive
    /// part.
    pub(super) fn wait_for(
        &mut self,
        serial: u64,
        at: &Ref,
        formula: &Formula,
        span: i64,
        embedding: impl Fn(&Conjunction) -> Option<i64>,
    ) {
        let alternative = |(conjunction, number): (&Conjunction, u16)| {
            let start = embedding(conjunction)?;
            let (instant, from) = match conjunction.must_not.is_empty() {
                true => (at.ts, at.ts.saturating_sub(span)),
                false => (start.saturating_add(span), start),
            };
            Some(Alternative { instant, from, conjunction: number })
        };
        let mut alternatives: Vec<Alternative> =
            formula.conjunctions.iter().zip(0_u16..).filter_map(alternative).collect();
        alternatives.sort_unstable_by(|a, b| b.cmp(a));
        self.wait(serial, Undecided { ts: at.ts, eid: at.eid, alternatives });
    }

    /// Keeps an input until its next instant.
    fn wait(&mut self, serial: u64, undecided: Undecided) {
        if let Some(next) = undecided.alternatives.last() {
            self.waiting.insert((next.instant, serial), undecided);
        }
    }

    /// The next instant at which something is decided.
    pub(super) fn first(&self) -> Option<i64> {
        self.waiting.first_key_value().map(|((instant, _), _)| *instant)
    }

    /// Takes the next input whose instant lies before a watermark, with its instant and serial.
    pub(super) fn next_before(&mut self, watermark: i64) -> Option<(i64, u64, Undecided)> {
        let first = self.waiting.first_entry().filter(|first| first.key().0 < watermark)?;
        let ((instant, serial), undecided) = first.remove_entry();
        Some((instant, serial, undecided))
    }

    /// Decides an input at its instant: its time, its id, and from where on inputs contribute, if it is true. If not, it waits
    /// for its next instant.
    pub(super) fn decide(
        &mut self,
        serial: u64,
        mut undecided: Undecided,
        operator: &Operator,
    ) -> Option<(i64, Id, i64)> {
        let alternative = undecided.alternatives.pop()?;
        if self.holds(alternative, operator) {
            return Some((undecided.ts, undecided.eid, alternative.from));
        }
        self.wait(serial, undecided);
        None
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
}
