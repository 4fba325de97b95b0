//! `case`: texts in one case.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Rule, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "case",
    summary: "Writes texts in lower, upper or snake case.",
    parameters: &[Parameter {
        name: "method",
        takes: "lower, upper or snake_case",
        default: Some("lower"),
        summary: "The case.",
    }],
    examples: &[
        Example { title: "lower", item: "", before: "{A: '*Foo?', B: 1}", after: "query: A=*foo? and B=1" },
        Example {
            title: "snake case",
            item: "method: snake_case",
            before: "{A: FooBar}",
            after: "query: A=foo_bar",
        },
    ],
};

#[derive(Debug)]
struct Case(fn(&str) -> String);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(Case(match params.choice("method", &["lower", "upper", "snake_case"], "lower") {
        "upper" => str::to_uppercase,
        "snake_case" => snake_case,
        _ => str::to_lowercase,
    })))
}

impl Transformation for Case {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, _| {
            Ok(match value {
                Value::Str(text) => NewValue::Become(vec![Value::Str(text.map_text(self.0))]),
                Value::Cased(text) => NewValue::Become(vec![Value::Cased(text.map_text(self.0))]),
                _ => NewValue::Kept,
            })
        })
    }
}

/// `_` before each capital but the first character, all in lower case.
fn snake_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for (at, c) in text.char_indices() {
        if at > 0 && c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c);
    }
    out.to_lowercase()
}
