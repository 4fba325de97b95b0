//! A correlation compiled: what it counts, in which windows, how often it speaks.

use std::sync::Arc;

use sigyn_diagnostics::{Code, Diagnostic, codes::correlate as codes};
use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, ItemId, Missing, OnMatch, Outcome,
    PercentileKind, Revisions, Threshold, ThresholdOp, WindowKind,
};

use crate::formula::{Flaw, Formula};
use crate::number::all_hold;
use crate::time::{DAY, Grid, fixed_offset, nanos};
use crate::{Limits, Value};

/// A correlation of the plan.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) kind: CorrelationType,
    /// The rules it lists.
    pub(crate) children: Vec<ItemId>,
    pub(crate) group: Vec<Arc<str>>,
    /// Alias, and for each rule its field.
    pub(crate) aliases: Vec<(Arc<str>, Vec<(ItemId, Arc<str>)>)>,
    /// The fields that are counted or measured.
    pub(crate) measured: Vec<Arc<str>>,
    /// For each of `children`, where its fields stand among what it brings.
    pub(crate) slots: Vec<ChildSlots>,
    /// Window length T in nanoseconds.
    pub(crate) span: i64,
    /// How far back from its instant what happened can matter to a decision: T, or 2T where an input has several
    /// instants and an earlier one may have taken it.
    pub(crate) depth: i64,
    /// Whether decisions can come in another order than their inputs.
    pub(crate) is_mixed: bool,
    pub(crate) shape: Shape,
    pub(crate) predicate: Predicate,
    /// The stages of a chain: the listed rules, of an extended condition those that must match.
    pub(crate) stages: Vec<u16>,
    /// Whether nothing shorter than a chain of all stages will do.
    pub(crate) needs_whole_chain: bool,
    /// 0 to 100.
    pub(crate) percentile: f64,
    pub(crate) is_nearest: bool,
    pub(crate) on_match: OnMatch,
    /// D in nanoseconds, 0 for none.
    pub(crate) suppress: i64,
    pub(crate) cell: Grid,
    /// K: references kept at each end.
    pub(crate) evidence: usize,
    pub(crate) missing: Missing,
    /// Keys that are judged in every bucket.
    pub(crate) inventory: Vec<Vec<String>>,
    pub(crate) revisions: Revisions,
    pub(crate) outcomes: Vec<Outcome>,
    /// Fields that are read of its detections beyond their own and those of the group.
    pub(crate) extras: Vec<Arc<str>>,
}

/// Where fields stand among what a child brings.
#[derive(Debug, Default)]
pub(crate) struct ChildSlots {
    pub(crate) group: Vec<usize>,
    pub(crate) measured: Vec<usize>,
    /// Fields of outcomes, then those of `extras`.
    pub(crate) gathered: Vec<usize>,
    /// The names of `measured`, then of `gathered`, in the child.
    pub(crate) names: Vec<Arc<str>>,
}

/// When a correlation is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// At each input (E15).
    Sliding,
    /// At each input, decided when what must not happen can no longer happen (E33).
    Deadline,
    /// When a window of fixed place closes (E16, E29).
    Bucket(Grid),
    /// When a session closes (E17).
    Session {
        /// Nanoseconds.
        gap: i64,
    },
}

/// What must hold.
#[derive(Debug)]
pub(crate) enum Predicate {
    Thresholds(Vec<Threshold>),
    Formula(Formula),
}

impl Predicate {
    pub(crate) fn formula(&self) -> Option<&Formula> {
        match self {
            Predicate::Formula(formula) => Some(formula),
            Predicate::Thresholds(_) => None,
        }
    }
}

/// What is wrong, with a message.
type Refusal = (&'static Code, String);

pub(super) fn compile(
    correlation: &Correlation,
    limits: &Limits,
    findings: &mut Vec<Diagnostic>,
) -> Option<Operator> {
    match operator(correlation, limits) {
        Ok((operator, is_moved)) => {
            for message in idle_options(correlation, operator.shape) {
                findings.push(Diagnostic::warning(&codes::OPTION_CONFLICT, message).at(correlation.span));
            }
            if is_moved {
                let message = "the condition can become false again, so it is judged when windows close";
                findings.push(Diagnostic::warning(&codes::JUDGED_AT_CLOSE, message).at(correlation.span));
            }
            Some(operator)
        }
        Err((code, message)) => {
            findings.push(Diagnostic::error(code, message).at(correlation.span));
            None
        }
    }
}

/// The operator, and whether a sliding window became fixed ones.
fn operator(correlation: &Correlation, limits: &Limits) -> Result<(Operator, bool), Refusal> {
    let options = &correlation.options;
    let children: Vec<ItemId> = correlation.rules.iter().map(|rule| rule.target).collect();
    let suppress = options.suppress_seconds.unwrap_or(0);
    for seconds in [correlation.timespan.seconds, suppress] {
        if seconds > limits.window_seconds_max {
            let message = format!("{seconds} seconds are more than {}", limits.window_seconds_max);
            return Err((&codes::OVERSIZED_WINDOW, message));
        }
    }
    let span = nanos(correlation.timespan.seconds);
    let (predicate, measured, percentile) = condition(correlation, &children, limits)?;
    let (shape, is_moved) = shape(correlation, &predicate, span)?;
    check_options(correlation, shape)?;
    let group: Vec<Arc<str>> =
        correlation.group_by.iter().flatten().map(|name| name.as_str().into()).collect();
    if let Some(key) = options.inventory.iter().find(|key| key.len() != group.len()) {
        let message = format!("a key of the inventory has {} values, a group {}", key.len(), group.len());
        return Err((&codes::OPTION_CONFLICT, message));
    }
    let is_mixed =
        shape == Shape::Deadline && predicate.formula().is_some_and(|it| it.conjunctions.len() > 1);
    let (stages, needs_whole_chain) = stages(&predicate, children.len());
    let operator = Operator {
        kind: correlation.kind,
        children,
        group,
        aliases: correlation
            .aliases
            .iter()
            .map(|alias| {
                let fields = alias.fields.iter().map(|(rule, field)| (rule.target, field.as_str().into()));
                (alias.name.as_str().into(), fields.collect())
            })
            .collect(),
        measured,
        slots: Vec::new(),
        span,
        depth: if is_mixed { span.saturating_mul(2) } else { span },
        is_mixed,
        shape,
        predicate,
        stages,
        needs_whole_chain,
        percentile,
        is_nearest: options.percentile == PercentileKind::Nearest,
        on_match: options.on_match,
        suppress: nanos(suppress),
        cell: Grid::new(span.max(nanos(suppress)).max(DAY), 0),
        evidence: options.evidence.unwrap_or(limits.evidence_max) as usize,
        missing: options.missing,
        inventory: options.inventory.clone(),
        revisions: options.revisions,
        outcomes: options.outcomes.clone(),
        extras: Vec::new(),
    };
    Ok((operator, is_moved))
}

/// The stages of a chain, and whether nothing shorter than all of them will do.
fn stages(predicate: &Predicate, rules: usize) -> (Vec<u16>, bool) {
    let all = || (0..rules).filter_map(|at| u16::try_from(at).ok()).collect();
    match predicate {
        Predicate::Formula(formula) => {
            (formula.conjunctions.first().map_or_else(Vec::new, |it| it.must.clone()), true)
        }
        Predicate::Thresholds(thresholds) => {
            let is_enough = |length: usize| all_hold(thresholds, Value::Int(length as i128));
            (all(), !(0..rules).any(is_enough))
        }
    }
}

type Judged = (Predicate, Vec<Arc<str>>, f64);

fn condition(correlation: &Correlation, children: &[ItemId], limits: &Limits) -> Result<Judged, Refusal> {
    use CorrelationType as T;
    match &correlation.condition {
        CorrelationCondition::Thresholds { thresholds, fields, percentile, .. } => {
            let measured: Vec<Arc<str>> = match correlation.kind {
                T::EventCount | T::Temporal | T::TemporalOrdered => Vec::new(),
                _ => fields.iter().map(|field| field.as_str().into()).collect(),
            };
            if measured.len() != 1
                && matches!(correlation.kind, T::ValueSum | T::ValueAvg | T::ValuePercentile | T::ValueMedian)
            {
                let message = format!("`{}` of {} fields", correlation.kind, measured.len());
                return Err((&codes::SEVERAL_FIELDS, message));
            }
            let percentile = match (correlation.kind, percentile) {
                (T::ValuePercentile, Some(percentile)) => percentile.as_f64(),
                (T::ValuePercentile, None) => {
                    return Err((&codes::NO_PERCENTILE, "`value_percentile` without `percentile`".into()));
                }
                _ => 50.0,
            };
            Ok((Predicate::Thresholds(thresholds.clone()), measured, percentile))
        }
        CorrelationCondition::Extended { expr, .. } => {
            if correlation.kind == T::TemporalOrdered && !is_conjunction(expr) {
                let message = "the condition is not a conjunction of names".to_owned();
                return Err((&codes::ORDERED_ALTERNATIVES, message));
            }
            let place = |rule: &sigyn_ir::RuleRef| {
                let at = children.iter().position(|child| *child == rule.target)?;
                u16::try_from(at).ok()
            };
            let formula = Formula::new(expr, &place, limits.conjunctions_max).map_err(|flaw| match flaw {
                Flaw::TooLarge => {
                    let message = format!("more than {} alternatives", limits.conjunctions_max);
                    (&codes::OVERSIZED_CONDITION, message)
                }
                Flaw::NothingPositive => {
                    (&codes::ABSENCE_ALONE, "an alternative names no rule that must match".to_owned())
                }
            })?;
            Ok((Predicate::Formula(formula), Vec::new(), 50.0))
        }
    }
}

/// Whether an expression joins names and negated names by `and` alone.
fn is_conjunction(expr: &CorrelationExpr) -> bool {
    match expr {
        CorrelationExpr::Rule(_) => true,
        CorrelationExpr::Not(arg) => matches!(**arg, CorrelationExpr::Rule(_)),
        CorrelationExpr::And(args) => args.iter().all(is_conjunction),
        CorrelationExpr::Or(args) => matches!(args.as_slice(), [arg] if is_conjunction(arg)),
    }
}

/// Whether more inputs keep the condition true once it is, or it is a sum, which is judged at inputs too (E29).
fn is_judged_at_inputs(correlation: &Correlation, predicate: &Predicate) -> bool {
    use CorrelationType as T;
    let Predicate::Thresholds(thresholds) = predicate else { return true };
    let only_grows = thresholds.iter().all(|it| matches!(it.op, ThresholdOp::Gt | ThresholdOp::Gte));
    only_grows && !matches!(correlation.kind, T::ValueAvg | T::ValuePercentile | T::ValueMedian)
}

fn shape(correlation: &Correlation, predicate: &Predicate, span: i64) -> Result<(Shape, bool), Refusal> {
    let options = &correlation.options;
    Ok(match options.window {
        WindowKind::Sliding if !is_judged_at_inputs(correlation, predicate) => {
            (Shape::Bucket(Grid::new(span, 0)), true)
        }
        WindowKind::Sliding => match predicate.formula().is_some_and(Formula::has_negation) {
            true => (Shape::Deadline, false),
            false => (Shape::Sliding, false),
        },
        WindowKind::Tumbling => {
            let zone = options.timezone.as_deref().unwrap_or("UTC");
            let Some(east) = fixed_offset(zone) else {
                let message = format!("the time zone `{zone}` is neither UTC nor a fixed offset");
                return Err((&codes::UNKNOWN_ZONE, message));
            };
            if east != 0 && span % DAY != 0 {
                let message = "`timezone` moves windows of whole days only".to_owned();
                return Err((&codes::OPTION_CONFLICT, message));
            }
            let shift = (nanos(options.offset_seconds) % span).saturating_sub(east);
            (Shape::Bucket(Grid::new(span, shift)), false)
        }
        WindowKind::Session => (Shape::Session { gap: options.gap_seconds.map_or(span, nanos) }, false),
    })
}

/// Options that cannot be followed.
fn check_options(correlation: &Correlation, shape: Shape) -> Result<(), Refusal> {
    let options = &correlation.options;
    let conflict = |is_wrong: bool, message: &str| match is_wrong {
        true => Err((&codes::OPTION_CONFLICT, message.to_owned())),
        false => Ok(()),
    };
    let message =
        "`on_match: reset` and rules that must not match: what is consumed would hang on what is open";
    conflict(shape == Shape::Deadline && options.on_match == OnMatch::Reset, message)?;
    let message = "`inventory` belongs to windows that are judged when they close";
    conflict(!options.inventory.is_empty() && !matches!(shape, Shape::Bucket(_)), message)
}

/// Options that mean nothing here: nobody should believe that they do.
fn idle_options(correlation: &Correlation, shape: Shape) -> Vec<&'static str> {
    let options = &correlation.options;
    let is_tumbling = options.window == WindowKind::Tumbling;
    let is_at_close = !matches!(shape, Shape::Sliding | Shape::Deadline);
    [
        (options.gap_seconds.is_some() && options.window != WindowKind::Session, "`gap` belongs to sessions"),
        (options.offset_seconds != 0 && !is_tumbling, "`offset` belongs to tumbling windows"),
        (options.timezone.is_some() && !is_tumbling, "`timezone` belongs to tumbling windows"),
        (
            is_at_close && options.on_match != OnMatch::Episode,
            "`on_match` belongs to conditions that are judged at each input; a window speaks once",
        ),
    ]
    .into_iter()
    .filter_map(|(is_idle, message)| is_idle.then_some(message))
    .collect()
}
