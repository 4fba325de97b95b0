//! Windows before or behind the hits of one rule (E18).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::True;
use crate::input::Entry;
use crate::plan::{Operator, Shape};
use crate::state::pile::{Amount, holds};
use crate::{Id, Value};

/// Hits of the pivot's rule whose windows are not decided.
///
/// A window before a hit is measured when it is decided, one behind it as inputs come: each costs as many inputs as lie in
/// it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pivots(VecDeque<Open>);

#[derive(Debug, Serialize, Deserialize)]
struct Open {
    ts: i64,
    eid: Id,
    measured: Measured,
}

/// What a window amounts to so far.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    amount: Amount,
    total: u64,
    last: i64,
}

impl Measured {
    fn new(operator: &Operator) -> Self {
        Self { amount: Amount::new(operator), total: 0, last: i64::MIN }
    }

    fn add(&mut self, entry: &Entry, operator: &Operator) {
        self.amount.add(entry, operator);
        self.total += 1;
        self.last = entry.at.ts;
    }

    /// The value, if the condition holds.
    fn value(&self, operator: &Operator) -> Option<Value> {
        let value = self.amount.value(self.total, operator);
        if holds(&self.amount, value, operator) { value } else { None }
    }
}

/// Whether an input hits the pivot's rule.
pub(crate) fn is_pivot(entry: &Entry, operator: &Operator) -> bool {
    match operator.shape {
        Shape::Before { pivot } | Shape::After { pivot } => entry.children().any(|child| child == pivot),
        _ => false,
    }
}

impl Pivots {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes an input, which is the last of the window, and gives what it makes true.
    pub(super) fn input(
        &mut self,
        serial: u64,
        entry: &Entry,
        window: &VecDeque<Entry>,
        operator: &Operator,
    ) -> Vec<True> {
        let is_after = matches!(operator.shape, Shape::After { .. });
        if is_after {
            self.0.iter_mut().for_each(|open| open.measured.add(entry, operator));
        }
        if is_pivot(entry, operator) {
            let mut measured = Measured::new(operator);
            if is_after {
                // What stands before it at the same instant lies in its window too.
                let from = window.partition_point(|earlier| earlier.at.ts < entry.at.ts);
                window.iter().skip(from).for_each(|entry| measured.add(entry, operator));
            }
            self.0.push_back(Open { ts: entry.at.ts, eid: entry.at.eid, measured });
        }
        let mut found = Vec::new();
        if is_after && operator.only_grows {
            self.0.retain(|open| match open.measured.value(operator) {
                Some(value) => {
                    found.push(open.holds_at(entry.at.ts, serial, open.ts, value));
                    false
                }
                None => true,
            });
        }
        found
    }

    /// The next instant at which something is decided, or can no longer become true.
    pub(super) fn first(&self, operator: &Operator) -> Option<i64> {
        self.0.front().map(|open| open.instant(operator))
    }

    /// Takes the next hit whose instant lies before a watermark; its instant, and what is true then.
    pub(super) fn next_before(
        &mut self,
        watermark: i64,
        first: u64,
        window: &VecDeque<Entry>,
        operator: &Operator,
    ) -> Option<(i64, Option<True>)> {
        let instant = self.first(operator).filter(|instant| *instant < watermark)?;
        let mut open = self.0.pop_front()?;
        let end = window.partition_point(|entry| entry.at.ts <= instant);
        let from = match operator.shape {
            Shape::Before { .. } => {
                let from = open.ts.saturating_sub(operator.span);
                let start = window.partition_point(|entry| entry.at.ts < from);
                window.range(start.min(end)..end).for_each(|entry| open.measured.add(entry, operator));
                from
            }
            _ => open.ts,
        };
        let serial = (first + end as u64).saturating_sub(1);
        let value = open.measured.value(operator);
        Some((instant, value.map(|value| open.holds_at(instant, serial, from, value))))
    }
}

impl Open {
    /// When it is decided at last.
    fn instant(&self, operator: &Operator) -> i64 {
        match operator.shape {
            Shape::After { .. } => self.ts.saturating_add(operator.span),
            _ => self.ts,
        }
    }

    fn holds_at(&self, instant: i64, serial: u64, from: i64, value: Value) -> True {
        True { serial, ts: self.measured.last, eid: self.eid, instant, from, value: Some(value) }
    }
}
