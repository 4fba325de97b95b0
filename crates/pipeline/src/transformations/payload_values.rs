//! `payload_values`: what can be looked for in the raw text of an event.

use std::collections::HashSet;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Part, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "payload_values",
    summary: "Of fields that are not known, refuses values that cannot be looked for in the raw text of an event (null, truth values, regular expressions, networks) and puts the field's name before numbers.",
    parameters: &[Parameter {
        name: "known",
        takes: "list of texts",
        default: None,
        summary: "Fields that are known, which are left alone.",
    }],
    examples: &[
        Example {
            title: "a number",
            item: "known: [A]",
            before: "{A: 1, B: [2, x]}",
            after: "query: A=1 and (B=B*2 or B=x)",
        },
        Example {
            title: "null",
            item: "known: [A]",
            before: "{A: null, B: null}",
            after: "error: rule-refused-by-pipeline: null cannot be looked for in the raw text: the field `B` is not known",
        },
    ],
};

#[derive(Debug)]
struct PayloadValues(HashSet<String>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(PayloadValues(params.required_texts("known")?.into_iter().collect())))
}

impl Transformation for PayloadValues {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| {
            let field = item.field.as_deref();
            if field.is_some_and(|field| self.0.contains(field)) {
                return Ok(Outcome::Kept);
            }
            for value in &mut item.values {
                if let Some(what) = refused(value, run.cx.reading) {
                    let place = field.map_or_else(String::new, |field| format!(": the field `{field}` is not known"));
                    let message = format!("{what} cannot be looked for in the raw text{place}");
                    return Err(run.fail(&codes::RULE_FAILURE, message));
                }
                if let Some(number) = number(value) {
                    *value = Value::Str(behind_name(field, &number, run.cx.reading));
                }
            }
            Ok(Outcome::Kept)
        })
    }
}

/// A number behind the field's name. The reference writes the target's wildcard between them, as text.
fn behind_name(field: Option<&str>, number: &str, reading: Compat) -> SigmaString {
    match (field, reading) {
        (None, _) => SigmaString::parse(number),
        (Some(field), Compat::PySigma) => SigmaString::parse(&format!("{field}%{number}")),
        (Some(field), Compat::Spec) => SigmaString::from_parts([
            Part::Text(field.to_owned()),
            Part::Many,
            Part::Text(number.to_owned()),
        ]),
    }
}

/// What kind of value cannot be looked for. The reference forgets comparisons and parts of timestamps.
fn refused(value: &Value, reading: Compat) -> Option<&'static str> {
    match value {
        Value::Null => Some("null"),
        Value::Str(text) | Value::Cased(text) if text.is_empty() => Some("an empty text"),
        Value::Str(text) | Value::Cased(text)
            if reading == Compat::PySigma && matches!(text.as_literal(), Some("true" | "false")) =>
        {
            Some("a truth value")
        }
        Value::Bool(_) => Some("a truth value"),
        Value::Exists(false) => Some("the absence of a field"),
        Value::Regex(_) => Some("a regular expression"),
        Value::Cidr(_) => Some("a network"),
        Value::Compare { .. } | Value::TimePart { .. } | Value::Exists(_) if reading == Compat::Spec => {
            Some("a comparison")
        }
        _ => None,
    }
}

/// A number, or a text of digits (and percent signs, which the reference takes for wildcards).
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) | Value::TimePart { number, .. } => Some(number.to_string()),
        Value::Str(text) | Value::Cased(text) => {
            let plain = text.to_plain();
            plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '%' | '\'')).then_some(plain)
        }
        _ => None,
    }
}
