//! `remove_field`: fields taken out of the field list.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "remove_field",
    summary: "Takes fields out of the rule's field list; those that are not in it are ignored.",
    parameters: &[Parameter {
        name: "field",
        takes: "text or list of texts",
        default: None,
        summary: "The field or fields.",
    }],
    examples: &[Example {
        title: "two fields",
        item: "field: [B, C]",
        before: "{detection: {sel: {A: 1}, condition: sel}, fields: [A, B, B]}",
        after: "query: A=1\nfields: A, B",
    }],
};

#[derive(Debug)]
struct RemoveField(Vec<String>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(RemoveField(params.required_texts("field")?)))
}

impl Transformation for RemoveField {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        remove(&mut rule.fields, &self.0);
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        remove(&mut rule.fields, &self.0);
        run.mark(&mut rule.marks);
        Ok(())
    }
}

/// Each name goes once.
fn remove(fields: &mut Vec<String>, names: &[String]) {
    for name in names {
        if let Some(at) = fields.iter().position(|field| field == name) {
            fields.remove(at);
        }
    }
}
