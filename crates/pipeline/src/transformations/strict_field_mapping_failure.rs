//! `strict_field_mapping_failure`: refuses rules with unmapped fields.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Rule;

use crate::{
    item::{Run, Transformation},
    params::{Example, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "strict_field_mapping_failure",
    summary: "Refuses a rule with a field that no item mapped.",
    parameters: &[],
    examples: &[Example {
        title: "nothing was mapped",
        item: "",
        before: "{A: 1, B: 2}",
        after: "error: unmapped-field: these fields are not mapped: A, B",
    }],
};

#[derive(Debug)]
struct StrictFieldMappingFailure;

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(_: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(StrictFieldMappingFailure))
}

impl Transformation for StrictFieldMappingFailure {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.mark(&mut rule.marks);
        let mut fields = Vec::new();
        for (_, detection) in &rule.detections {
            run.cx.collect_unmapped(detection, &mut fields);
        }
        if fields.is_empty() {
            return Ok(());
        }
        let message = format!("these fields are not mapped: {}", fields.join(", "));
        Err(run.fail(&codes::UNMAPPED_FIELD, message))
    }
}
