//! `nested`: finalizers one behind the other.

use std::sync::Arc;

use sigyn_diagnostics::Diagnostic;

use crate::{
    Files, Output,
    finalizers::{self, Finalizer},
    params::{Example, Parameter, Params, Spec},
    pipeline::{Pipeline, list},
};

pub(crate) static SPEC: Spec = Spec {
    name: "nested",
    summary: "Applies a list of finalizers one behind the other.",
    parameters: &[Parameter {
        name: "finalizers",
        takes: "list of finalizers",
        default: None,
        summary: "The finalizers.",
    }],
    examples: &[Example {
        title: "joined, then quoted",
        item: "finalizers: [{type: concat, separator: ' '}, {type: json}]",
        before: "[a=1, b=2]",
        after: "\"a=1 b=2\"",
    }],
};

#[derive(Debug)]
struct Nested(Vec<Arc<dyn Finalizer>>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Finalizer>> {
    params.required("finalizers")?;
    let mut found = Vec::new();
    let nodes = list(params, "finalizers").iter();
    let inner = nodes.filter_map(|node| finalizers::read(node, &mut found)).collect();
    params.report_all(found);
    Some(Box::new(Nested(inner)))
}

impl Finalizer for Nested {
    fn apply(
        &self,
        output: Output,
        pipeline: &Pipeline,
        files: &dyn Files,
    ) -> Result<Output, Diagnostic> {
        self.0.iter().try_fold(output, |output, finalizer| finalizer.apply(output, pipeline, files))
    }
}
