//! `set_field`: another field list.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "set_field",
    summary: "Puts these fields in the place of the rule's field list.",
    parameters: &[Parameter {
        name: "fields",
        takes: "list of texts",
        default: None,
        summary: "The fields.",
    }],
    examples: &[Example {
        title: "two fields",
        item: "fields: [B, C]",
        before: "{detection: {sel: {A: 1}, condition: sel}, fields: [A]}",
        after: "query: A=1\nfields: B, C",
    }],
};

#[derive(Debug)]
struct SetField(Vec<String>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(SetField(params.required_texts("fields")?)))
}

impl Transformation for SetField {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.fields.clone_from(&self.0);
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.fields.clone_from(&self.0);
        run.mark(&mut rule.marks);
        Ok(())
    }
}
