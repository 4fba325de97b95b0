//! Giving placeholders their values.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, Regex, Rule, SigmaString, Value};

use crate::{
    item::Run,
    params::{Parameter, Params},
    walk::{self, NewValue},
};

pub(super) const INCLUDE: Parameter = Parameter {
    name: "include",
    takes: "list of texts",
    default: Some("all"),
    summary: "The placeholders that are replaced.",
};

pub(super) const EXCLUDE: Parameter = Parameter {
    name: "exclude",
    takes: "list of texts",
    default: Some("none"),
    summary: "The placeholders that are not replaced; not together with `include`.",
};

/// Which placeholders an item replaces.
#[derive(Debug)]
pub(super) struct Choice {
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
}

impl Choice {
    pub(super) fn read(params: &Params<'_>) -> Self {
        let choice = Self { include: params.texts("include"), exclude: params.texts("exclude") };
        if choice.include.is_some() && choice.exclude.is_some() {
            let message = "`include` and `exclude` exclude each other";
            params.report(&sigyn_diagnostics::codes::pipeline::BAD_PARAMETER, params.span, message);
        }
        choice
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        let is_in = |names: &Vec<String>| names.iter().any(|known| known == name);
        self.include.as_ref().is_none_or(is_in) && !self.exclude.as_ref().is_some_and(is_in)
    }
}

/// Replaces the chosen placeholders of texts and regular expressions by every value that `values` gives.
pub(super) fn replace(
    choice: &Choice,
    rule: &mut Rule,
    run: &mut Run<'_>,
    values: impl Fn(&str, &Run<'_>) -> Result<Vec<SigmaString>, Diagnostic>,
) -> Result<(), Diagnostic> {
    walk::values(rule, run, |_, value, run| {
        let text = match value {
            Value::Str(text) | Value::Cased(text) => text,
            Value::Regex(regex) => &regex.pattern,
            _ => return Ok(NewValue::Kept),
        };
        if !text.placeholders().any(|name| choice.contains(name)) {
            return Ok(NewValue::Kept);
        }
        let mut failure = None;
        let texts = text.expand(&mut |name| {
            if !choice.contains(name) {
                return None;
            }
            match values(name, run) {
                Ok(values) => Some(values),
                Err(error) => {
                    failure.get_or_insert(error);
                    None
                }
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        let new = texts.into_iter().map(|text| match value {
            Value::Regex(regex) => Value::Regex(Regex {
                pattern: SigmaString::parse_unescaped(&text.to_plain()),
                flags: regex.flags,
            }),
            // The reference forgets that the text was `cased`.
            Value::Cased(_) if run.cx.reading == Compat::Spec => Value::Cased(text),
            _ => Value::Str(text),
        });
        Ok(NewValue::Become(new.collect()))
    })
}
