//! `nest`: items that apply together.

use std::sync::Arc;

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Rule};

use crate::{
    context::Context,
    item::{Item, Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    pipeline::{Pipeline, list},
};

pub(crate) static SPEC: Spec = Spec {
    name: "nest",
    summary: "Applies a list of items as one, under the conditions of this item.",
    parameters: &[Parameter {
        name: "items",
        takes: "list of items",
        default: None,
        summary: "The items. Their state starts empty and joins that of the pipeline in the end.",
    }],
    examples: &[Example {
        title: "two items",
        item: "items:\n- {type: field_name_mapping, mapping: {A: B}}\n- {type: set_state, key: k, val: v}",
        before: "{A: 1}",
        after: "query: B=1\nstate: k=v",
    }],
};

#[derive(Debug)]
struct Nest(Pipeline);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    params.required("items")?;
    let mut found = Vec::new();
    let items: Vec<_> =
        list(params, "items").iter().filter_map(|node| Item::read(node, &mut found)).map(Arc::new).collect();
    params.report_all(found);
    Some(Box::new(Nest(Pipeline { items, ..Pipeline::default() })))
}

impl Nest {
    /// The items with the outer pipeline's variables, and an empty context.
    fn inner(&self, run: &Run<'_>) -> (Pipeline, Context) {
        let pipeline = Pipeline { vars: run.pipeline.vars.clone(), ..self.0.clone() };
        (pipeline, Context::with_files(run.cx.reading, run.cx.files.clone()))
    }

    fn merge(inner: Context, run: &mut Run<'_>) {
        for id in &inner.applied {
            run.cx.note_applied(id);
        }
        run.cx.fields.extend(inner.fields);
        run.cx.mappings.merge(&inner.mappings);
        run.cx.added.extend(inner.added);
        for (key, value) in inner.state.iter() {
            run.cx.state.set(key, value.clone());
        }
    }
}

impl Transformation for Nest {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.mark(&mut rule.marks);
        let (pipeline, mut cx) = self.inner(run);
        pipeline.apply_items(rule, &mut cx)?;
        Self::merge(cx, run);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.mark(&mut rule.marks);
        let (pipeline, mut cx) = self.inner(run);
        pipeline.apply_items_to_correlation(rule, run.rules, &mut cx)?;
        Self::merge(cx, run);
        Ok(())
    }

    fn maps_fields(&self) -> bool {
        self.0.maps_fields()
    }
}
