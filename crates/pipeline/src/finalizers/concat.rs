//! `concat`: one text.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Data;

use crate::{
    Files, Output,
    finalizers::Finalizer,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
};

pub(crate) static SPEC: Spec = Spec {
    name: "concat",
    summary: "Joins the queries to one text.",
    parameters: &[
        Parameter {
            name: "separator",
            takes: "text",
            default: Some("a newline"),
            summary: "Between two queries.",
        },
        Parameter { name: "prefix", takes: "text", default: Some("empty"), summary: "Before all." },
        Parameter { name: "suffix", takes: "text", default: Some("empty"), summary: "Behind all." },
    ],
    examples: &[Example {
        title: "a list",
        item: "separator: ', '\nprefix: '['\nsuffix: ']'",
        before: "[a=1, b=2]",
        after: "[a=1, b=2]",
    }],
};

#[derive(Debug)]
struct Concat {
    separator: String,
    prefix: String,
    suffix: String,
}

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Finalizer>> {
    Some(Box::new(Concat {
        separator: params.text("separator").unwrap_or_else(|| "\n".to_owned()),
        prefix: params.text("prefix").unwrap_or_default(),
        suffix: params.text("suffix").unwrap_or_default(),
    }))
}

impl Finalizer for Concat {
    fn apply(&self, output: Output, _: &Pipeline, _: &dyn Files) -> Result<Output, Diagnostic> {
        let fail = |message| Err(Diagnostic::error(&codes::TRANSFORMATION, message));
        let Output::List(items) = output else {
            return fail("`concat` needs a list of queries, but a finalizer before it made one text");
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in &items {
            match item {
                Data::Text(text) => texts.push(text.as_str()),
                _ => return fail("`concat` joins texts, but the output format makes structured queries"),
            }
        }
        Ok(Output::Text(format!("{}{}{}", self.prefix, texts.join(&self.separator), self.suffix)))
    }
}
