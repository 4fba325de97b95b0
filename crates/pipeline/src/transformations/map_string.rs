//! `map_string`: texts by a table.

use std::collections::HashMap;

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Mapping, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "map_string",
    summary: "Replaces texts by others.",
    parameters: &[Parameter {
        name: "mapping",
        takes: "map of text to text or list of texts",
        default: None,
        summary: "For each text, as a rule would write it, what it becomes; a list gives several values.",
    }],
    examples: &[Example {
        title: "a table",
        item: "mapping: {a: x, b: [y, 'z*']}",
        before: "{A: [a, b, c]}",
        after: "query: A=x or A=y or A=z* or A=c",
    }],
};

#[derive(Debug)]
struct MapString(HashMap<String, Vec<SigmaString>>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let pairs = params.mapping("mapping", false)?;
    let parse = |texts: Vec<String>| texts.iter().map(|text| SigmaString::parse(text)).collect();
    let table = pairs.into_iter().map(|pair| match pair {
        Mapping::One(from, to) => (from.unwrap_or_default(), parse(vec![to])),
        Mapping::Many(from, to) => (from.unwrap_or_default(), parse(to)),
    });
    Some(Box::new(MapString(table.collect())))
}

impl Transformation for MapString {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |_, value, _| {
            let (Value::Str(text) | Value::Cased(text)) = value else { return Ok(NewValue::Kept) };
            Ok(match self.0.get(&text.to_plain()) {
                Some(texts) => NewValue::Become(texts.iter().cloned().map(Value::Str).collect()),
                None => NewValue::Kept,
            })
        })
    }
}
