//! `yara_l_event_variable`: fields of an event variable.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, Rule};

use super::field_names::{self, FieldNames, Mapped};
use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "yara_l_event_variable",
    summary: "Puts an event variable of a YARA-L rule before each field.",
    parameters: &[Parameter {
        name: "variable",
        takes: "text",
        default: None,
        summary: "The variable, without the dollar sign.",
    }],
    examples: &[Example {
        title: "a variable",
        item: "variable: event1",
        before: "{metadata.id: 1}",
        after: "query: $event1.metadata.id=1",
    }],
};

#[derive(Debug)]
struct EventVariable(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(EventVariable(params.required_text("variable")?)))
}

struct Names<'n> {
    variable: &'n str,
    is_reference: bool,
}

impl FieldNames for Names<'_> {
    fn map(&self, field: Option<&str>) -> Option<Mapped> {
        // The reference makes a field of keywords too: the one whose name is how Python prints nothing.
        let field = field.or(self.is_reference.then_some("None"))?;
        Some(Mapped::One(format!("${}.{field}", self.variable)))
    }
}

impl Transformation for EventVariable {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let is_reference = run.cx.reading == Compat::PySigma;
        field_names::map_rule(&Names { variable: &self.0, is_reference }, rule, run)
    }
}
