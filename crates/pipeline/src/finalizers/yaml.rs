//! `yaml`: a YAML document.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::YamlStyle;

use crate::{
    Files, Output,
    finalizers::{Finalizer, to_data},
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
};

pub(crate) static SPEC: Spec = Spec {
    name: "yaml",
    summary: "Writes the queries as a YAML document.",
    parameters: &[Parameter {
        name: "indent",
        takes: "integer from 2 to 9",
        default: Some("2"),
        summary: "Spaces per level.",
    }],
    examples: &[
        Example {
            title: "a list",
            item: "",
            before: "[a=1, 'b: 2', \"x\\ny\"]",
            after: "- a=1\n- 'b: 2'\n- 'x\n\n  y'\n",
        },
        Example { title: "wide", item: "indent: 4", before: "[a=1, \"x\\ny\"]", after: "- a=1\n- 'x\n\n    y'\n" },
    ],
};

#[derive(Debug)]
struct Yaml(usize);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Finalizer>> {
    let indent = params.integer("indent").and_then(|indent| usize::try_from(indent).ok());
    // Other widths are ignored, as the reference's writer does.
    Some(Box::new(Yaml(indent.filter(|indent| (2..10).contains(indent)).unwrap_or(2))))
}

impl Finalizer for Yaml {
    fn apply(&self, output: Output, _: &Pipeline, _: &dyn Files) -> Result<Output, Diagnostic> {
        Ok(Output::Text(to_data(output).to_yaml(&YamlStyle { indent: self.0, ..YamlStyle::default() })))
    }
}
