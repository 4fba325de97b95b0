//! `add_field`: more fields in the field list.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "add_field",
    summary: "Adds fields at the end of the rule's field list.",
    parameters: &[Parameter {
        name: "field",
        takes: "text or list of texts",
        default: None,
        summary: "The field or fields.",
    }],
    examples: &[Example {
        title: "two fields",
        item: "field: [B, C]",
        before: "{detection: {sel: {A: 1}, condition: sel}, fields: [A]}",
        after: "query: A=1\nfields: A, B, C",
    }],
};

#[derive(Debug)]
struct AddField(Vec<String>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(AddField(params.required_texts("field")?)))
}

impl Transformation for AddField {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.fields.extend_from_slice(&self.0);
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.fields.extend_from_slice(&self.0);
        run.mark(&mut rule.marks);
        Ok(())
    }
}
