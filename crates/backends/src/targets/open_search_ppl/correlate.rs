//! Correlations.

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, RuleItem, Threshold};

use super::{Ppl, source};
use crate::dialect::CorrelationDialect;
use crate::{Cx, Error, Subquery, Target};

/// The method that was asked for; the reference takes any for its own.
fn method<'t>(target: &'t Ppl, cx: &Cx<'_>) -> Result<&'t CorrelationDialect, Error> {
    let asked = cx.env.method.as_deref().filter(|_| !cx.env.is_reference());
    let name = asked.unwrap_or("default");
    target.dialect.correlation.get(name).ok_or_else(|| {
        Error::correlation(format!("the target has no correlation method `{name}`"))
            .as_reference("SigmaConversionError")
    })
}

/// Each subsearch with the times that hold for it, ready to stand in brackets.
fn subsearches(
    cx: &Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<Vec<(usize, String)>, Error> {
    let own = source::Times::of(cx.env, &correlation.meta)?;
    let mut searches = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        if matches!(rule.rule, RuleItem::Correlation(_)) {
            return Err(
                Error::correlation("PPL cannot correlate correlations").as_reference("SigmaConversionError")
            );
        }
        for query in rule.queries {
            let query = query.as_str().unwrap_or_default();
            let search = source::Times::of(cx.env, rule.rule.meta())?.or(&own).search();
            let search = match (search.is_empty(), query.starts_with("search ")) {
                (_, true) => query.to_owned(),
                (false, false) if query.starts_with("source=") => format!("{search}{query}"),
                _ => format!("search {query}"),
            };
            searches.push((at, search));
        }
    }
    Ok(searches)
}

/// One search stands for itself, in the reference behind a pipe; `multisearch` needs two.
fn search(cx: &Cx<'_>, searches: &[String]) -> String {
    match searches {
        [search] if cx.env.is_reference() => format!("| {search}"),
        [search] => search.clone(),
        searches => {
            let bracketed: Vec<_> = searches.iter().map(|search| format!("[{search}]")).collect();
            format!("| multisearch {}", bracketed.join(" "))
        }
    }
}

fn no_such(kind: CorrelationType) -> Error {
    Error::correlation(format!("PPL has no correlation `{kind}`"))
}

/// The query that the reference prints: for the types other than `temporal` without the time span, with names as
/// written, and for `temporal` without the condition.
pub(super) fn reference(
    target: &Ppl,
    cx: &mut Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let method = method(target, cx)?;
    if names_rules_in_condition_only(correlation) {
        return Err(no_such(correlation.kind).as_reference("TypeError"));
    }
    let searches: Vec<_> =
        subsearches(cx, correlation, rules)?.into_iter().map(|(_, search)| search).collect();
    let templates = method.types.get(correlation.kind.as_str());
    let (Some(aggregation), Some(condition)) = (
        templates.and_then(|templates| templates.aggregation.as_ref()),
        templates.and_then(|templates| templates.condition.as_ref()),
    ) else {
        return Err(no_such(correlation.kind).as_reference("TypeError"));
    };
    let field = match &correlation.condition {
        CorrelationCondition::Thresholds { fields, fields_are_list: false, .. } => fields.concat(),
        CorrelationCondition::Thresholds { fields, .. } => {
            let fields: Vec<_> = fields.iter().map(|field| format!("'{field}'")).collect();
            format!("[{}]", fields.join(", "))
        }
        CorrelationCondition::Extended { .. } => String::new(),
    };
    let aggregate = aggregation.fill(&[
        ("groupby", &correlation.group_by.iter().flatten().cloned().collect::<Vec<_>>().join(", ")),
        ("field", &field),
        ("timespan", &correlation.timespan.text),
    ]);
    let is_temporal =
        matches!(correlation.kind, CorrelationType::Temporal | CorrelationType::TemporalOrdered);
    let condition = match &correlation.condition {
        _ if is_temporal => condition.fill(&[("op", ">="), ("count", &correlation.rules.len().to_string())]),
        CorrelationCondition::Thresholds { thresholds, .. } => match thresholds.as_slice() {
            [threshold] if threshold.op.as_str() != "neq" => condition.fill(&[
                ("op", method.operator(threshold.op.as_str())),
                ("count", &threshold.number.to_string()),
            ]),
            _ => return Err(no_such(correlation.kind).as_reference("SigmaConversionError")),
        },
        CorrelationCondition::Extended { .. } => return Err(no_such(correlation.kind)),
    };
    Ok(format!("{} | stats {aggregate} | where {condition}", search(cx, &searches)))
}

/// Whether the rules are those of the condition because the correlation does not list them.
fn names_rules_in_condition_only(correlation: &Correlation) -> bool {
    let CorrelationCondition::Extended { expr, .. } = &correlation.condition else { return false };
    let place = first_rule(expr).map(|rule| rule.span);
    place.is_some() && place == correlation.rules.first().map(|rule| rule.span)
}

fn first_rule(expr: &CorrelationExpr) -> Option<&sigyn_ir::RuleRef> {
    match expr {
        CorrelationExpr::Or(args) | CorrelationExpr::And(args) => args.iter().find_map(first_rule),
        CorrelationExpr::Not(arg) => first_rule(arg),
        CorrelationExpr::Rule(rule) => Some(rule),
    }
}

/// What is counted, by the correlation's type.
struct Counted {
    /// The aggregation.
    aggregation: String,
    /// The name of its result.
    name: &'static str,
}

/// The query that says what the correlation says, in windows that lie side by side.
pub(super) fn query(
    target: &Ppl,
    cx: &mut Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let method = method(target, cx)?;
    let CorrelationCondition::Thresholds { thresholds, fields, .. } = &correlation.condition else {
        return Err(Error::correlation("PPL cannot compare the rules of a correlation by name"));
    };
    if !correlation.aliases.is_empty() {
        return Err(Error::correlation("the target cannot rename fields to aliases"));
    }
    let counted = match correlation.kind {
        CorrelationType::EventCount => Counted { aggregation: "count()".to_owned(), name: "event_count" },
        CorrelationType::Temporal => {
            Counted { aggregation: "dc(event_type)".to_owned(), name: "event_type_count" }
        }
        CorrelationType::ValueCount => match fields.as_slice() {
            [field] => {
                Counted { aggregation: format!("dc({})", target.field_name(cx, field)), name: "value_count" }
            }
            _ => return Err(Error::correlation("PPL counts the values of one field only")),
        },
        kind => return Err(no_such(kind)),
    };
    let mut searches = Vec::new();
    for (at, search) in subsearches(cx, correlation, rules)? {
        let meta = rules[at].rule.meta();
        let name = meta.name.as_deref().or(meta.id.as_deref()).unwrap_or(&meta.title);
        searches.push(if correlation.kind == CorrelationType::Temporal {
            format!("{search} | eval event_type={}", super::literal::quoted(name))
        } else {
            search
        });
    }
    let time_field = source::time_field(cx.env, &correlation.meta)?;
    let mut by = vec![format!("span({}, {})", target.field_name(cx, &time_field), correlation.timespan.text)];
    by.extend(correlation.group_by.iter().flatten().map(|field| target.field_name(cx, field).into_owned()));
    let compare = |threshold: &Threshold| {
        let operator = method.operator(threshold.op.as_str());
        format!("{} {operator} {}", counted.name, threshold.number)
    };
    let conditions: Vec<_> = thresholds.iter().map(compare).collect();
    Ok(format!(
        "{} | stats {} as {} by {} | where {}",
        search(cx, &searches),
        counted.aggregation,
        counted.name,
        by.join(", "),
        conditions.join(" AND ")
    ))
}
