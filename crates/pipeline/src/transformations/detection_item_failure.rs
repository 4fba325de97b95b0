//! `detection_item_failure`: refuses rules with certain detection items.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Rule;

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk,
};

pub(crate) static SPEC: Spec = Spec {
    name: "detection_item_failure",
    summary: "Refuses a rule that has a detection item which the item's conditions choose.",
    parameters: &[Parameter { name: "message", takes: "text", default: None, summary: "The message." }],
    examples: &[Example {
        title: "a field that the target does not have",
        item: "message: no hashes here\nfield_name_conditions: [{type: include_fields, fields: [Hashes]}]",
        before: "{A: 1, Hashes: 2}",
        after: "error: rule-refused-by-pipeline: no hashes here",
    }],
};

#[derive(Debug)]
struct DetectionItemFailure(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(DetectionItemFailure(params.required_text("message")?)))
}

impl Transformation for DetectionItemFailure {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |_, run| Err(run.fail(&codes::RULE_FAILURE, self.0.as_str())))
    }
}
