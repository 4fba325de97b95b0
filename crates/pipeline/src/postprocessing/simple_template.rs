//! `simple_template`: the query in a Python format string.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::RuleItem;

use crate::{
    context::Context,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
    pyformat, template,
};

pub(crate) static SPEC: Spec = Spec {
    name: "simple_template",
    summary: "Puts the query into a template with `{query}`, `{rule.title}` and `{pipeline.state[key]}`.",
    parameters: &[Parameter {
        name: "template",
        takes: "text",
        default: None,
        summary: "A Python format string; doubled braces are braces.",
    }],
    examples: &[Example {
        title: "title and level",
        item: "template: '{{{rule.title}|{rule.level}|{query:>5}}}'",
        before: "a=1",
        after: "{example|high|  a=1}",
    }],
};

#[derive(Debug)]
struct SimpleTemplate(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    Some(Box::new(SimpleTemplate(params.required_text("template")?)))
}

impl Postprocess for SimpleTemplate {
    fn apply(
        &self,
        query: String,
        rule: &RuleItem,
        pipeline: &Pipeline,
        cx: &mut Context,
    ) -> Result<String, Diagnostic> {
        let names = template::names(pipeline, &cx.state, Some((rule, &query)));
        pyformat::format(&self.0, &names)
            .map_err(|reason| Diagnostic::error(&codes::TEMPLATE, format!("the template fails: {reason}")))
    }
}
