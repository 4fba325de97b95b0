//! Finalizers: what becomes of all queries together. One file each, by the value of `type`.

use std::{fmt, sync::Arc};

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::Data;

use crate::{
    Files, Output,
    conditions::{Registration, registry},
    node::Node,
    params::{Params, Spec},
    pipeline::Pipeline,
};

registry! { dyn Finalizer;
    concat,
    json,
    nested,
    template,
    yaml,
}

/// What joins queries.
pub(crate) trait Finalizer: fmt::Debug + Send + Sync {
    fn apply(&self, output: Output, pipeline: &Pipeline, files: &dyn Files) -> Result<Output, Diagnostic>;
}

/// All finalizers, by name.
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    ALL.iter().map(|entry| entry.spec)
}

/// Reads a finalizer; `None` if anything is wrong with it.
pub(crate) fn read(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Arc<dyn Finalizer>> {
    let before = found.len();
    let Some(entries) = node.as_map() else {
        found.push(
            Diagnostic::error(&codes::SYNTAX, format!("a finalizer must be a map, not {}", node.describe()))
                .at(node.span),
        );
        return None;
    };
    let type_params = Params::new("a finalizer", entries, node.span);
    let name = type_params.required_text("type");
    found.extend(type_params.into_found());
    let name = name?;
    let params = Params::new(format!("finalizer `{name}`"), entries, node.span);
    params.know(&[
        "type",
        "allow_template_vars",
        "vars_allowed_paths",
        "allow_external_sources",
        "restrict_template_path",
        "policy",
    ]);
    let entry: Option<&Registration<dyn Finalizer>> = ALL.iter().find(|entry| entry.spec.name == name);
    let finalizer = match entry {
        Some(entry) => (entry.build)(&params),
        None => {
            let names: Vec<_> = specs().map(|spec| spec.name).collect();
            let message = format!("there is no finalizer `{name}`; there are: {}", names.join(", "));
            params.report(&codes::UNKNOWN_TRANSFORMATION, params.type_span(), message);
            params.ignore_rest();
            None
        }
    };
    found.extend(params.finish());
    if found.len() > before { None } else { finalizer.map(Arc::from) }
}

/// The output as plain data.
fn to_data(output: Output) -> Data {
    match output {
        Output::Text(text) => Data::Text(text),
        Output::List(items) => Data::List(items),
    }
}
