//! What contributed to a detection: totals, evidence, outcomes, values for consumers (E14, E24).

mod evidence;

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_ir::{Aggregate, Outcome as Declared};

pub(crate) use self::evidence::Mark;
use self::evidence::{Refs, Ring};
use crate::input::{Entry, Ref};
use crate::plan::{Node, Operator};
use crate::{Outcome, OutcomeValue, Value, Values};

/// What contributed, as far as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Gather {
    pub(crate) total: u64,
    pub(crate) first_seen: i64,
    /// The oldest K; the newest too until something between them is left out. Times are told from `first_seen`.
    oldest: Refs,
    /// The newest K, once something is.
    newest: Option<Box<Ring>>,
    /// Of most rules there are none.
    values: Option<Box<Gathered>>,
}

/// Values of what contributed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Gathered {
    is_fanout_truncated: bool,
    outcomes: Box<[Acc]>,
    /// Values of the fields that are read of the detection beyond its own.
    extras: Box<[Distinct]>,
}

/// An outcome in the making.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Acc {
    Count(u64),
    Distinct(HashSet<Box<str>>, bool),
    Sum(Sum),
    Least(Option<Value>),
    Greatest(Option<Value>),
    First(Option<Box<str>>),
    Last(Option<Box<str>>),
    Values(Distinct),
}

/// Different texts in the order in which they came, up to a limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Distinct {
    texts: Vec<Box<str>>,
    is_truncated: bool,
    /// The same again, once there are many.
    seen: Option<HashSet<Box<str>>>,
}

/// From here on texts are looked up rather than compared one by one.
const LOOKED_UP_FROM: usize = 16;

impl Distinct {
    fn add(&mut self, text: &str, max: usize) {
        let is_known = match &self.seen {
            Some(seen) => seen.contains(text),
            None => self.texts.iter().any(|known| &**known == text),
        };
        if is_known {
            return;
        }
        if self.texts.len() >= max {
            self.is_truncated = true;
            return;
        }
        self.texts.push(text.into());
        match &mut self.seen {
            Some(seen) => {
                seen.insert(text.into());
            }
            None if self.texts.len() == LOOKED_UP_FROM => {
                self.seen = Some(self.texts.iter().cloned().collect());
            }
            None => {}
        }
    }
}

/// A sum: of integers exactly; as soon as one number is none, or the integers overflow, of floats in the order in
/// which they came (E27).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sum {
    ints: Option<i128>,
    floats: f64,
    has_float: bool,
}

impl Sum {
    pub(crate) fn add(&mut self, value: Value) {
        self.floats += value.as_f64();
        match value {
            Value::Int(value) => match self.ints.unwrap_or(0).checked_add(value) {
                Some(sum) => self.ints = Some(sum),
                None => self.has_float = true,
            },
            Value::Float(_) => self.has_float = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.ints.is_none() && !self.has_float
    }

    pub(crate) fn value(&self) -> Value {
        if self.has_float { Value::of_float(self.floats) } else { Value::Int(self.ints.unwrap_or(0)) }
    }

    pub(crate) fn of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Value {
        let mut sum = Sum::default();
        values.into_iter().for_each(|value| sum.add(*value));
        sum.value()
    }
}

impl Acc {
    fn new(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Count => Acc::Count(0),
            Aggregate::Distinct => Acc::Distinct(HashSet::new(), false),
            Aggregate::Sum => Acc::Sum(Sum::default()),
            Aggregate::Min => Acc::Least(None),
            Aggregate::Max => Acc::Greatest(None),
            Aggregate::First => Acc::First(None),
            Aggregate::Last => Acc::Last(None),
            Aggregate::Values => Acc::Values(Distinct::default()),
        }
    }

    fn add<'t>(&mut self, mut texts: impl Iterator<Item = &'t str>, max: usize) {
        match self {
            Acc::Count(count) => *count += 1,
            Acc::Distinct(known, is_truncated) => {
                for text in texts {
                    if known.len() < max {
                        known.insert(text.into());
                    } else if !known.contains(text) {
                        *is_truncated = true;
                    }
                }
            }
            Acc::Sum(sum) => texts.filter_map(Value::parse).for_each(|value| sum.add(value)),
            Acc::Least(least) => {
                for value in texts.filter_map(Value::parse) {
                    if least.is_none_or(|least| value.order(least).is_lt()) {
                        *least = Some(value);
                    }
                }
            }
            Acc::Greatest(greatest) => {
                for value in texts.filter_map(Value::parse) {
                    if greatest.is_none_or(|greatest| value.order(greatest).is_gt()) {
                        *greatest = Some(value);
                    }
                }
            }
            Acc::First(first) => {
                if first.is_none() {
                    *first = texts.next().map(Into::into);
                }
            }
            Acc::Last(last) => {
                if let Some(text) = texts.last() {
                    *last = Some(text.into());
                }
            }
            Acc::Values(values) => texts.for_each(|text| values.add(text, max)),
        }
    }

    fn value(&self) -> (OutcomeValue, bool) {
        let count = |count: usize| OutcomeValue::Number(Value::Int(count as i128));
        let number = |value: &Option<Value>| value.map_or(OutcomeValue::None, OutcomeValue::Number);
        let text = |text: &Option<Box<str>>| {
            text.as_ref().map_or(OutcomeValue::None, |text| OutcomeValue::Text(text.to_string()))
        };
        match self {
            Acc::Count(count) => (OutcomeValue::Number(Value::Int((*count).into())), false),
            Acc::Distinct(known, is_truncated) => (count(known.len()), *is_truncated),
            Acc::Sum(sum) if sum.is_empty() => (OutcomeValue::None, false),
            Acc::Sum(sum) => (OutcomeValue::Number(sum.value()), false),
            Acc::Least(value) | Acc::Greatest(value) => (number(value), false),
            Acc::First(value) | Acc::Last(value) => (text(value), false),
            Acc::Values(values) if values.texts.is_empty() => (OutcomeValue::None, false),
            Acc::Values(values) => {
                let texts = values.texts.iter().map(ToString::to_string).collect();
                (OutcomeValue::Texts(texts), values.is_truncated)
            }
        }
    }
}

impl Gather {
    pub(crate) fn new(operator: &Operator) -> Self {
        let has_values = !operator.outcomes.is_empty() || !operator.extras.is_empty();
        let values = has_values.then(|| {
            Box::new(Gathered {
                is_fanout_truncated: false,
                outcomes: operator.outcomes.iter().map(|outcome| Acc::new(outcome.aggregate)).collect(),
                extras: operator.extras.iter().map(|_| Distinct::default()).collect(),
            })
        });
        Self { total: 0, first_seen: i64::MAX, oldest: Refs::new(0), newest: None, values }
    }

    /// See [`crate::state::State::touch`].
    pub(crate) fn touch(&self, step: usize) -> u64 {
        match &self.newest {
            None => self.oldest.touch(step),
            Some(newest) => newest.touch(),
        }
    }

    /// Adds an input; in canonical order.
    pub(crate) fn add(&mut self, entry: &Entry, operator: &Operator, max: usize) {
        debug_assert!(self.total == 0 || self.first_seen <= entry.at.ts, "inputs come in the order of time");
        if self.total == 0 {
            self.first_seen = entry.at.ts;
            self.oldest = Refs::new(entry.at.ts);
        }
        self.total += 1;
        let kept = operator.evidence;
        if self.total <= kept.saturating_mul(2) as u64 {
            self.oldest.push(&entry.at);
        } else if kept > 0 {
            self.newest.get_or_insert_with(|| self.oldest.split(self.first_seen, kept)).rotate(&entry.at);
        }
        if entry.more().is_some_and(|more| more.is_fanout_truncated) {
            self.values.get_or_insert_default().is_fanout_truncated = true;
        }
        let Some(values) = &mut self.values else { return };
        let mut fields = entry.more().map_or(&[][..], |more| &more.gathered[..]).iter();
        for (acc, outcome) in values.outcomes.iter_mut().zip(&operator.outcomes) {
            let texts = match outcome.aggregate {
                Aggregate::Count => &[][..],
                _ => fields.next().map_or(&[][..], |texts| &texts[..]),
            };
            acc.add(texts.iter().map(|text| &**text), max);
        }
        for (extra, texts) in values.extras.iter_mut().zip(fields) {
            texts.iter().for_each(|text| extra.add(text, max));
        }
    }

    /// Whether there is a reference of all that contributed, and will be if so many more do.
    pub(crate) fn has_all(&self, more: usize, operator: &Operator) -> bool {
        let has_room = self.oldest.has_room(more);
        has_room && self.total + more as u64 <= operator.evidence.saturating_mul(2) as u64
    }

    /// Where the reference behind another begins, and its time, where it [has all](Self::has_all); `ts` is that of the other.
    pub(crate) fn behind(&self, mark: Mark, ts: i64) -> (Mark, i64) {
        self.oldest.behind(mark, ts)
    }

    /// How many references there are, and whether something between them is left out.
    pub(crate) fn evidence_size(&self, operator: &Operator) -> (usize, bool) {
        let kept = operator.evidence.saturating_mul(2);
        let count = usize::try_from(self.total).unwrap_or(usize::MAX).min(kept);
        (count, self.total > count as u64)
    }

    /// The oldest and the newest, in order.
    pub(crate) fn evidence(&self) -> impl Iterator<Item = Ref> {
        self.oldest.iter(self.first_seen).chain(self.newest.iter().flat_map(|newest| newest.iter()))
    }

    /// Whether a contributing event would have been in more groups than the limit allows.
    pub(crate) fn is_fanout_truncated(&self) -> bool {
        self.values.as_ref().is_some_and(|values| values.is_fanout_truncated)
    }

    pub(crate) fn outcomes(&self, declared: &[Declared]) -> Box<[Outcome]> {
        let values = self.values.as_ref().map_or(&[][..], |values| &values.outcomes[..]);
        values.iter().zip(declared).map(|(acc, declared)| outcome(acc, declared)).collect()
    }

    /// The values of one of the operator's `extras`.
    pub(crate) fn extra(&self, at: usize) -> impl Iterator<Item = &str> {
        let extra = self.values.as_ref().and_then(|values| values.extras.get(at));
        extra.into_iter().flat_map(|extra| extra.texts.iter().map(|text| &**text))
    }

    /// Lets go of what only consumers read, once they have read it.
    pub(crate) fn forget_extras(&mut self) {
        match &mut self.values {
            Some(values) if !values.outcomes.is_empty() || values.is_fanout_truncated => {
                values.extras = Box::default();
            }
            values => *values = None,
        }
    }

    /// The outcomes of a single-event rule's hit.
    pub(crate) fn outcomes_of_hit(node: &Node, values: &Values, max: usize) -> Vec<Outcome> {
        let outcomes = node.outcomes.iter().zip(&node.outcome_slots);
        outcomes
            .map(|(declared, slot)| {
                let mut acc = Acc::new(declared.aggregate);
                acc.add(values.get(*slot), max);
                outcome(&acc, declared)
            })
            .collect()
    }
}

fn outcome(acc: &Acc, declared: &Declared) -> Outcome {
    let (value, is_truncated) = acc.value();
    Outcome { name: Arc::from(declared.name.as_str()), value, is_truncated }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_until_a_float_comes() {
        let int = Value::Int;
        for (values, expect) in [
            (vec![], int(0)),
            (vec![int(1), int(-3)], int(-2)),
            (vec![int(1), Value::Float(0.5)], Value::Float(1.5)),
            (vec![int((1 << 60) + 1), int(1)], int((1 << 60) + 2)),
            (vec![int(i128::MAX), int(1)], Value::Float(1.701_411_834_604_692_3e38)),
        ] {
            assert_eq!(Sum::of(&values), expect, "{values:?}");
        }
    }

    #[test]
    fn outcomes_are_made_of_all_values() {
        let events = [&["b", "2"][..], &[], &["10", "b"]];
        for (aggregate, max, expect, is_truncated) in [
            (Aggregate::Count, 9, OutcomeValue::Number(Value::Int(3)), false),
            (Aggregate::Distinct, 9, OutcomeValue::Number(Value::Int(3)), false),
            (Aggregate::Distinct, 2, OutcomeValue::Number(Value::Int(2)), true),
            (Aggregate::Sum, 9, OutcomeValue::Number(Value::Int(12)), false),
            (Aggregate::Min, 9, OutcomeValue::Number(Value::Int(2)), false),
            (Aggregate::Max, 9, OutcomeValue::Number(Value::Int(10)), false),
            (Aggregate::First, 9, OutcomeValue::Text("b".into()), false),
            (Aggregate::Last, 9, OutcomeValue::Text("b".into()), false),
            (Aggregate::Values, 2, OutcomeValue::Texts(vec!["b".into(), "2".into()]), true),
        ] {
            let mut acc = Acc::new(aggregate);
            events.iter().for_each(|texts| acc.add(texts.iter().copied(), max));
            assert_eq!(acc.value(), (expect, is_truncated), "{aggregate}");
        }
    }
}
