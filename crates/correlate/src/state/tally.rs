//! What a sliding window amounts to, kept as inputs come and go (E25–E31, E46).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sigyn_ir::CorrelationType as Kind;

use super::sliding::is_pivot;
use super::values::Values;
use crate::Value;
use crate::formula::Conjunction;
use crate::gather::Sum;
use crate::input::{Entry, Load};
use crate::number::all_hold;
use crate::plan::{Operator, Predicate, Shape};

/// No instant.
const NEVER: i64 = i64::MIN;
/// From here on integers are added from scratch each time, so that sums cannot overflow on the way.
const LARGE: u128 = 1 << 100;

/// The aggregate of a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Tally {
    Count(u64),
    Distinct(Box<Values>),
    Sum(Box<Numbers>),
    /// For each listed rule its last hit.
    Temporal(Box<[i64]>),
    /// For each stage the latest start of a chain of all stages up to it; at the end whether the last input
    /// completed one.
    Chain(Box<[i64]>, bool),
    /// The latest start per length and last stage, length by length; the longest chain that the last input ends.
    Chains(Box<[i64]>, u16),
}

/// The sum of small integers, and how many other numbers there are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Numbers {
    ints: i128,
    others: u64,
}

impl Tally {
    pub(crate) fn new(operator: &Operator) -> Self {
        let rules = operator.children.len();
        match operator.kind {
            // Windows that hang on a pivot are measured one by one.
            _ if matches!(operator.shape, Shape::Before { .. } | Shape::After { .. }) => Tally::Count(0),
            Kind::EventCount => Tally::Count(0),
            Kind::ValueCount => Tally::Distinct(Box::default()),
            Kind::Temporal => Tally::Temporal(never(rules)),
            Kind::TemporalOrdered if operator.needs_whole_chain => {
                Tally::Chain(never(operator.stages.len()), false)
            }
            Kind::TemporalOrdered => Tally::Chains(never(rules * rules), 0),
            _ => Tally::Sum(Box::default()),
        }
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        let first = |starts: &[i64]| starts.first().map_or(0, |start| start.cast_unsigned());
        match self {
            Tally::Distinct(known) => known.touch(step),
            _ if step != 1 => 0,
            Tally::Count(count) => *count,
            Tally::Sum(numbers) => numbers.others,
            Tally::Temporal(starts) | Tally::Chain(starts, _) | Tally::Chains(starts, _) => first(starts),
        }
    }

    /// Adds an input.
    pub(crate) fn add(&mut self, entry: &Entry, operator: &Operator) {
        let ts = entry.at.ts;
        match self {
            Tally::Count(count) => *count += 1,
            Tally::Distinct(known) => known.push(entry.tuples()),
            Tally::Sum(numbers) => for_numbers(entry, |value| match small(value) {
                Some(value) => numbers.ints += value,
                None => numbers.others += 1,
            }),
            Tally::Temporal(last) => {
                for child in entry.children() {
                    if let Some(last) = last.get_mut(usize::from(child)) {
                        *last = ts;
                    }
                }
            }
            Tally::Chain(starts, is_complete) => {
                *is_complete = false;
                let order = &operator.stages;
                // The last stage first, so that one event never fills two places.
                for child in entry.children().rev() {
                    let Some(stage) = order.iter().position(|stage| *stage == child) else { continue };
                    let start = if stage == 0 { ts } else { starts.get(stage - 1).copied().unwrap_or(NEVER) };
                    if is_within(start, ts, operator.span) {
                        if let Some(own) = starts.get_mut(stage) {
                            *own = start;
                        }
                        *is_complete |= stage + 1 == order.len();
                    }
                }
            }
            Tally::Chains(starts, longest) => {
                *longest = 0;
                let rules = operator.children.len();
                for child in entry.children().rev() {
                    *longest = (*longest).max(extend(starts, rules, usize::from(child), ts, operator.span));
                }
            }
        }
    }

    /// Takes an input away that has left the window: the oldest that it holds.
    pub(crate) fn remove(&mut self, entry: &Entry) {
        match self {
            Tally::Count(count) => *count -= 1,
            Tally::Distinct(known) => known.pop_front(),
            Tally::Sum(numbers) => for_numbers(entry, |value| match small(value) {
                Some(value) => numbers.ints -= value,
                None => numbers.others -= 1,
            }),
            Tally::Temporal(_) | Tally::Chain(..) | Tally::Chains(..) => {}
        }
    }

    /// Takes the oldest input away, of which nothing is kept but what it counts.
    pub(crate) fn remove_counted(&mut self) {
        match self {
            Tally::Count(count) => *count = count.saturating_sub(1),
            Tally::Distinct(known) => known.pop_front(),
            Tally::Sum(_) | Tally::Temporal(_) | Tally::Chain(..) | Tally::Chains(..) => {}
        }
    }

    /// The value at an input; `window` gives the inputs that count, for sums that must be added from scratch.
    pub(crate) fn value<'e>(
        &self,
        ts: i64,
        operator: &Operator,
        window: impl Iterator<Item = Cow<'e, Entry>>,
    ) -> Value {
        let count = |count: usize| Value::Int(count as i128);
        match self {
            Tally::Count(number) => Value::Int((*number).into()),
            Tally::Distinct(known) => count(known.different()),
            Tally::Sum(numbers) if numbers.others == 0 => Value::Int(numbers.ints),
            Tally::Sum(_) => {
                let mut sum = Sum::default();
                for entry in window {
                    if let Load::Numbers(numbers) = entry.load() {
                        numbers.iter().for_each(|number| sum.add(*number));
                    }
                }
                sum.value()
            }
            Tally::Temporal(last) => {
                count(last.iter().filter(|last| is_within(**last, ts, operator.span)).count())
            }
            Tally::Chain(starts, is_complete) => count(if *is_complete { starts.len() } else { 0 }),
            Tally::Chains(_, longest) => Value::Int((*longest).into()),
        }
    }

    /// The start of the tightest embedding of a conjunction's positive part, if the input at `ts` has one (E33).
    pub(crate) fn embedding(&self, conjunction: &Conjunction, ts: i64, operator: &Operator) -> Option<i64> {
        match self {
            Tally::Temporal(last) => {
                let instants = conjunction
                    .must
                    .iter()
                    .map(|rule| last.get(usize::from(*rule)).copied().unwrap_or(NEVER));
                instants.min().filter(|first| is_within(*first, ts, operator.span))
            }
            Tally::Chain(starts, true) => starts.last().copied(),
            _ => None,
        }
    }
}

fn never(count: usize) -> Box<[i64]> {
    std::iter::repeat_n(NEVER, count).collect()
}

/// Extends chains by a hit of a stage; the length of the longest that it ends.
pub(super) fn extend(starts: &mut [i64], rules: usize, stage: usize, ts: i64, span: i64) -> u16 {
    let mut longest = 0;
    for length in (1..=stage + 1).rev() {
        let start = match length {
            1 => ts,
            _ => {
                let shorter = (0..stage).filter_map(|before| starts.get((length - 2) * rules + before));
                shorter.copied().max().unwrap_or(NEVER)
            }
        };
        if is_within(start, ts, span) {
            if let Some(own) = starts.get_mut((length - 1) * rules + stage) {
                *own = start;
            }
            longest = longest.max(u16::try_from(length).unwrap_or(u16::MAX));
        }
    }
    longest
}

/// Whether an instant lies at most a window before another.
pub(crate) fn is_within(earlier: i64, later: i64, span: i64) -> bool {
    earlier != NEVER && later.saturating_sub(earlier) <= span
}

fn for_numbers(entry: &Entry, visit: impl FnMut(&Value)) {
    if let Load::Numbers(numbers) = entry.load() {
        numbers.iter().for_each(visit);
    }
}

fn small(value: &Value) -> Option<i128> {
    match value {
        Value::Int(value) if value.unsigned_abs() < LARGE => Some(*value),
        _ => None,
    }
}

/// Whether an input that stands alone in its group makes the condition true, or opens a window. If not, the group needs no
/// state yet.
pub(crate) fn holds_alone(entry: &Entry, operator: &Operator) -> bool {
    let ts = entry.at.ts;
    match operator.shape {
        Shape::Before { .. } | Shape::After { .. } => return is_pivot(entry, operator),
        Shape::Consuming => return operator.stages.len() == 1,
        _ => {}
    }
    if operator.kind == Kind::EventCount
        && let Predicate::Thresholds(thresholds) = &operator.predicate
    {
        return all_hold(thresholds, Value::Int(1));
    }
    let mut tally = Tally::new(operator);
    tally.add(entry, operator);
    match &operator.predicate {
        Predicate::Thresholds(thresholds) => {
            all_hold(thresholds, tally.value(ts, operator, std::iter::once(Cow::Borrowed(entry))))
        }
        Predicate::Formula(formula) => {
            formula.conjunctions.iter().any(|it| tally.embedding(it, ts, operator).is_some())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest chain that ends at the last of some hits, by trying all.
    fn longest(hits: &[(i64, usize)], span: i64) -> u16 {
        fn before(hits: &[(i64, usize)], last: usize, end: i64, span: i64) -> u16 {
            let earlier = hits.iter().enumerate().filter(|(_, hit)| hit.1 < last && end - hit.0 <= span);
            let lengths = earlier.map(|(at, hit)| 1 + before(&hits[..at], hit.1, end, span));
            lengths.max().unwrap_or(0)
        }
        let Some(((end, stage), rest)) = hits.split_last() else { return 0 };
        1 + before(rest, *stage, *end, span)
    }

    proptest::proptest! {
        #[test]
        fn latest_starts_are_exact(
            hits in proptest::collection::vec((0_i64..6, 0_usize..4), 1..12),
            span in 1_i64..20,
        ) {
            let (mut ts, mut seen, mut starts) = (0, Vec::new(), vec![NEVER; 16]);
            for (step, stage) in hits {
                ts += step;
                seen.push((ts, stage));
                proptest::prop_assert_eq!(extend(&mut starts, 4, stage, ts, span), longest(&seen, span));
            }
        }
    }
}
