//! Correlations as metric queries.

use std::borrow::Cow;

use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationType, Data, Number, RuleItem, Threshold, ThresholdOp,
};

use super::{alert, pattern::label_name};
use crate::dialect::CorrelationDialect;
use crate::{Cx, Error, Subquery, Target};

/// The query of a correlation.
pub(super) fn query(
    target: &dyn Target,
    cx: &Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let name = cx.env.method.as_deref().unwrap_or(&target.dialect().default_correlation_method);
    let Some(method) = target.dialect().correlation.get(name) else {
        return Err(Error::correlation(format!("the target has no correlation method `{name}`"))
            .as_reference("SigmaConversionError"));
    };
    match (correlation.kind, &correlation.condition) {
        (CorrelationType::TemporalOrdered, _) => {
            Err(Error::feature("LogQL joins metrics, which know no order of events"))
        }
        (_, CorrelationCondition::Extended { .. }) => {
            Err(Error::feature("the target has no correlation with a condition over rules"))
        }
        (CorrelationType::Temporal, CorrelationCondition::Thresholds { thresholds, .. }) => {
            temporal(target, cx, method, correlation, rules, thresholds)
        }
        (_, CorrelationCondition::Thresholds { thresholds, fields, fields_are_list, percentile }) => {
            let condition = Condition { thresholds, fields, fields_are_list: *fields_are_list, percentile };
            aggregate(target, cx, method, correlation, rules, &condition)
        }
    }
}

/// What is counted, and when it is enough.
struct Condition<'c> {
    thresholds: &'c [Threshold],
    fields: &'c [String],
    fields_are_list: bool,
    percentile: &'c Option<Number>,
}

/// The text of a rule's query. The reference puts whole documents there where the format makes them.
fn text(query: &Data) -> Cow<'_, str> {
    query.as_str().map_or_else(|| Cow::Owned(alert::python(query)), Cow::Borrowed)
}

/// The time span; Loki knows no months.
fn timespan(cx: &Cx<'_>, correlation: &Correlation) -> String {
    let span = &correlation.timespan;
    if span.unit == 'M' && !cx.env.is_reference() {
        return format!("{}s", span.seconds);
    }
    span.text.clone()
}

fn aggregate(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
    condition: &Condition<'_>,
) -> Result<String, Error> {
    let search = search(cx, correlation, rules)?;
    let span = timespan(cx, correlation);
    let field = field(cx, correlation.kind, condition)?;
    let mut groups = correlation.group_by.clone();
    match correlation.kind {
        // Each value of the field makes a series, which are then counted.
        CorrelationType::ValueCount => {
            groups.get_or_insert_default().extend(condition.fields.iter().cloned());
        }
        // Without a clause of its own every label would make a series.
        CorrelationType::ValueAvg | CorrelationType::ValueMedian | CorrelationType::ValuePercentile => {
            groups.get_or_insert_default();
        }
        _ => {}
    }
    let group_by = target.correlation_group_by(cx, method, groups.as_deref())?;
    let (absent, thresholds) = absence(correlation.kind, condition.thresholds);
    let counted = if absent { "absent_over_time" } else { "count_over_time" };
    let metric = match correlation.kind {
        CorrelationType::ValueCount => {
            format!("count without ({field}) (sum{group_by}({counted}({search} [{span}])))")
        }
        CorrelationType::ValueSum => {
            format!("sum{group_by}(sum_over_time({search} | unwrap {field} [{span}]))")
        }
        CorrelationType::ValueAvg => {
            format!("avg_over_time({search} | unwrap {field} [{span}]){group_by}")
        }
        CorrelationType::ValueMedian | CorrelationType::ValuePercentile => {
            let quantile = quantile(correlation.kind, condition.percentile)?;
            format!("quantile_over_time({quantile}, {search} | unwrap {field} [{span}]){group_by}")
        }
        _ => format!("sum{group_by}({counted}({search} [{span}]))"),
    };
    let conditions: Vec<_> = thresholds
        .iter()
        .map(|threshold| format!("{} {}", method.operator(threshold.op.as_str()), threshold.number))
        .collect();
    if conditions.len() > 1 && cx.env.is_reference() {
        return Err(Error::correlation("the target cannot compare with a range"));
    }
    Ok(format!("{} {}", metric.trim_end(), conditions.join(" ")))
}

/// The query of the only rule.
fn search(cx: &Cx<'_>, correlation: &Correlation, rules: &[Subquery<'_>]) -> Result<String, Error> {
    let ([rule], true) = (rules, rules.iter().all(|rule| rule.queries.len() == 1)) else {
        return Err(Error::correlation("LogQL counts the lines of one query, not of several"));
    };
    if !correlation.aliases.is_empty() {
        return Err(Error::correlation("the target cannot rename fields to aliases"));
    }
    refuse_metric(cx, rule)?;
    Ok(rule.queries.iter().map(text).collect())
}

/// A metric has no lines to count; the reference counts them all the same.
fn refuse_metric(cx: &Cx<'_>, rule: &Subquery<'_>) -> Result<(), Error> {
    match rule.rule {
        RuleItem::Correlation(_) if !cx.env.is_reference() => Err(Error::correlation(
            "LogQL counts lines, and the query of a correlation is a metric that has none",
        )),
        _ => Ok(()),
    }
}

/// The labels that are counted or measured.
fn field(cx: &Cx<'_>, kind: CorrelationType, condition: &Condition<'_>) -> Result<String, Error> {
    let names = condition.fields;
    if cx.env.is_reference() && condition.fields_are_list {
        return Ok(alert::python(&Data::texts(names.iter().cloned())));
    }
    if names.len() > 1 && kind != CorrelationType::ValueCount {
        return Err(Error::correlation("LogQL measures one label, not several"));
    }
    Ok(names.iter().map(|name| label_name(name)).collect::<Vec<_>>().join(", "))
}

/// Whether the condition says that there are no lines at all: then their absence is counted, which is one.
fn absence(kind: CorrelationType, thresholds: &[Threshold]) -> (bool, Vec<Threshold>) {
    let counts = matches!(kind, CorrelationType::EventCount | CorrelationType::ValueCount);
    let is = |number: Number, wanted: f64| (number.as_f64() - wanted).abs() < f64::EPSILON;
    match thresholds {
        [Threshold { op, number }]
            if counts
                && (matches!(op, ThresholdOp::Eq | ThresholdOp::Lte) && is(*number, 0.0)
                    || *op == ThresholdOp::Lt && is(*number, 1.0)) =>
        {
            (true, vec![Threshold { op: ThresholdOp::Eq, number: Number::Int(1) }])
        }
        _ => (false, thresholds.to_vec()),
    }
}

fn quantile(kind: CorrelationType, percentile: &Option<Number>) -> Result<String, Error> {
    match (kind, percentile) {
        (CorrelationType::ValueMedian, _) => Ok("0.5".to_owned()),
        (_, Some(percentile)) => Ok(Number::Float(percentile.as_f64() / 100.0).to_string()),
        (_, None) => {
            Err(Error::correlation("the percentile is missing").as_reference("SigmaConversionError"))
        }
    }
}

/// Metrics of all rules that have the same labels: `and` keeps those that all have.
fn temporal(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
    thresholds: &[Threshold],
) -> Result<String, Error> {
    let asks_for_all = |threshold: &Threshold| {
        matches!(threshold.op, ThresholdOp::Gte | ThresholdOp::Eq)
            && usize::try_from(match threshold.number {
                Number::Int(number) => number,
                Number::Float(_) => -1,
            }) == Ok(rules.len())
    };
    if thresholds.is_empty() || !thresholds.iter().all(asks_for_all) {
        return Err(Error::feature("LogQL can only say that all rules match, not how many of them"));
    }
    let span = timespan(cx, correlation);
    let group_by = target.correlation_group_by(cx, method, correlation.group_by.as_deref())?;
    let mut metrics = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        let [query] = rule.queries else {
            return Err(Error::feature("a rule of a temporal correlation must have one query"));
        };
        let renames = renames(cx, correlation, at);
        let is_correlation = matches!(rule.rule, RuleItem::Correlation(_));
        if !renames.is_empty() && is_correlation {
            return Err(Error::feature("LogQL renames labels of lines, and a correlation's metric has none"));
        }
        let search = if renames.is_empty() {
            text(query).into_owned()
        } else {
            format!("{} | label_format {}", text(query), renames.join(", "))
        };
        metrics.push(match query {
            Data::Text(_) if is_correlation => search,
            _ if is_correlation => {
                return Err(Error::correlation("a query that is a document cannot stand in a correlation")
                    .as_reference("TypeError"));
            }
            _ => format!("sum{group_by}(count_over_time({search} [{span}]))"),
        });
    }
    Ok(metrics.join(" and "))
}

/// The renaming of a rule's labels to the correlation's aliases; `at` is the rule's place.
fn renames(cx: &Cx<'_>, correlation: &Correlation, at: usize) -> Vec<String> {
    let Some(rule) = correlation.rules.get(at) else { return Vec::new() };
    let is_same = |other: &sigyn_ir::RuleRef| {
        if cx.env.is_reference() { other.text == rule.text } else { other.target == rule.target }
    };
    let of_alias = |alias: &sigyn_ir::Alias| {
        // Of several entries for one rule the last counts.
        let (_, field) = alias.fields.iter().rev().find(|(other, _)| is_same(other))?;
        Some(format!("{}={}", label_name(&alias.name), label_name(field)))
    };
    correlation.aliases.iter().filter_map(of_alias).collect()
}
