//! `json`: a JSON document.

use sigyn_diagnostics::Diagnostic;

use crate::{
    Files, Output,
    finalizers::{Finalizer, to_data},
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
};

pub(crate) static SPEC: Spec = Spec {
    name: "json",
    summary: "Writes the queries as a JSON document.",
    parameters: &[Parameter {
        name: "indent",
        takes: "integer",
        default: Some("all on one line"),
        summary: "Spaces per level.",
    }],
    examples: &[Example { title: "a list", item: "", before: "[a=1, b=2]", after: "[\"a=1\", \"b=2\"]" }],
};

#[derive(Debug)]
struct Json(Option<usize>);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Finalizer>> {
    let indent = params.integer("indent").map(|indent| usize::try_from(indent.min(32)).unwrap_or(32));
    Some(Box::new(Json(indent)))
}

impl Finalizer for Json {
    fn apply(&self, output: Output, _: &Pipeline, _: &dyn Files) -> Result<Output, Diagnostic> {
        Ok(Output::Text(to_data(output).to_json(self.0)))
    }
}
