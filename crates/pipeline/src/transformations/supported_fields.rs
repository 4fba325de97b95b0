//! `supported_fields`: refuses rules with other fields.

use std::collections::HashSet;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Rule;

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "supported_fields",
    summary: "Refuses a rule that has keywords or a field which is not listed.",
    parameters: &[Parameter {
        name: "fields",
        takes: "list of texts",
        default: None,
        summary: "The fields that are supported.",
    }],
    examples: &[Example {
        title: "another field",
        item: "fields: [A]",
        before: "{A: 1, B: 2}",
        after: "error: rule-refused-by-pipeline: the field `B` is not supported",
    }],
};

#[derive(Debug)]
struct SupportedFields(HashSet<String>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(SupportedFields(params.required_texts("fields")?.into_iter().collect())))
}

impl Transformation for SupportedFields {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| match &item.field {
            Some(field) if self.0.contains(field) => Ok(Outcome::Kept),
            Some(field) => {
                Err(run.fail(&codes::RULE_FAILURE, format!("the field `{field}` is not supported")))
            }
            None => Err(run.fail(&codes::RULE_FAILURE, "keywords are not supported")),
        })
    }
}
