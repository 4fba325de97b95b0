//! `embed`: text around the query.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::RuleItem;

use crate::{
    context::Context,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
};

pub(crate) static SPEC: Spec = Spec {
    name: "embed",
    summary: "Puts text before and behind the query.",
    parameters: &[
        Parameter { name: "prefix", takes: "text", default: Some("empty"), summary: "Before the query." },
        Parameter { name: "suffix", takes: "text", default: Some("empty"), summary: "Behind the query." },
    ],
    examples: &[Example { title: "both", item: "prefix: '[ '\nsuffix: ' ]'", before: "a=1", after: "[ a=1 ]" }],
};

#[derive(Debug)]
struct Embed {
    prefix: String,
    suffix: String,
}

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    Some(Box::new(Embed {
        prefix: params.text("prefix").unwrap_or_default(),
        suffix: params.text("suffix").unwrap_or_default(),
    }))
}

impl Postprocess for Embed {
    fn apply(
        &self,
        query: String,
        _: &RuleItem,
        _: &Pipeline,
        _: &mut Context,
    ) -> Result<String, Diagnostic> {
        Ok(format!("{}{query}{}", self.prefix, self.suffix))
    }
}
