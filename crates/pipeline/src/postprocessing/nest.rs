//! `nest`: post-processing items that apply together.

use std::sync::Arc;

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::RuleItem;

use crate::{
    context::Context,
    params::{Example, Parameter, Params, Spec},
    pipeline::{Pipeline, list},
    postprocessing::{PostItem, Postprocess},
};

pub(crate) static SPEC: Spec = Spec {
    name: "nest",
    summary: "Applies a list of post-processing items as one, under the conditions of this item.",
    parameters: &[Parameter { name: "items", takes: "list of items", default: None, summary: "The items." }],
    examples: &[Example {
        title: "two items",
        item: "items: [{type: embed, prefix: '('}, {type: embed, suffix: ')'}]",
        before: "a=1",
        after: "(a=1)",
    }],
};

#[derive(Debug)]
struct Nest(Vec<Arc<PostItem>>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    params.required("items")?;
    let mut found = Vec::new();
    let nodes = list(params, "items").iter();
    let items = nodes.filter_map(|node| PostItem::read(node, &mut found)).map(Arc::new).collect();
    params.report_all(found);
    Some(Box::new(Nest(items)))
}

impl Postprocess for Nest {
    fn apply(
        &self,
        query: String,
        rule: &RuleItem,
        pipeline: &Pipeline,
        cx: &mut Context,
    ) -> Result<String, Diagnostic> {
        let inner = Pipeline {
            vars: pipeline.vars.clone(),
            postprocessing: self.0.clone(),
            ..Pipeline::default()
        };
        inner.postprocess(rule, cx, query)
    }
}
