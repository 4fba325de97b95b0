//! What must have matched, and what must not, for a correlation to hold.

use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, Threshold, ThresholdOp};

use crate::Error;

/// Each clause becomes a handful of tables.
const CLAUSES_MAX: usize = 256;

/// One way for a correlation to hold; slots are places in the correlation's list of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clause {
    /// Rules that must have matched.
    pub(super) positive: BTreeSet<usize>,
    /// Rules that must not have matched.
    pub(super) negative: BTreeSet<usize>,
}

/// How a correlation can hold.
pub(super) struct Clauses {
    pub(super) alternatives: Vec<Clause>,
    /// Whether an alternative names the rules whose order counts; if not, the order of all rules counts.
    pub(super) names_order: bool,
}

/// The ways for a correlation to hold. An ordered correlation that asks for some of its rules holds if any so many
/// of them stand in order: a rule beyond these may stand anywhere.
pub(super) fn clauses(correlation: &Correlation) -> Result<Clauses, Error> {
    let (alternatives, names_order) = match &correlation.condition {
        CorrelationCondition::Extended { expr, .. } => (terms(correlation, expr, false)?, true),
        CorrelationCondition::Thresholds { thresholds, .. } => {
            let ordered = correlation.kind == CorrelationType::TemporalOrdered;
            let required = thresholds.iter().filter_map(least).max();
            match required.filter(|_| ordered) {
                Some(count) => (combinations(correlation, count)?, true),
                None => (vec![Clause::default()], false),
            }
        }
    };
    Ok(Clauses { alternatives, names_order })
}

/// The least count that a threshold from below lets through.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped at zero; counts are small"
)]
fn least(threshold: &Threshold) -> Option<usize> {
    let number = threshold.number.as_f64();
    let least = match threshold.op {
        ThresholdOp::Gt => number.floor() + 1.0,
        ThresholdOp::Gte => number.ceil(),
        _ => return None,
    };
    Some(least.max(0.0) as usize)
}

fn combinations(correlation: &Correlation, count: usize) -> Result<Vec<Clause>, Error> {
    let slots: Vec<usize> = correlation.rules.iter().map(|rule| slot(correlation, rule.target)).collect();
    let mut clauses = vec![(Clause::default(), 0)];
    for _ in 0..count {
        let mut longer = Vec::new();
        for (clause, next) in &clauses {
            for (at, slot) in slots.iter().enumerate().skip(*next) {
                let mut clause = clause.clone();
                clause.positive.insert(*slot);
                longer.push((clause, at + 1));
            }
        }
        clauses = longer;
        check_count(clauses.len())?;
        if clauses.is_empty() {
            break;
        }
    }
    Ok(clauses.into_iter().map(|(clause, _)| clause).collect())
}

/// The place of a rule in the list of rules.
fn slot(correlation: &Correlation, target: sigyn_ir::ItemId) -> usize {
    correlation.rules.iter().rposition(|rule| rule.target == target).unwrap_or_default()
}

/// The disjunctive normal form of an extended condition.
fn terms(correlation: &Correlation, expr: &CorrelationExpr, negative: bool) -> Result<Vec<Clause>, Error> {
    let (args, is_product) = match expr {
        CorrelationExpr::Rule(rule) => {
            let mut clause = Clause::default();
            let slots = if negative { &mut clause.negative } else { &mut clause.positive };
            slots.insert(slot(correlation, rule.target));
            return Ok(vec![clause]);
        }
        CorrelationExpr::Not(arg) => return terms(correlation, arg, !negative),
        CorrelationExpr::And(args) => (args, !negative),
        CorrelationExpr::Or(args) => (args, negative),
    };
    let children = args.iter().map(|arg| terms(correlation, arg, negative)).collect::<Result<Vec<_>, _>>()?;
    if !is_product {
        return Ok(children.concat());
    }
    let mut clauses = vec![Clause::default()];
    for child in children {
        let mut longer = Vec::new();
        for clause in &clauses {
            for other in &child {
                let joined = Clause {
                    positive: &clause.positive | &other.positive,
                    negative: &clause.negative | &other.negative,
                };
                if joined.positive.is_disjoint(&joined.negative) {
                    longer.push(joined);
                }
            }
        }
        clauses = longer;
        check_count(clauses.len())?;
    }
    Ok(clauses)
}

fn check_count(count: usize) -> Result<(), Error> {
    if count > CLAUSES_MAX {
        return Err(Error::correlation(format!("the condition has more than {CLAUSES_MAX} alternatives")));
    }
    Ok(())
}
