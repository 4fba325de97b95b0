//! `template`: the query in a Jinja template.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::RuleItem;

use crate::{
    context::Context,
    params::{Example, Params, Spec},
    pipeline::Pipeline,
    postprocessing::Postprocess,
    template::{self, PARAMETERS, Template},
};

pub(crate) static SPEC: Spec = Spec {
    name: "template",
    summary: "Puts the query into a Jinja template with `query`, `rule` and `pipeline`.",
    parameters: PARAMETERS,
    examples: &[Example {
        title: "title and tags",
        item: "template: '{{ rule.title | upper }} {% for t in rule.tags %}{{ t }}{% endfor %}: {{ query }}'",
        before: "a=1",
        after: "EXAMPLE attack.t1059: a=1",
    }],
};

#[derive(Debug)]
struct QueryTemplate(Template);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    Some(Box::new(QueryTemplate(Template::read(params)?)))
}

impl Postprocess for QueryTemplate {
    fn apply(
        &self,
        query: String,
        rule: &RuleItem,
        pipeline: &Pipeline,
        cx: &mut Context,
    ) -> Result<String, Diagnostic> {
        let names = template::names(pipeline, &cx.state, Some((rule, &query)));
        self.0.render(names, cx.files.as_ref())
    }
}
