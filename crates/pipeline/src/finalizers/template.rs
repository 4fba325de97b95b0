//! `template`: a Jinja template over all queries.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::State;

use crate::{
    Files, Output,
    finalizers::{Finalizer, to_data},
    params::{Example, Params, Spec},
    pipeline::Pipeline,
    template::{self, PARAMETERS, Template},
};

pub(crate) static SPEC: Spec = Spec {
    name: "template",
    summary: "Puts the queries into a Jinja template with `queries` and `pipeline`.",
    parameters: PARAMETERS,
    examples: &[Example {
        title: "one per line",
        item: "template: '{% for q in queries %}- {{ q }};{% endfor %}'",
        before: "[a=1, b=2]",
        after: "- a=1;- b=2;",
    }],
};

#[derive(Debug)]
struct AllTemplate(Template);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Finalizer>> {
    Some(Box::new(AllTemplate(Template::read(params)?)))
}

impl Finalizer for AllTemplate {
    fn apply(
        &self,
        output: Output,
        pipeline: &Pipeline,
        files: &dyn Files,
    ) -> Result<Output, Diagnostic> {
        let mut names = template::names(pipeline, &State::default(), None);
        names.push(("queries".to_owned(), template::value(&to_data(output))));
        Ok(Output::Text(self.0.render(names, files)?))
    }
}
