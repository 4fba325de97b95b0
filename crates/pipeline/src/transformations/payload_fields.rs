//! `payload_fields`: fields that are not known become keywords.

use std::collections::HashSet;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Rule, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "payload_fields",
    summary: "Makes keywords of detection items whose field is not known, or items of the field for the raw text where one value stands for several.",
    parameters: &[
        Parameter {
            name: "known",
            takes: "list of texts",
            default: None,
            summary: "Fields that are known, which are left alone.",
        },
        Parameter {
            name: "payload",
            takes: "text",
            default: None,
            summary: "The field for the raw text.",
        },
    ],
    examples: &[Example {
        title: "an unknown field",
        item: "known: [A]\npayload: payload",
        before: "{A: 1, B: x, 'C|windash': '-d'}",
        after: "query: A=1 and x and payload=(-d or /d or –d or —d or ―d)",
    }],
};

#[derive(Debug)]
struct PayloadFields {
    known: HashSet<String>,
    payload: String,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let known = params.required_texts("known");
    let payload = params.required_text("payload");
    Some(Box::new(PayloadFields { known: known?.into_iter().collect(), payload: payload? }))
}

impl Transformation for PayloadFields {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| {
            match &item.field {
                Some(field) if self.known.contains(field) => {}
                None => {}
                Some(_) => {
                    item.field = match item.values.first() {
                        Some(Value::Expansion { .. }) => Some(self.payload.clone()),
                        Some(_) => None,
                        None => return Err(run.fail(&codes::TRANSFORMATION, "the item has no value")),
                    };
                }
            }
            Ok(Outcome::Changed)
        })
    }
}
