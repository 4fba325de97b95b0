//! `file_placeholders`: values from a file.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::Rule;

use super::external::{COMMON, External};
use crate::{
    item::{Run, Transformation},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "file_placeholders",
    summary: "Replaces placeholders by values from a file, if external sources are allowed.",
    parameters: &[
        COMMON[0], COMMON[1], COMMON[2], COMMON[3], COMMON[4], COMMON[5], COMMON[6],
        Parameter { name: "path", takes: "text", default: None, summary: "The file." },
    ],
    examples: &[],
};

#[derive(Debug)]
struct FilePlaceholders {
    external: External,
    path: String,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let path = params.required_text("path");
    let external = External::read(params)?;
    Some(Box::new(FilePlaceholders { external, path: path? }))
}

impl Transformation for FilePlaceholders {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        self.external.apply(rule, run, |files| files.read(&self.path))
    }
}
