//! `reading`: whether the run reproduces the reference implementation.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::Compat;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "reading",
    summary: "Holds under one of the two readings, so that a pipeline can mend what the reference gets wrong and \
              still reproduce it under `--compat pysigma`.",
    parameters: &[Parameter {
        name: "is",
        takes: "specification or pysigma",
        default: None,
        summary: "The reading.",
    }],
    examples: &[],
};

#[derive(Debug)]
struct Reading(Compat);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    params.required("is")?;
    let is_reference = params.choice("is", &["specification", "pysigma"], "specification") == "pysigma";
    Some(Box::new(Reading(if is_reference { Compat::PySigma } else { Compat::Spec })))
}

impl RuleCondition for Reading {
    fn holds(&self, _: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(scope.cx.reading == self.0)
    }
}
