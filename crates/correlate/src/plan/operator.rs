//! A correlation compiled: what it counts, in which windows, how often it speaks.

use std::sync::Arc;

use sigyn_diagnostics::{Code, Diagnostic, codes::correlate as codes};
use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, ItemId, Missing, OnMatch, Outcome,
    PercentileKind, Revisions, Threshold, ThresholdOp, WindowKind,
};

use crate::formula::{Flaw, Formula};
use crate::number::all_hold;
use crate::time::{Buckets, DAY, Days, Grid, SHIFT_MAX, fixed_offset, nanos};
use crate::{Limits, Value};

/// A correlation of the plan.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) kind: CorrelationType,
    /// The rules it lists.
    pub(crate) children: Vec<ItemId>,
    pub(crate) group: Vec<Arc<str>>,
    pub(crate) aliases: Vec<Alias>,
    /// The fields that are counted or measured.
    pub(crate) measured: Vec<Arc<str>>,
    /// For each of `children`, where its fields stand among what it brings.
    pub(crate) slots: Vec<ChildSlots>,
    /// Window length T in nanoseconds.
    pub(crate) span: i64,
    /// How far back from its instant what happened can matter to a decision: T, 2T where an input has several instants and
    /// an earlier one may have taken it, or the longest that so many days of a zone can last.
    pub(crate) depth: i64,
    /// How much of what is counted a window keeps within an episode; none if it must keep all.
    pub(crate) kept_in_episode: Option<u64>,
    /// Whether decisions can come in another order than their inputs.
    pub(crate) is_mixed: bool,
    pub(crate) shape: Shape,
    pub(crate) predicate: Predicate,
    /// The stages of a chain: the listed rules, of an extended condition those that must match.
    pub(crate) stages: Vec<u16>,
    /// Whether more inputs keep the condition true once it is (E29).
    pub(crate) only_grows: bool,
    /// Whether nothing shorter than a chain of all stages will do.
    pub(crate) needs_whole_chain: bool,
    /// 0 to 100.
    pub(crate) percentile: f64,
    pub(crate) is_nearest: bool,
    pub(crate) on_match: OnMatch,
    /// D in nanoseconds, 0 for none.
    pub(crate) suppress: i64,
    pub(crate) cell: Grid,
    /// The windows of [`Shape::Bucket`].
    pub(crate) buckets: Buckets,
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

/// An alias, and for each rule its field.
type Alias = (Arc<str>, Vec<(ItemId, Arc<str>)>);

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
    Bucket,
    /// When a session closes (E17).
    Session {
        /// Nanoseconds.
        gap: i64,
    },
    /// At each hit of a rule, over what lies before it (E18).
    Before {
        /// The rule's place in the list.
        pivot: u16,
    },
    /// At each hit of a rule, over what lies behind it: decided as soon as it can no longer become false (E18).
    After {
        /// The rule's place in the list.
        pivot: u16,
    },
    /// At each input that completes a sequence, which is then spent (E32).
    Consuming,
}

impl Shape {
    /// Whether inputs open and continue episodes, or fire one by one (E20, E21).
    pub(crate) fn is_at_inputs(self) -> bool {
        matches!(self, Shape::Sliding | Shape::Deadline | Shape::Before { .. } | Shape::After { .. })
    }
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
    let buckets = buckets(correlation, span)?;
    let group: Vec<Arc<str>> =
        correlation.group_by.iter().flatten().map(|name| name.as_str().into()).collect();
    if let Some(key) = options.inventory.iter().find(|key| key.len() != group.len()) {
        let message = format!("a key of the inventory has {} values, a group {}", key.len(), group.len());
        return Err((&codes::OPTION_CONFLICT, message));
    }
    let only_grows = is_judged_at_inputs(correlation, &predicate)
        && correlation.kind != CorrelationType::ValueSum
        && !predicate.formula().is_some_and(Formula::has_negation);
    let is_mixed =
        shape == Shape::Deadline && predicate.formula().is_some_and(|it| it.conjunctions.len() > 1);
    let (stages, needs_whole_chain) = stages(&predicate, children.len());
    if shape == Shape::Consuming && !needs_whole_chain {
        let message = "`on_match: consume` needs a condition that all rules must meet in their order";
        return Err((&codes::OPTION_CONFLICT, message.to_owned()));
    }
    let operator = Operator {
        kind: correlation.kind,
        children,
        group,
        aliases: aliases(correlation),
        measured,
        slots: Vec::new(),
        span,
        depth: match &buckets {
            _ if is_mixed => span.saturating_mul(2),
            Buckets::Days(_) => span.saturating_add(SHIFT_MAX),
            Buckets::Even(_) => span,
        },
        kept_in_episode: kept_in_episode(correlation, &predicate, shape),
        is_mixed,
        shape,
        predicate,
        stages,
        only_grows,
        needs_whole_chain,
        percentile,
        is_nearest: options.percentile == PercentileKind::Nearest,
        on_match: options.on_match,
        suppress: nanos(suppress),
        buckets,
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

fn aliases(correlation: &Correlation) -> Vec<Alias> {
    let of = |alias: &sigyn_ir::Alias| -> Alias {
        let fields = alias.fields.iter().map(|(rule, field)| (rule.target, field.as_str().into()));
        (alias.name.as_str().into(), fields.collect())
    };
    correlation.aliases.iter().map(of).collect()
}

/// How much of what is counted a window must keep while an episode goes on (E46).
fn kept_in_episode(correlation: &Correlation, predicate: &Predicate, shape: Shape) -> Option<u64> {
    if shape != Shape::Sliding || correlation.options.on_match != OnMatch::Episode {
        return None;
    }
    match (correlation.kind, predicate) {
        (CorrelationType::Temporal | CorrelationType::TemporalOrdered, _) => Some(0),
        (CorrelationType::EventCount | CorrelationType::ValueCount, Predicate::Thresholds(thresholds)) => {
            const COUNTED_MAX: u64 = 1 << 20;
            (0..COUNTED_MAX).find(|count| all_hold(thresholds, Value::Int((*count).into())))
        }
        _ => None,
    }
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
    if options.on_match == OnMatch::Consume {
        return consuming(correlation, predicate).map(|shape| (shape, false));
    }
    Ok(match options.window {
        WindowKind::Sliding if !is_judged_at_inputs(correlation, predicate) => (Shape::Bucket, true),
        WindowKind::Sliding => match predicate.formula().is_some_and(Formula::has_negation) {
            true => (Shape::Deadline, false),
            false => (Shape::Sliding, false),
        },
        WindowKind::Tumbling => (Shape::Bucket, false),
        WindowKind::Session => (Shape::Session { gap: options.gap_seconds.map_or(span, nanos) }, false),
        WindowKind::Before => (Shape::Before { pivot: pivot(correlation)? }, false),
        WindowKind::After => (Shape::After { pivot: pivot(correlation)? }, false),
    })
}

/// The windows of fixed place.
fn buckets(correlation: &Correlation, span: i64) -> Result<Buckets, Refusal> {
    let options = &correlation.options;
    if options.window != WindowKind::Tumbling {
        return Ok(Buckets::Even(Grid::new(span, 0)));
    }
    let offset = nanos(options.offset_seconds) % span.max(1);
    let zone = options.timezone.as_deref().unwrap_or("UTC");
    let east = fixed_offset(zone);
    if east != Some(0) && span % DAY != 0 {
        let message = "`timezone` moves windows of whole days only".to_owned();
        return Err((&codes::OPTION_CONFLICT, message));
    }
    match east {
        Some(east) => Ok(Buckets::Even(Grid::new(span, offset.saturating_sub(east)))),
        None => Days::new(zone, span / DAY, offset)
            .map(Buckets::Days)
            .ok_or_else(|| (&codes::UNKNOWN_ZONE, format!("there is no time zone `{zone}`"))),
    }
}

/// The shape of a correlation that consumes what it has found (E32).
fn consuming(correlation: &Correlation, predicate: &Predicate) -> Result<Shape, Refusal> {
    let is_plain = correlation.options.window == WindowKind::Sliding
        && correlation.kind == CorrelationType::TemporalOrdered
        && is_judged_at_inputs(correlation, predicate)
        && !predicate.formula().is_some_and(Formula::has_negation);
    if is_plain {
        return Ok(Shape::Consuming);
    }
    let message = "`on_match: consume` belongs to `temporal_ordered` with sliding windows and nothing that must not match";
    Err((&codes::OPTION_CONFLICT, message.to_owned()))
}

/// The place of the rule that windows hang on.
fn pivot(correlation: &Correlation) -> Result<u16, Refusal> {
    let window = correlation.options.window;
    let Some(pivot) = &correlation.options.pivot else {
        let message = format!("`window: {window}` needs a `pivot`: one of the rules");
        return Err((&codes::OPTION_CONFLICT, message));
    };
    let place = correlation.rules.iter().position(|rule| rule.text == *pivot);
    place.and_then(|place| u16::try_from(place).ok()).ok_or_else(|| {
        (&codes::OPTION_CONFLICT, format!("the pivot `{pivot}` is not among the rules of the correlation"))
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
    let is_pivot = matches!(shape, Shape::Before { .. } | Shape::After { .. });
    let message = "`on_match: reset` and windows that hang on a pivot: these may lie one over the other";
    conflict(is_pivot && options.on_match == OnMatch::Reset, message)?;
    let message = "`inventory` belongs to windows that are judged when they close";
    conflict(!options.inventory.is_empty() && !matches!(shape, Shape::Bucket), message)
}

/// Options that mean nothing here: nobody should believe that they do.
fn idle_options(correlation: &Correlation, shape: Shape) -> Vec<&'static str> {
    let options = &correlation.options;
    let is_tumbling = options.window == WindowKind::Tumbling;
    let is_at_close = matches!(shape, Shape::Bucket | Shape::Session { .. });
    let has_pivot = matches!(options.window, WindowKind::Before | WindowKind::After);
    [
        (options.gap_seconds.is_some() && options.window != WindowKind::Session, "`gap` belongs to sessions"),
        (options.offset_seconds != 0 && !is_tumbling, "`offset` belongs to tumbling windows"),
        (options.pivot.is_some() && !has_pivot, "`pivot` belongs to windows before or after a rule's hits"),
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
