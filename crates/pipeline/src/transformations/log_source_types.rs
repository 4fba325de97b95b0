//! `log_source_types`: types of log sources as numbers.

use std::collections::HashMap;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Data, Number, Rule, Value};

use crate::{
    item::{Run, Transformation},
    node::Kind,
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "log_source_types",
    summary: "Turns the values of a field into the numbers that they stand for. pySigma's reading sets a key of the pipeline's state to the numbers instead, for the frame of the query, and takes the item as applied.",
    parameters: &[
        Parameter { name: "key", takes: "text", default: None, summary: "The key." },
        Parameter { name: "field", takes: "text", default: None, summary: "The field." },
        Parameter {
            name: "types",
            takes: "map of text to number",
            default: None,
            summary: "The numbers of the values.",
        },
    ],
    examples: &[Example {
        title: "a type",
        item: "key: types\nfield: type\ntypes: {Apache: 10}",
        before: "{type: Apache}",
        after: "query: type=10\nstate: types=[]",
    }],
};

#[derive(Debug)]
struct LogSourceTypes {
    key: String,
    field: String,
    types: HashMap<String, Number>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let (key, field) = (params.required_text("key"), params.required_text("field"));
    params.required("types")?;
    let mut types = HashMap::new();
    for entry in params.map("types")? {
        match (&entry.key, &entry.value.kind) {
            (Data::Text(name), Kind::Scalar(Data::Number(number))) => {
                types.insert(name.clone(), *number);
            }
            _ => {
                let message = "`types` must be a map of text to number";
                params.report(&codes::BAD_PARAMETER, entry.value.span, message);
            }
        }
    }
    Some(Box::new(LogSourceTypes { key: key?, field: field?, types }))
}

impl Transformation for LogSourceTypes {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let mut found = Vec::new();
        walk::detection_items(rule, run, |item, run| {
            if item.field.as_deref() != Some(self.field.as_str()) {
                return Ok(Outcome::Kept);
            }
            let mut numbers = Vec::with_capacity(item.values.len());
            for value in &item.values {
                let number = match value {
                    Value::Str(text) | Value::Cased(text) => self.types.get(&text.to_plain()),
                    _ => None,
                };
                match number {
                    Some(number) => numbers.push(*number),
                    // The reference drops what it does not know, so that the rule asks for less than it says.
                    None if run.cx.reading == Compat::PySigma => {}
                    None => {
                        let message = format!("a value of `{}` is no known type of log source", self.field);
                        return Err(run.fail(&codes::RULE_FAILURE, message));
                    }
                }
            }
            if run.cx.reading == Compat::PySigma {
                found.extend(numbers.into_iter().map(Data::Number));
                return Ok(Outcome::Changed);
            }
            item.values = numbers.into_iter().map(Value::Number).collect();
            Ok(Outcome::Kept)
        })?;
        run.cx.state.set(self.key.as_str(), Data::List(found));
        Ok(())
    }
}
