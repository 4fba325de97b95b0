//! What a dialect file must get right beyond its form: names that mean something, templates that say something.

use super::check::Problem;
use super::{Dialect, Operator, StringDialect};
use crate::{Template, text};

const TYPES: &[&str] = &[
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "temporal_extended",
    "temporal_ordered_extended",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
];
const PARTS: &[&str] = &["minute", "hour", "day", "week", "month", "year"];
const COMPARISONS: &[&str] = &["lt", "lte", "gt", "gte", "neq"];
const THRESHOLDS: &[&str] = &["lt", "lte", "gt", "gte", "eq", "neq"];

/// The first name or setting that can mean nothing.
pub(super) fn check(dialect: &Dialect) -> Result<(), Problem> {
    known("time_part.names", dialect.time_part.names.keys(), PARTS)?;
    known("compare.operators", dialect.compare.operators.keys(), COMPARISONS)?;
    for (name, method) in &dialect.correlation {
        known(&format!("correlation.{name}.types"), method.types.keys(), TYPES)?;
        known(&format!("correlation.{name}.operators"), method.operators.keys(), THRESHOLDS)?;
    }
    correlation_method(dialect)?;
    operators(dialect)?;
    strings("string", &dialect.string)?;
    for (name, form) in &dialect.string_forms {
        strings(&format!("string_forms.{name}"), form)?;
    }
    uses("query.expression", Some(&dialect.query.expression), &["query"])?;
    uses("operators.group", dialect.operators.group.as_ref(), &["expr"])?;
    uses("operators.negation", dialect.operators.negation.as_ref(), &["expr"])?;
    formats(dialect)
}

fn known<'n>(key: &str, names: impl Iterator<Item = &'n String>, known: &[&str]) -> Result<(), Problem> {
    for name in names {
        if !known.contains(&name.as_str()) {
            let message = format!("`{key}` has no `{name}`; it has {}", known.join(", "));
            return Err(Problem::new(message, name));
        }
    }
    Ok(())
}

fn correlation_method(dialect: &Dialect) -> Result<(), Problem> {
    let method = &dialect.default_correlation_method;
    if dialect.correlation.is_empty() || dialect.correlation.contains_key(method) {
        return Ok(());
    }
    let methods: Vec<_> = dialect.correlation.keys().map(String::as_str).collect();
    let message = format!("`default_correlation_method` is `{method}`; there is {}", methods.join(", "));
    Err(Problem::new(message, method))
}

fn operators(dialect: &Dialect) -> Result<(), Problem> {
    let precedence = &dialect.operators.precedence;
    let once = |operator: Operator| precedence.iter().filter(|other| **other == operator).count() == 1;
    // A language that negates its comparisons has no `not` to rank.
    let is_whole =
        once(Operator::And) && once(Operator::Or) && (once(Operator::Not) || precedence.len() == 2);
    if is_whole {
        return Ok(());
    }
    Err(Problem::new("`operators.precedence` must hold `not`, `and` and `or`, each once", "precedence"))
}

fn strings(key: &str, string: &StringDialect) -> Result<(), Problem> {
    for (name, wildcard) in [("many", &string.many), ("one", &string.one)] {
        if wildcard.as_deref() == Some("") {
            let message = format!("`{key}.{name}` is empty; leave it out if there is no such wildcard");
            return Err(Problem::new(message, name));
        }
    }
    Ok(())
}

/// A template without what it is about would print something else than the rule.
fn uses(key: &str, template: Option<&Template>, needed: &[&str]) -> Result<(), Problem> {
    match template {
        Some(template) if !needed.iter().any(|name| template.uses(name)) => {
            let needed: Vec<_> = needed.iter().map(|name| format!("{{{name}}}")).collect();
            let last = key.rsplit('.').next().unwrap_or(key);
            Err(Problem::new(format!("`{key}` must use {}", needed.join(" or ")), last))
        }
        _ => Ok(()),
    }
}

fn formats(dialect: &Dialect) -> Result<(), Problem> {
    for (at, format) in dialect.formats.iter().enumerate() {
        if dialect.formats[..at].iter().any(|other| other.name == format.name) {
            return Err(Problem::new(format!("there are two formats `{}`", format.name), &format.name));
        }
        for (key, template) in [("template", &format.template), ("output", &format.output)] {
            let Some(template) = template else { continue };
            text::jinja().template_from_str(template).map_err(|error| {
                let first = template.lines().next().unwrap_or_default();
                Problem::new(format!("`{key}` of the format `{}`: {error}", format.name), first)
            })?;
        }
    }
    if dialect.format(&dialect.default_format).is_none() {
        let message = format!("`default_format` is `{}`, which no format is called", dialect.default_format);
        return Err(Problem::new(message, &dialect.default_format));
    }
    Ok(())
}
