//! Correlations from templates: search, typing, aggregation, condition.

use std::borrow::Cow;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, Data};

use super::correlation_parts::{extended, field_list, normalization, referenced_rules, rule_id};
use super::finish::rule_attribute;
use crate::dialect::CorrelationDialect;
use crate::{Correlating, Cx, Error, Subquery, Target, Template};

/// The name of the templates for a correlation: its type, with `_extended` behind it where the condition is a
/// boolean expression.
fn template_name(correlation: &Correlation) -> &'static str {
    match (correlation.kind, &correlation.condition) {
        (CorrelationType::Temporal, CorrelationCondition::Extended { .. }) => "temporal_extended",
        (CorrelationType::TemporalOrdered, CorrelationCondition::Extended { .. }) => {
            "temporal_ordered_extended"
        }
        (kind, _) => kind.as_str(),
    }
}

pub(crate) fn correlation(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<Vec<String>, Error> {
    let dialect = target.dialect();
    if dialect.correlation.is_empty() {
        return Err(Error::correlation("the target has no correlations"));
    }
    let name = cx.env.method.as_deref().unwrap_or(&dialect.default_correlation_method);
    let Some(method) = dialect.correlation.get(name) else {
        return Err(Error::correlation(format!("the target has no correlation method `{name}`"))
            .as_reference("SigmaConversionError"));
    };
    let kind = template_name(correlation);
    let own = method.types.get(kind).and_then(|templates| templates.query.as_ref());
    let Some(template) = own.or(method.query.as_ref()) else {
        return Err(no_such(kind));
    };
    let it = Correlating { method, correlation, rules, kind };
    let search = target.correlation_search(cx, it)?;
    let typing = typing(target, cx, method, rules)?;
    let aggregate = target.correlation_aggregation(cx, it, &search)?;
    let condition = target.correlation_condition(cx, it)?;
    let group_by = target.correlation_group_by(cx, method, correlation.group_by.as_deref())?;
    Ok(vec![template.fill(&[
        ("search", &search),
        ("typing", &typing),
        ("timespan", &target.timespan(method, &correlation.timespan)),
        ("aggregate", &aggregate),
        ("condition", &condition),
        ("groupby", &group_by),
        ("groups", &groups(target, cx, method, correlation)),
    ])])
}

/// The fields of the grouping on their own; `*` if there are none.
fn groups(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    correlation: &Correlation,
) -> String {
    let fields: Vec<_> =
        correlation.group_by.iter().flatten().map(|field| target.field_name(cx, field)).collect();
    match fields.as_slice() {
        [] => "*".to_owned(),
        fields => fields.join(method.group_by_joiner.as_deref().unwrap_or(", ")),
    }
}

fn no_such(kind: &str) -> Error {
    Error::correlation(format!("the target has no correlation `{}`", kind.trim_end_matches("_extended")))
}

/// The text of a converted query; documents cannot stand inside a correlation. The reference writes them there
/// as Python's `str` does.
fn query_text<'q>(cx: &Cx<'_>, query: &'q Data) -> Result<Cow<'q, str>, Error> {
    match query {
        Data::Text(text) => Ok(Cow::Borrowed(text)),
        document if cx.env.is_reference() => Ok(Cow::Owned(document.to_python())),
        _ => Err(Error::correlation("a query that is a document cannot stand in a correlation")),
    }
}

pub(crate) fn correlation_search(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    it: Correlating<'_>,
) -> Result<String, Error> {
    let Correlating { method, correlation, rules, .. } = it;
    if let ([rule], Some(template)) = (rules, &method.search_single)
        && let [query] = rule.queries
    {
        let normalization = normalization(target, cx, method, correlation, 0)?;
        let id = rule_id(target, cx, template, rule.rule)?;
        let query = query_text(cx, query)?;
        return Ok(template.fill(&[("query", &query), ("ruleid", &id), ("normalization", &normalization)]));
    }
    let (Some(template), Some(each), Some(joiner)) =
        (&method.search_multi, &method.search_multi_query, &method.search_multi_joiner)
    else {
        return Err(Error::correlation("the target cannot correlate several queries"));
    };
    let mut queries = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let id = rule_id(target, cx, each, rule.rule)?;
        let normalization = normalization(target, cx, method, correlation, at)?;
        for query in rule.queries {
            let query = query_text(cx, query)?;
            let query = target.correlation_search_query(&query);
            queries.push(each.fill(&[("query", &query), ("ruleid", &id), ("normalization", &normalization)]));
        }
    }
    Ok(template.fill(&[("queries", &queries.join(joiner))]))
}

fn typing(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let Some(template) = &method.typing else { return Ok(String::new()) };
    let (Some(each), Some(joiner)) = (&method.typing_query, &method.typing_joiner) else {
        return Err(Error::correlation("the target cannot tell the rules of a correlation apart"));
    };
    let mut queries = Vec::new();
    for rule in rules {
        let id = rule_id(target, cx, each, rule.rule)?;
        for query in rule.queries {
            let query = query_text(cx, query)?;
            let query = target.correlation_typing_query(&query);
            queries.push(each.fill(&[("query", &query), ("ruleid", &id)]));
        }
    }
    Ok(template.fill(&[("queries", &queries.join(joiner))]))
}

pub(crate) fn correlation_aggregation(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    it: Correlating<'_>,
    search: &str,
) -> Result<String, Error> {
    let Correlating { method, correlation, rules, kind } = it;
    let Some(template) = method.types.get(kind).and_then(|templates| templates.aggregation.as_ref()) else {
        return Err(no_such(kind));
    };
    let (fields, percentile) = match &correlation.condition {
        // `dc(a, b)` is no count of pairs: Splunk refuses it, ES|QL takes the second for a precision.
        CorrelationCondition::Thresholds { fields, .. } if fields.len() > 1 && !cx.env.is_reference() => {
            return Err(Error::correlation("the target counts the values of one field only"));
        }
        CorrelationCondition::Thresholds { fields, percentile, .. } => {
            (field_list(target, cx, fields), percentile.map_or_else(String::new, |number| number.to_string()))
        }
        CorrelationCondition::Extended { .. } => (String::new(), String::new()),
    };
    if kind == "value_percentile" && percentile.is_empty() {
        return Err(Error::correlation("the percentile is missing").as_reference("SigmaConversionError"));
    }
    let referenced = referenced_rules(method, rules, template)?;
    let shown = target.correlation_fields(cx, it)?;
    let group_by = target.correlation_group_by(cx, method, correlation.group_by.as_deref())?;
    let timespan = target.timespan(method, &correlation.timespan);
    let mut attributes = Vec::new();
    for name in template.names() {
        attributes.push((name.to_owned(), rule_attribute(target, cx, name)?));
    }
    let attribute =
        |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
    Ok(template.fill_with(|name| match name {
        "referenced_rules" => referenced.clone(),
        "field" => fields.clone(),
        "fields" => shown.clone(),
        "timespan" => timespan.clone(),
        "groupby" => group_by.clone(),
        "search" => search.to_owned(),
        "percentile" => percentile.clone(),
        other => attribute(other).unwrap_or_default(),
    }))
}

pub(crate) fn correlation_condition(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    it: Correlating<'_>,
) -> Result<String, Error> {
    let Correlating { method, rules, kind, .. } = it;
    let Some(template) = method.types.get(kind).and_then(|templates| templates.condition.as_ref()) else {
        return Err(no_such(kind));
    };
    let referenced = referenced_rules(method, rules, template)?;
    match &it.correlation.condition {
        CorrelationCondition::Thresholds { thresholds, fields, .. } => {
            thresholds_text(target, cx, method, template, thresholds, fields, &referenced)
        }
        CorrelationCondition::Extended { expr, .. } => {
            let extended = extended(target, method, expr, rules)?;
            Ok(template.fill(&[("extended_condition", &extended), ("referenced_rules", &referenced)]))
        }
    }
}

/// The comparisons of a condition, one template each; the reference refuses ranges.
fn thresholds_text(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    template: &Template,
    thresholds: &[sigyn_ir::Threshold],
    fields: &[String],
    referenced: &str,
) -> Result<String, Error> {
    let field = field_list(target, cx, fields);
    let conditions: Vec<_> = thresholds
        .iter()
        .map(|threshold| {
            template.fill(&[
                ("field", &field),
                ("op", method.operator(threshold.op.as_str())),
                ("count", &threshold.number.to_string()),
                ("referenced_rules", referenced),
            ])
        })
        .collect();
    match (&method.range_joiner, conditions.len()) {
        (Some(joiner), _) => Ok(conditions.join(joiner)),
        (None, 0 | 1) => Ok(conditions.concat()),
        (None, _) => Err(Error::correlation("the target cannot compare with a range")),
    }
}
