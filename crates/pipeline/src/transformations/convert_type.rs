//! `convert_type`: numbers to texts and back.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    values::parse_number,
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "convert_type",
    summary: "Turns numbers into texts, or texts into numbers; a text that is no number refuses the rule.",
    parameters: &[Parameter {
        name: "target_type",
        takes: "str or num",
        default: None,
        summary: "What the values become.",
    }],
    examples: &[
        Example {
            title: "to texts",
            item: "target_type: str",
            before: "{A: [1, x]}",
            after: "query: A='1' or A=x",
        },
        Example {
            title: "to numbers",
            item: "target_type: num",
            before: "{A: ['1', 2]}",
            after: "query: A=1 or A=2",
        },
        Example {
            title: "no number",
            item: "target_type: num",
            before: "{A: x}",
            after: "error: transformation-failed: `x` is no number",
        },
    ],
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum ConvertType {
    Text,
    Number,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    params.required("target_type")?;
    Some(Box::new(match params.choice("target_type", &["str", "num"], "str") {
        "num" => ConvertType::Number,
        _ => ConvertType::Text,
    }))
}

impl Transformation for ConvertType {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, run| {
            Ok(match value {
                Value::Expansion { kind, values } => {
                    let mut converted = Vec::with_capacity(values.len());
                    for value in values {
                        converted.push(self.convert(value, run)?.unwrap_or_else(|| value.clone()));
                    }
                    NewValue::Become(vec![Value::Expansion { kind: *kind, values: converted }])
                }
                value => match self.convert(value, run)? {
                    Some(value) => NewValue::Become(vec![value]),
                    None => NewValue::Kept,
                },
            })
        })
    }
}

impl ConvertType {
    fn convert(self, value: &Value, run: &Run<'_>) -> Result<Option<Value>, Diagnostic> {
        match (self, value) {
            (ConvertType::Text, Value::Number(number)) => {
                Ok(Some(Value::Str(SigmaString::parse(&number.to_string()))))
            }
            // The reference takes a part of a timestamp for a number.
            (ConvertType::Text, Value::TimePart { number, .. }) if run.cx.reading == Compat::PySigma => {
                Ok(Some(Value::Str(SigmaString::parse(&number.to_string()))))
            }
            (ConvertType::Number, Value::Str(text) | Value::Cased(text)) => {
                let text = text.to_plain();
                match parse_number(&text) {
                    Some(number) => Ok(Some(Value::Number(number))),
                    None => {
                        Err(run.fail(&codes::TRANSFORMATION, format!("`{text}` is no number")))
                    }
                }
            }
            _ => Ok(None),
        }
    }
}
