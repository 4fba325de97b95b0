//! Correlations as sequences of events, by EQL's documentation.
//!
//! A sequence can say that events follow each other within a time span, and that one is repeated. It cannot
//! count distinct values, and a `sample` (events in any order) has no time span: those are refused.
//! <https://www.elastic.co/guide/en/elasticsearch/reference/current/eql-syntax.html#eql-sequences>

use std::fmt::Write;

use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationType, Data, Number, RuleItem, RuleRef, ThresholdOp,
    Timespan,
};

use crate::{Cx, Error, Subquery, Target};

/// The most repetitions that `with runs` takes.
const RUNS_MAX: i128 = 100;

pub(super) fn correlation(
    target: &dyn Target,
    cx: &Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let steps = rules.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    match correlation.kind {
        CorrelationType::EventCount => {
            let runs = least_count(&correlation.condition)?;
            repeated(target, cx, correlation, &steps, runs)
        }
        CorrelationType::TemporalOrdered => {
            check_all_occur(correlation)?;
            ordered(target, cx, correlation, &steps)
        }
        CorrelationType::Temporal => Err(Error::correlation(
            "EQL finds events in any order only with `sample`, which knows no time span",
        )),
        kind => Err(Error::correlation(format!("EQL cannot aggregate values (`{kind}`)"))),
    }
}

/// The condition of a rule's events; several queries are alternatives.
fn event(rule: &Subquery<'_>) -> Result<String, Error> {
    if matches!(rule.rule, RuleItem::Correlation(_)) {
        return Err(Error::correlation("a sequence cannot be a step of another sequence in EQL"));
    }
    let queries: Vec<&str> = rule.queries.iter().filter_map(Data::as_str).collect();
    match queries.as_slice() {
        [] => Err(Error::correlation("a rule of the correlation has no query")),
        [query] => Ok((*query).to_owned()),
        queries => Ok(alternatives(queries.iter().copied())),
    }
}

fn alternatives<'q>(queries: impl Iterator<Item = &'q str>) -> String {
    queries.map(|query| format!("({query})")).collect::<Vec<_>>().join(" or ")
}

/// The count from which on a correlation holds.
fn least_count(condition: &CorrelationCondition) -> Result<i128, Error> {
    let refused = || {
        Error::correlation(format!(
            "a sequence in EQL can only say that there are at least 1 to {RUNS_MAX} events"
        ))
    };
    let CorrelationCondition::Thresholds { thresholds, .. } = condition else { return Err(refused()) };
    let count = match thresholds.as_slice() {
        [threshold] => match (threshold.op, threshold.number) {
            (ThresholdOp::Gte, Number::Int(number)) => number,
            (ThresholdOp::Gt, Number::Int(number)) => number.saturating_add(1),
            _ => return Err(refused()),
        },
        _ => return Err(refused()),
    };
    if (1..=RUNS_MAX).contains(&count) { Ok(count) } else { Err(refused()) }
}

/// A sequence has all its steps.
fn check_all_occur(correlation: &Correlation) -> Result<(), Error> {
    let all = i128::try_from(correlation.rules.len()).unwrap_or(i128::MAX);
    match least_count(&correlation.condition) {
        Ok(count) if count == all => Ok(()),
        _ => Err(Error::correlation("a sequence in EQL always needs all its rules")),
    }
}

/// `count` events of any of the rules.
fn repeated(
    target: &dyn Target,
    cx: &Cx<'_>,
    correlation: &Correlation,
    steps: &[String],
    count: i128,
) -> Result<String, Error> {
    let keys = common_keys(target, cx, correlation)?;
    let event = match steps {
        [step] => step.clone(),
        steps => alternatives(steps.iter().map(String::as_str)),
    };
    if count > 1 {
        let frame = frame(&keys, &correlation.timespan);
        return Ok(format!("{frame}\n  [any where {event}] with runs={count}"));
    }
    // A sequence needs two events; events without the fields of the group are in no group.
    let present: String = keys.iter().map(|key| format!(" and ?{key} != null")).collect();
    Ok(match present.is_empty() {
        true => format!("any where {event}"),
        false => format!("any where ({event}){present}"),
    })
}

/// Events of the rules, one after the other.
fn ordered(
    target: &dyn Target,
    cx: &Cx<'_>,
    correlation: &Correlation,
    steps: &[String],
) -> Result<String, Error> {
    if steps.len() < 2 {
        return repeated(target, cx, correlation, steps, 1);
    }
    let by_step: Vec<Vec<String>> =
        correlation.rules.iter().map(|rule| keys(target, cx, correlation, rule)).collect();
    let is_common = by_step.windows(2).all(|pair| pair[0] == pair[1]);
    let common = if is_common { by_step.first().cloned().unwrap_or_default() } else { Vec::new() };
    let mut text = frame(&common, &correlation.timespan);
    for (step, keys) in steps.iter().zip(&by_step) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  [any where {step}]");
        if !is_common {
            let _ = write!(text, " by {}", keys.join(", "));
        }
    }
    Ok(text)
}

fn frame(keys: &[String], timespan: &Timespan) -> String {
    let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
    format!("sequence{by} with maxspan={}", span(timespan))
}

/// A time span; EQL knows no unit above a day.
fn span(timespan: &Timespan) -> String {
    match timespan.unit {
        's' | 'm' | 'h' | 'd' => format!("{}{}", timespan.count, timespan.unit),
        'w' => format!("{}d", timespan.count * 7),
        _ => format!("{}s", timespan.seconds),
    }
}

/// The fields by which a rule's events are grouped, the rule's own where the correlation has aliases.
fn keys(target: &dyn Target, cx: &Cx<'_>, correlation: &Correlation, rule: &RuleRef) -> Vec<String> {
    let own_name = |name: &String| {
        let alias = correlation.aliases.iter().find(|alias| alias.name == *name);
        let field = alias.and_then(|alias| alias.fields.iter().find(|(of, _)| of.target == rule.target));
        field.map_or(name.clone(), |(_, field)| field.clone())
    };
    let fields = correlation.group_by.iter().flatten();
    fields.map(|name| target.field_name(cx, &own_name(name)).into_owned()).collect()
}

/// The fields of the group, where all rules have the same.
fn common_keys(target: &dyn Target, cx: &Cx<'_>, correlation: &Correlation) -> Result<Vec<String>, Error> {
    let mut by_rule = correlation.rules.iter().map(|rule| keys(target, cx, correlation, rule));
    let first = by_rule.next().unwrap_or_default();
    if by_rule.all(|keys| keys == first) {
        return Ok(first);
    }
    Err(Error::correlation("EQL cannot count events together whose group has other fields in each rule"))
}
