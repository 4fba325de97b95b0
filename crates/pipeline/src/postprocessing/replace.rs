//! `replace`: parts of the query by a regular expression.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::RuleItem;

use crate::{
    context::Context,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
    pyregex::{PyRegex, Replacement},
};

pub(crate) static SPEC: Spec = Spec {
    name: "replace",
    summary: "Replaces what a regular expression matches in the query.",
    parameters: &[
        Parameter { name: "pattern", takes: "regular expression", default: None, summary: "What is replaced." },
        Parameter {
            name: "replacement",
            takes: "text",
            default: None,
            summary: r"What comes instead; `\1` and `\g<name>` stand for groups.",
        },
    ],
    examples: &[Example {
        title: "a field",
        item: "pattern: '(\\w+)=='\nreplacement: '\\1='",
        before: "a==1 b==2",
        after: "a=1 b=2",
    }],
};

#[derive(Debug)]
struct Replace {
    pattern: PyRegex,
    replacement: Replacement,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    let pattern = params.regex("pattern");
    let template = params.required_text("replacement");
    let pattern = pattern?;
    let replacement = params.replacement("replacement", &template?, &pattern)?;
    Some(Box::new(Replace { pattern, replacement }))
}

impl Postprocess for Replace {
    fn apply(
        &self,
        query: String,
        _: &RuleItem,
        _: &Pipeline,
        _: &mut Context,
    ) -> Result<String, Diagnostic> {
        Ok(self.pattern.replace(&query, &self.replacement))
    }
}
