//! `set_value`: one value for all.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    values::{normal, parse_number, python_str, sigma_value},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "set_value",
    summary: "Puts a fixed value in the place of each value.",
    parameters: &[
        Parameter { name: "value", takes: "a single value", default: None, summary: "The value." },
        Parameter {
            name: "force_type",
            takes: "str or num",
            default: Some("the value's own"),
            summary: "Makes the value a text or a number.",
        },
    ],
    examples: &[
        Example { title: "null", item: "value: null", before: "{A: x}", after: "query: A=null" },
        Example {
            title: "a number as text",
            item: "value: 5\nforce_type: str",
            before: "{A: x}",
            after: "query: A='5'",
        },
    ],
};

#[derive(Debug)]
struct SetValue(Value);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let data = params.scalar("value");
    let forced = params.choice("force_type", &["str", "num"], "");
    let data = data?;
    let value = match (forced, &data) {
        ("", data) => sigma_value(data),
        (_, Data::Null) => None,
        ("str", data) => Some(Value::Str(SigmaString::parse(&python_str(data)))),
        (_, Data::Number(number)) => Some(Value::Number(normal(*number))),
        (_, Data::Bool(value)) => Some(Value::Number(sigyn_ir::Number::Int((*value).into()))),
        (_, data) => data.as_str().and_then(parse_number).map(Value::Number),
    };
    if value.is_none() {
        let message = format!("`{}` cannot be made what `force_type` says", python_str(&data));
        params.report(&codes::BAD_PARAMETER, params.span, message);
    }
    Some(Box::new(SetValue(value?)))
}

impl Transformation for SetValue {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, _, _| Ok(NewValue::Become(vec![self.0.clone()])))
    }
}
