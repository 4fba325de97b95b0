//! `match_string`: texts that a regular expression matches.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{DetectionItem, Value};

use crate::{
    conditions::{COND, DetectionItemCondition, Quantity},
    context::Scope,
    params::{Parameter, Params, Spec},
    pyregex::PyRegex,
};

pub(crate) static SPEC: Spec = Spec {
    name: "match_string",
    summary: "Holds for texts that the regular expression matches from their start; values of other kinds do not match.",
    parameters: &[
        COND,
        Parameter {
            name: "pattern",
            takes: "regular expression",
            default: None,
            summary: "Matched with the text as a rule would write it, wildcards included.",
        },
        Parameter {
            name: "negate",
            takes: "true or false",
            default: Some("false"),
            summary: "Turns the result of each value round.",
        },
    ],
    examples: &[],
};

#[derive(Debug)]
struct MatchString {
    quantity: Quantity,
    pattern: PyRegex,
    is_negated: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    let quantity = Quantity::read(params);
    let pattern = params.regex("pattern");
    let is_negated = params.flag("negate");
    Some(Box::new(MatchString { quantity: quantity?, pattern: pattern?, is_negated }))
}

impl DetectionItemCondition for MatchString {
    fn holds(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(self.quantity.of(&item.values, |value| {
            let is_match = match value {
                Value::Str(text) | Value::Cased(text) => self.pattern.matches_start(&text.to_plain()),
                _ => false,
            };
            is_match != self.is_negated
        }))
    }
}
