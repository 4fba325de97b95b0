//! Extended conditions (E33, E34; D7–D11).

use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationExpr, CorrelationType};

use super::Time;
use super::options::Options;
use super::world::Input;

/// Names that must hold and names that must not, as places in the list of rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conjunct {
    pub(crate) positive: BTreeSet<usize>,
    pub(crate) negative: BTreeSet<usize>,
}

/// Whether an input can be decided at more than one instant (D8): then results depend on one window more.
pub(crate) fn has_instants(alternatives: &[Conjunct]) -> bool {
    alternatives.len() > 1 && alternatives.iter().any(|one| !one.negative.is_empty())
}

/// The condition as alternatives.
///
/// # Errors
/// An alternative is only negative; an ordered condition has alternatives.
pub(crate) fn alternatives(
    correlation: &Correlation,
    expr: &CorrelationExpr,
) -> Result<Vec<Conjunct>, String> {
    let mut all = distribute(correlation, expr, true);
    all.retain(|one| one.positive.is_disjoint(&one.negative));
    all.sort();
    all.dedup();
    let is_within = |small: &Conjunct, large: &Conjunct| {
        small != large
            && small.positive.is_subset(&large.positive)
            && small.negative.is_subset(&large.negative)
    };
    let kept: Vec<Conjunct> =
        all.iter().filter(|one| !all.iter().any(|other| is_within(other, one))).cloned().collect();
    if kept.iter().any(|one| one.positive.is_empty()) {
        return Err("nothing positive".to_owned());
    }
    if correlation.kind == CorrelationType::TemporalOrdered && kept.len() > 1 {
        return Err("no order between alternatives".to_owned());
    }
    Ok(kept)
}

fn distribute(correlation: &Correlation, expr: &CorrelationExpr, holds: bool) -> Vec<Conjunct> {
    match expr {
        CorrelationExpr::Not(arg) => distribute(correlation, arg, !holds),
        CorrelationExpr::Or(args) if holds => {
            args.iter().flat_map(|arg| distribute(correlation, arg, holds)).collect()
        }
        CorrelationExpr::And(args) if !holds => {
            args.iter().flat_map(|arg| distribute(correlation, arg, holds)).collect()
        }
        CorrelationExpr::And(args) | CorrelationExpr::Or(args) => {
            let mut all = vec![Conjunct { positive: BTreeSet::new(), negative: BTreeSet::new() }];
            for arg in args {
                let of_arg = distribute(correlation, arg, holds);
                all = all
                    .iter()
                    .flat_map(|one| {
                        of_arg.iter().map(|other| Conjunct {
                            positive: &one.positive | &other.positive,
                            negative: &one.negative | &other.negative,
                        })
                    })
                    .collect();
            }
            all
        }
        CorrelationExpr::Rule(rule) => {
            let place = correlation.rules.iter().position(|listed| listed.target == rule.target);
            let (this, none) = (place.into_iter().collect(), BTreeSet::new());
            vec![match holds {
                true => Conjunct { positive: this, negative: none },
                false => Conjunct { positive: none, negative: this },
            }]
        }
    }
}

/// If the condition holds at the last input of a window: the instant at which that is decided, and since when inputs
/// contribute to it.
pub(crate) fn instant(
    correlation: &Correlation,
    options: &Options,
    alternatives: &[Conjunct],
    window: &[&Input],
    all: &[Input],
) -> Option<(Time, Time)> {
    let last = window.last()?;
    let of = |one: &Conjunct| {
        let start = match correlation.kind {
            CorrelationType::TemporalOrdered => latest_start(&one.positive, window)?,
            _ => earliest_of_latest(&one.positive, window)?,
        };
        if one.negative.is_empty() {
            return Some((last.ts(), last.ts() - options.span));
        }
        let end = start + options.span;
        let mut within = all.iter().filter(|input| (start..=end).contains(&input.ts()));
        let is_hit = within.any(|input| !input.rules.is_disjoint(&one.negative));
        (!is_hit).then_some((end, start))
    };
    alternatives.iter().filter_map(of).min_by_key(|(instant, since)| (*instant, -since))
}

/// Whether the condition holds in a bucket or a session.
pub(crate) fn holds(correlation: &Correlation, alternatives: &[Conjunct], window: &[&Input]) -> bool {
    let has = |rule: &usize| window.iter().any(|input| input.rules.contains(rule));
    alternatives.iter().any(|one| {
        let is_met = match correlation.kind {
            CorrelationType::TemporalOrdered => {
                (1..=window.len()).any(|end| latest_start(&one.positive, &window[..end]).is_some())
            }
            _ => one.positive.iter().all(has),
        };
        is_met && !one.negative.iter().any(has)
    })
}

/// The earliest of the latest hits of some rules.
fn earliest_of_latest(rules: &BTreeSet<usize>, window: &[&Input]) -> Option<Time> {
    let latest = rules
        .iter()
        .map(|rule| window.iter().filter(|input| input.rules.contains(rule)).map(|input| input.ts()).max());
    latest.collect::<Option<Vec<Time>>>()?.into_iter().min()
}

/// The latest start of a chain through some rules in the order of the list that ends at the last input.
fn latest_start(rules: &BTreeSet<usize>, window: &[&Input]) -> Option<Time> {
    fn search(rules: &[usize], window: &[&Input], end: usize) -> Option<Time> {
        let (last, before) = rules.split_last()?;
        if !window[end].rules.contains(last) {
            return None;
        }
        if before.is_empty() {
            return Some(window[end].ts());
        }
        (0..end).filter_map(|earlier| search(before, window, earlier)).max()
    }
    let rules: Vec<usize> = rules.iter().copied().collect();
    search(&rules, window, window.len().checked_sub(1)?)
}
