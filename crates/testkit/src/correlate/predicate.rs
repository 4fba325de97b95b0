//! Predicates, computed from scratch over the inputs of a window (E25–E31).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, Threshold, ThresholdOp};

use super::Num;
use super::options::{Options, Percentile};
use super::world::Input;

/// What a correlation measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    Number(Num),
    /// A sum of values and how many they are.
    Mean(Num, usize),
}

impl Measure {
    pub(crate) fn value(self) -> Num {
        match self {
            Measure::Number(number) => number,
            Measure::Mean(Num::Int(sum), count) if sum % (count as i128) == 0 => {
                Num::Int(sum / count as i128)
            }
            Measure::Mean(sum, count) => Num::of_f64(sum.as_f64() / count as f64),
        }
    }

    fn compare(self, limit: Num) -> Ordering {
        match (self, limit) {
            (Measure::Number(number), limit) => number.compare(limit),
            // Without a division (E27).
            (Measure::Mean(Num::Int(sum), count), Num::Int(limit)) => {
                match limit.checked_mul(count as i128) {
                    Some(product) => sum.cmp(&product),
                    None => Num::Int(sum).compare(Num::of_f64(limit as f64 * count as f64)),
                }
            }
            (Measure::Mean(Num::Int(sum), count), Num::Float(limit)) => {
                Num::Int(sum).compare(Num::of_f64(limit * count as f64))
            }
            (mean @ Measure::Mean(..), limit) => mean.value().compare(limit),
        }
    }

    pub(crate) fn holds(self, thresholds: &[Threshold]) -> bool {
        thresholds.iter().all(|threshold| {
            let order = self.compare(Num::of_rule(threshold.number));
            match threshold.op {
                ThresholdOp::Lt => order.is_lt(),
                ThresholdOp::Lte => order.is_le(),
                ThresholdOp::Gt => order.is_gt(),
                ThresholdOp::Gte => order.is_ge(),
                ThresholdOp::Eq => order.is_eq(),
                ThresholdOp::Neq => order.is_ne(),
            }
        })
    }
}

/// What the inputs of a window measure; nothing if there is nothing to measure. `last` is the input at which a sliding
/// window is evaluated.
pub(crate) fn measure(
    correlation: &Correlation,
    options: &Options,
    window: &[&Input],
    last: Option<&Input>,
) -> Option<Measure> {
    let count = |count: usize| Some(Measure::Number(Num::Int(count as i128)));
    match correlation.kind {
        CorrelationType::EventCount => {
            count(window.iter().map(|input| input.id()).collect::<BTreeSet<_>>().len())
        }
        CorrelationType::ValueCount => count(tuples(window).collect::<BTreeSet<_>>().len()),
        CorrelationType::Temporal => {
            count(window.iter().flat_map(|input| &input.rules).collect::<BTreeSet<_>>().len())
        }
        CorrelationType::TemporalOrdered => count(longest_chain(window, last)),
        CorrelationType::ValueSum => Some(Measure::Number(Num::sum(&numbers(window)))),
        CorrelationType::ValueAvg => {
            let numbers = numbers(window);
            (!numbers.is_empty()).then(|| Measure::Mean(Num::sum(&numbers), numbers.len()))
        }
        CorrelationType::ValuePercentile | CorrelationType::ValueMedian => {
            let percentile = match &correlation.condition {
                CorrelationCondition::Thresholds { percentile: Some(percentile), .. }
                    if correlation.kind == CorrelationType::ValuePercentile =>
                {
                    Num::of_rule(*percentile).as_f64()
                }
                _ => 50.0,
            };
            at_percentile(numbers(window), percentile, options.percentile).map(Measure::Number)
        }
    }
}

fn tuples<'i>(window: &[&'i Input]) -> impl Iterator<Item = &'i Vec<String>> {
    let counted: Vec<_> = window.iter().flat_map(|input| &input.counted).collect();
    counted.into_iter().flat_map(|(_, tuples)| tuples)
}

fn numbers(window: &[&Input]) -> Vec<Num> {
    tuples(window).filter_map(|tuple| Num::parse(&tuple[0])).collect()
}

/// E28, D6.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank among the values")]
fn at_percentile(mut values: Vec<Num>, percentile: f64, reading: Percentile) -> Option<Num> {
    values.sort_by(|a, b| a.compare(*b));
    let count = values.len();
    let last = count.checked_sub(1)?;
    match reading {
        Percentile::Linear => {
            let rank = last as f64 * percentile / 100.0;
            let (below, part) = (rank.floor(), rank.fract());
            let low = values[(below as usize).min(last)];
            if part == 0.0 {
                return Some(low);
            }
            let high = values[(below as usize + 1).min(last)].as_f64();
            Some(Num::of_f64(low.as_f64() + (high - low.as_f64()) * part))
        }
        Percentile::Nearest => {
            let rank = (count as f64 * percentile / 100.0).ceil().max(1.0);
            Some(values[(rank as usize - 1).min(last)])
        }
    }
}

/// E31: the most inputs that hit listed rules in the order of the list, one after the other. All of a window lie within T
/// of its first, so that any choice of them does.
pub(crate) fn longest_chain(window: &[&Input], last: Option<&Input>) -> usize {
    // For each input and each rule that it hits: the longest chain that ends there.
    let mut ends: Vec<Vec<(usize, usize)>> = Vec::new();
    for input in window {
        let here = input.rules.iter().map(|rule| {
            let before = ends.iter().flatten().filter(|(other, _)| other < rule);
            (*rule, 1 + before.map(|(_, length)| *length).max().unwrap_or(0))
        });
        let here = here.collect();
        ends.push(here);
    }
    let of = |(input, ends): (&&Input, &Vec<(usize, usize)>)| match last {
        Some(last) if last.order != input.order => 0,
        _ => ends.iter().map(|(_, length)| *length).max().unwrap_or(0),
    };
    window.iter().zip(&ends).map(of).max().unwrap_or(0)
}
