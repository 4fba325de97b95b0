//! The parts that correlation templates are filled with.

use sigyn_ir::{Correlation, CorrelationExpr, Meta, RuleItem, SigmaString, Timespan};

use crate::dialect::{CorrelationDialect, Operator};
use crate::{Correlating, Cx, Error, Subquery, Target, Template};

/// The name of a rule, else its id.
fn name_or_id(meta: &Meta) -> Option<&str> {
    meta.name.as_deref().filter(|name| !name.is_empty()).or(meta.id.as_deref())
}

/// The name or id of a rule as a string of the target, without quotes where the template has them.
pub(super) fn rule_id(
    target: &dyn Target,
    cx: &Cx<'_>,
    template: &Template,
    rule: &RuleItem,
) -> Result<String, Error> {
    let Some(id) = name_or_id(rule.meta()) else { return Ok(String::new()) };
    let text = target.string(cx, &SigmaString::parse(id))?;
    let quote = &target.dialect().string.quote;
    let is_quoted = !quote.is_empty() && template.has_around("ruleid", quote);
    let inner = text.strip_prefix(quote.as_str()).and_then(|text| text.strip_suffix(quote.as_str()));
    Ok(match inner {
        Some(inner) if is_quoted => inner.to_owned(),
        _ => text,
    })
}

/// The renaming of a rule's fields to the correlation's aliases; `at` is the rule's place.
pub(super) fn normalization(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    correlation: &Correlation,
    at: usize,
) -> Result<String, Error> {
    if correlation.aliases.is_empty() {
        return Ok(String::new());
    }
    let Some(template) = &method.normalization else {
        return Err(Error::correlation("the target cannot rename fields to aliases"));
    };
    let Some(rule) = correlation.rules.get(at) else { return Ok(String::new()) };
    // The reference compares the references as written; by the specification the rule counts.
    let is_same = |other: &sigyn_ir::RuleRef| {
        if cx.env.is_reference() { other.text == rule.text } else { other.target == rule.target }
    };
    let renamed: Vec<_> = correlation
        .aliases
        .iter()
        .flat_map(|alias| alias.fields.iter().map(move |(rule, field)| (alias, rule, field)))
        .filter(|(_, other, _)| is_same(other))
        .map(|(alias, _, field)| {
            template.fill(&[
                ("alias", target.field_name(cx, &alias.name).as_ref()),
                ("field", target.field_name(cx, field).as_ref()),
            ])
        })
        .collect();
    Ok(renamed.join(&method.normalization_joiner))
}

/// The fields of a condition.
pub(super) fn field_list(target: &dyn Target, cx: &Cx<'_>, fields: &[String]) -> String {
    let names: Vec<_> = fields.iter().map(|field| target.field_name(cx, field)).collect();
    names.join(", ")
}

/// The rules that a correlation reads, if the template asks for them.
pub(super) fn referenced_rules(
    method: &CorrelationDialect,
    rules: &[Subquery<'_>],
    template: &Template,
) -> Result<String, Error> {
    if !template.uses("referenced_rules") {
        return Ok(String::new());
    }
    let (Some(each), Some(joiner)) = (&method.referenced_rule, &method.referenced_rule_joiner) else {
        return Err(Error::correlation("the target cannot name the rules of a correlation")
            .as_reference("SigmaBackendError"));
    };
    let names: Vec<_> = rules
        .iter()
        .map(|rule| each.fill(&[("ruleid", name_or_id(rule.rule.meta()).unwrap_or("None"))]))
        .collect();
    Ok(names.join(joiner))
}

pub(crate) fn correlation_group_by(
    target: &dyn Target,
    cx: &Cx<'_>,
    method: &CorrelationDialect,
    group_by: Option<&[String]>,
) -> Result<String, Error> {
    let Some(fields) = group_by else { return Ok(method.group_by_nothing.clone().unwrap_or_default()) };
    let (Some(template), Some(each), Some(joiner)) =
        (&method.group_by, &method.group_by_field, &method.group_by_joiner)
    else {
        return Err(Error::correlation("the target cannot group"));
    };
    let fields: Vec<_> =
        fields.iter().map(|field| each.fill(&[("field", &target.field_name(cx, field))])).collect();
    Ok(template.fill(&[("fields", &fields.join(joiner))]))
}

pub(crate) fn correlation_fields(
    target: &dyn Target,
    cx: &Cx<'_>,
    it: Correlating<'_>,
) -> Result<String, Error> {
    let Correlating { method, correlation, rules, .. } = it;
    let (Some(template), Some(each), Some(joiner)) =
        (&method.fields, &method.fields_field, &method.fields_joiner)
    else {
        return Ok(String::new());
    };
    let of_rules = rules.iter().flat_map(|rule| match rule.rule {
        RuleItem::Rule(rule) => &rule.fields,
        RuleItem::Correlation(correlation) => &correlation.fields,
    });
    let mut fields: Vec<&String> = Vec::new();
    for field in of_rules.chain(&correlation.fields) {
        let is_grouped = correlation.group_by.as_ref().is_some_and(|group_by| group_by.contains(field));
        if !is_grouped && !fields.contains(&field) {
            fields.push(field);
        }
    }
    if fields.is_empty() {
        return Ok(String::new());
    }
    let fields: Vec<_> =
        fields.into_iter().map(|field| each.fill(&[("field", &target.field_name(cx, field))])).collect();
    Ok(template.fill(&[("fields", &fields.join(joiner))]))
}

pub(crate) fn timespan(method: &CorrelationDialect, timespan: &Timespan) -> String {
    if method.timespan_seconds {
        return timespan.seconds.to_string();
    }
    match method.timespan_units.get(&timespan.unit) {
        Some(unit) => format!("{}{unit}", timespan.count),
        None => timespan.text.clone(),
    }
}

/// An extended condition, with the target's operators and parentheses.
pub(super) fn extended(
    target: &dyn Target,
    method: &CorrelationDialect,
    expr: &CorrelationExpr,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let operators = &target.dialect().operators;
    let grouped = |inner: &CorrelationExpr| {
        let text = extended(target, method, inner, rules)?;
        Ok::<_, Error>(operators.group.as_ref().map_or(text.clone(), |group| group.fill(&[("expr", &text)])))
    };
    let joined = |outer: Operator, token: &str, args: &[CorrelationExpr]| {
        let separator = &operators.separator;
        let parts = args
            .iter()
            .map(|arg| {
                let bare = operator(arg).is_none_or(|inner| {
                    !operators.always_group && target.dialect().rank(inner) <= target.dialect().rank(outer)
                });
                let text = if bare { extended(target, method, arg, rules) } else { grouped(arg) };
                text.map(|text| format!("{separator}{text}{separator}"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>(parts.join(token).trim().to_owned())
    };
    match expr {
        CorrelationExpr::Or(args) => joined(Operator::Or, &operators.or, args),
        CorrelationExpr::And(args) => joined(Operator::And, &operators.and, args),
        CorrelationExpr::Not(arg) => {
            let text =
                if operator(arg).is_some() { grouped(arg)? } else { extended(target, method, arg, rules)? };
            Ok(format!("{}{}{text}", operators.not, operators.separator))
        }
        CorrelationExpr::Rule(rule) => {
            let Some(template) = &method.rule_reference else {
                return Err(Error::correlation("the target cannot name a rule in a correlation's condition"));
            };
            let id = rules.iter().find_map(|subquery| {
                let meta = subquery.rule.meta();
                let is_it = [meta.name.as_deref(), meta.id.as_deref()].contains(&Some(rule.text.as_str()));
                is_it.then(|| name_or_id(meta)).flatten()
            });
            Ok(template.fill(&[("ruleid", id.unwrap_or(&rule.text))]))
        }
    }
}

fn operator(expr: &CorrelationExpr) -> Option<Operator> {
    match expr {
        CorrelationExpr::Or(_) => Some(Operator::Or),
        CorrelationExpr::And(_) => Some(Operator::And),
        CorrelationExpr::Not(_) => Some(Operator::Not),
        CorrelationExpr::Rule(_) => None,
    }
}
