//! A group of a correlation that is judged when a window closes: tumbling windows and sessions (E16, E17, E29, E35).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sigyn_ir::CorrelationType as Kind;

use super::tally::{extend, is_within};
use super::{Cx, Record, Silence};
use crate::Value;
use crate::detection::Anchor;
use crate::gather::{Gather, Sum};
use crate::input::{Entry, Load};
use crate::key::Key;
use crate::number::all_hold;
use crate::plan::{Operator, Predicate, Shape};

/// The state of one group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pile {
    open: Option<Box<Open>>,
    pub(super) silence: Silence,
    /// For groups that are judged whether anything happens or not: the start of the next bucket, and the instant up to
    /// which buckets are judged.
    always: Option<(i64, i64)>,
}

/// A window that has begun.
#[derive(Debug, Serialize, Deserialize)]
struct Open {
    /// The first instant: of a session that of its first input.
    start: i64,
    /// The end of a bucket; of a session the end of its cell. Exclusive.
    end: i64,
    last: i64,
    amount: Amount,
    gather: Gather,
}

/// What a window amounts to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Amount {
    Count,
    Distinct(HashSet<Key>),
    Numbers(Vec<Value>),
    /// Whether each listed rule matched.
    Rules(Vec<bool>),
    /// The latest start per length and last stage, the longest chain, and whether each listed rule matched.
    Chains(Vec<i64>, u16, Vec<bool>),
}

impl Amount {
    pub(super) fn new(operator: &Operator) -> Self {
        let rules = operator.children.len();
        match operator.kind {
            Kind::EventCount => Amount::Count,
            Kind::ValueCount => Amount::Distinct(HashSet::new()),
            Kind::Temporal => Amount::Rules(vec![false; rules]),
            Kind::TemporalOrdered => {
                Amount::Chains(vec![i64::MIN; operator.stages.len().pow(2)], 0, vec![false; rules])
            }
            _ => Amount::Numbers(Vec::new()),
        }
    }

    pub(super) fn add(&mut self, entry: &Entry, operator: &Operator) {
        match self {
            Amount::Count => {}
            Amount::Distinct(known) => known.extend(entry.tuples().iter().cloned()),
            Amount::Numbers(all) => {
                if let Load::Numbers(numbers) = entry.load() {
                    all.extend(numbers.iter());
                }
            }
            Amount::Rules(seen) => note(seen, entry),
            Amount::Chains(starts, longest, seen) => {
                note(seen, entry);
                for child in entry.children().rev() {
                    let Some(stage) = operator.stages.iter().position(|stage| *stage == child) else {
                        continue;
                    };
                    let stages = operator.stages.len();
                    *longest = (*longest).max(extend(starts, stages, stage, entry.at.ts, operator.span));
                }
            }
        }
    }

    /// The value; none where there is none, such as the average of nothing.
    pub(super) fn value(&self, total: u64, operator: &Operator) -> Option<Value> {
        let count = |count: usize| Some(Value::Int(count as i128));
        match self {
            Amount::Count => Some(Value::Int(total.into())),
            Amount::Distinct(known) => count(known.len()),
            Amount::Rules(seen) => count(seen.iter().filter(|seen| **seen).count()),
            Amount::Chains(_, longest, _) => Some(Value::Int((*longest).into())),
            Amount::Numbers(numbers) => match operator.kind {
                Kind::ValueSum => Some(Sum::of(numbers)),
                Kind::ValueAvg => average(numbers),
                _ => percentile(numbers, operator.percentile, operator.is_nearest),
            },
        }
    }
}

/// Notes which of the listed rules matched.
fn note(seen: &mut [bool], entry: &Entry) {
    for child in entry.children() {
        if let Some(seen) = seen.get_mut(usize::from(child)) {
            *seen = true;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "more than 2^53 numbers do not fit into memory")]
fn average(numbers: &[Value]) -> Option<Value> {
    if numbers.is_empty() {
        return None;
    }
    let count = numbers.len();
    Some(Value::of_float(Sum::of(numbers).as_f64() / count as f64))
}

/// Linear interpolation at (n−1)·p between the sorted numbers, or the nearest rank (E28).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places"
)]
fn percentile(numbers: &[Value], percentile: f64, is_nearest: bool) -> Option<Value> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(|a, b| a.order(*b));
    let count = sorted.len() as f64;
    if is_nearest {
        let rank = (count * percentile / 100.0).ceil().max(1.0) as usize;
        return sorted.get(rank - 1).or(sorted.last()).copied();
    }
    let place = (count - 1.0) * percentile / 100.0;
    let below = sorted.get(place.floor() as usize).copied()?;
    let share = place - place.floor();
    if share == 0.0 {
        return Some(below);
    }
    let above = sorted.get(place.floor() as usize + 1).copied()?;
    Some(Value::of_float(below.as_f64() + share * (above.as_f64() - below.as_f64())))
}

/// Whether a window's value satisfies the condition.
pub(super) fn holds(amount: &Amount, value: Option<Value>, operator: &Operator) -> bool {
    match &operator.predicate {
        Predicate::Thresholds(thresholds) => match (amount, value) {
            // Averages of integers are compared exactly: the sum with the number times the count (E27).
            (Amount::Numbers(numbers), Some(value)) if operator.kind == Kind::ValueAvg => {
                match (Sum::of(numbers), i128::try_from(numbers.len())) {
                    (Value::Int(sum), Ok(count)) => thresholds.iter().all(|it| {
                        let product = match Value::from(it.number) {
                            Value::Int(number) => number.checked_mul(count).map(Value::Int),
                            Value::Float(number) => Some(Value::Float(number * numbers.len() as f64)),
                        };
                        let order = product.map_or_else(
                            || value.order(it.number.into()),
                            |product| Value::Int(sum).order(product),
                        );
                        crate::number::holds(it.op, order)
                    }),
                    _ => all_hold(thresholds, value),
                }
            }
            (_, Some(value)) => all_hold(thresholds, value),
            (_, None) => false,
        },
        Predicate::Formula(formula) => match amount {
            Amount::Rules(seen) => {
                let has = |rule: &u16| seen.get(usize::from(*rule)) == Some(&true);
                formula.conjunctions.iter().any(|it| it.must.iter().all(has) && !it.must_not.iter().any(has))
            }
            Amount::Chains(_, longest, seen) => {
                let has = |rule: &u16| seen.get(usize::from(*rule)) == Some(&true);
                usize::from(*longest) >= operator.stages.len()
                    && formula.conjunctions.iter().any(|it| !it.must_not.iter().any(has))
            }
            _ => false,
        },
    }
}

impl Pile {
    pub(crate) fn new() -> Self {
        Self { open: None, silence: Silence::default(), always: None }
    }

    /// Judges every bucket from the one that starts at `start` on, also those without inputs (E35), as far as they end
    /// by `until`.
    pub(crate) fn judge_always(&mut self, start: i64, until: i64) {
        let (next, known) = self.always.unwrap_or((start, until));
        self.always = Some((next, known.max(until)));
    }

    pub(crate) fn input(&mut self, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        let (operator, ts) = (cx.operator, entry.at.ts);
        self.settle(ts, group, cx);
        if let Shape::Session { gap } = operator.shape
            && self.open.as_ref().is_some_and(|open| !open.joins(ts, gap, operator.span))
        {
            self.close(group, cx);
        }
        let open = self.open.get_or_insert_with(|| Box::new(Open::new(ts, operator)));
        open.last = ts;
        open.amount.add(&entry, operator);
        open.gather.add(&entry, operator, cx.plan.limits.values_max);
    }

    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        self.settle_always(watermark, group, cx);
        if self.open.as_ref().is_some_and(|open| open.due(cx.operator) < watermark) {
            self.close(group, cx);
        }
        // A window that is still open closes too late to be left out behind what is over by now.
        self.silence.settle(watermark, group, cx);
    }

    /// Judges the buckets of a group that is judged whether anything happens or not.
    fn settle_always(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        if cx.operator.shape != Shape::Bucket {
            return;
        }
        while let Some((start, until)) = self.always {
            let end = cx.operator.buckets.end(start);
            if end > watermark.min(until) || end <= start {
                return;
            }
            // What began before is judged for itself.
            if let Some(open) = self.open.take_if(|open| open.start < start) {
                self.judge(*open, group, cx);
            }
            match self.open.take_if(|open| open.start == start) {
                Some(open) => self.judge(*open, group, cx),
                None => self.judge(Open::new(start, cx.operator), group, cx),
            }
            self.always = Some((end, until));
        }
    }

    fn close(&mut self, group: &[u8], cx: &mut Cx<'_>) {
        if let Some(open) = self.open.take() {
            self.judge(*open, group, cx);
        }
    }

    fn judge(&mut self, open: Open, group: &[u8], cx: &mut Cx<'_>) {
        let operator = cx.operator;
        let value = open.amount.value(open.gather.total, operator);
        if !holds(&open.amount, value, operator) {
            return;
        }
        let closed = open.closed(operator);
        // A session lies in the cell of its inputs, though it may end where that ends.
        let (within, cell_end) = match operator.shape {
            Shape::Session { .. } => (open.start, open.end),
            _ => (closed, operator.cell.end(closed)),
        };
        if self.silence.swallows(closed, within, cx) {
            return;
        }
        let (start, mut gather) = (open.start, open.gather);
        let is_empty = gather.total == 0;
        if is_empty {
            gather.first_seen = start;
        }
        let last = if is_empty { closed } else { open.last };
        let anchor = Anchor::Window { start, end: closed };
        let value = value.unwrap_or(Value::Int(0));
        let record = Record::open((anchor, closed), (value, last), gather, group, cx);
        record.show(group, cx);
        self.silence.begin(record, closed, cell_end, group, cx);
    }

    /// The last instant that must lie before a watermark for anything to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        let open = self.open.as_ref().map(|open| open.due(operator));
        [open, self.silence.due()].into_iter().flatten().min()
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.gather.total)
    }

    /// The first instant of the window that is open.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.open.as_ref().map(|open| open.start)
    }

    /// Whether nothing is left.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_none() && self.silence.due().is_none() && self.always.is_none()
    }
}

impl Open {
    fn new(ts: i64, operator: &Operator) -> Self {
        let (start, end) = match operator.shape {
            Shape::Bucket => (operator.buckets.start(ts), operator.buckets.end(ts)),
            _ => (ts, operator.cell.end(ts)),
        };
        let (amount, gather) = (Amount::new(operator), Gather::new(operator));
        Self { start, end, last: ts, amount, gather }
    }

    /// Whether an input belongs to the session (E17).
    fn joins(&self, ts: i64, gap: i64, span: i64) -> bool {
        is_within(self.last, ts, gap) && is_within(self.start, ts, span) && ts < self.end
    }

    /// The instant at which the window closes.
    fn closed(&self, operator: &Operator) -> i64 {
        match operator.shape {
            Shape::Session { gap } => {
                let last = self.last.saturating_add(gap).min(self.start.saturating_add(operator.span));
                last.min(self.end)
            }
            _ => self.end,
        }
    }

    /// The last instant at which an input may belong to it.
    fn due(&self, operator: &Operator) -> i64 {
        self.closed(operator).min(self.end.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_interpolated_or_ranked() {
        let int = |all: &[i128]| all.iter().map(|value| Value::Int(*value)).collect::<Vec<_>>();
        for (numbers, p, is_nearest, expect) in [
            (int(&[1, 50]), 95.0, false, Some(Value::Float(47.55))),
            (int(&[3, 1, 2]), 50.0, false, Some(Value::Int(2))),
            (int(&[1, 2]), 50.0, false, Some(Value::Float(1.5))),
            (int(&[1, 2]), 50.0, true, Some(Value::Int(1))),
            (int(&[1, 2, 3, 4]), 100.0, false, Some(Value::Int(4))),
            (int(&[1, 2, 3, 4]), 0.0, true, Some(Value::Int(1))),
            (int(&[]), 50.0, false, None),
        ] {
            let found = percentile(&numbers, p, is_nearest);
            match (found, expect) {
                (Some(found), Some(expect)) => assert!((found.as_f64() - expect.as_f64()).abs() < 1e-9),
                (found, expect) => assert_eq!(found, expect, "{numbers:?} {p}"),
            }
        }
        assert_eq!(average(&int(&[1, 2, 3])), Some(Value::Int(2)));
        assert_eq!(average(&int(&[1, 2])), Some(Value::Float(1.5)));
    }
}
