//! Post-processing of queries (`postprocessing`). One file each, by the value of `type`.

use std::fmt;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::RuleItem;

use crate::{
    conditions::{Registration, registry},
    context::Context,
    item::{Gate, item_params, read_gate},
    node::Node,
    params::{Params, Spec},
    pipeline::Pipeline,
};

registry! { dyn Postprocess;
    embed,
    event_types,
    json,
    nest,
    replace,
    simple_template,
    template,
    yara_l_rule,
}

/// What rewrites a query.
pub(crate) trait Postprocess: fmt::Debug + Send + Sync {
    fn apply(
        &self,
        query: String,
        rule: &RuleItem,
        pipeline: &Pipeline,
        cx: &mut Context,
    ) -> Result<String, Diagnostic>;
}

/// An item of `postprocessing`.
#[derive(Debug)]
pub(crate) struct PostItem {
    pub(crate) gate: Gate,
    pub(crate) transformation: Box<dyn Postprocess>,
}

/// All post-processing items, by name.
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    ALL.iter().map(|entry| entry.spec)
}

impl PostItem {
    /// Reads an item; `None` if anything is wrong with it.
    pub(crate) fn read(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = found.len();
        let gate = read_gate(node, "post-processing item", found)?;
        let params = item_params(node.as_map()?, &gate, "post-processing item", node.span);
        let transformation = build(&gate.type_name, &params);
        found.extend(params.finish());
        if found.len() > before {
            return None;
        }
        Some(Self { gate, transformation: transformation? })
    }
}

fn build(name: &str, params: &Params<'_>) -> Option<Box<dyn Postprocess>> {
    let entry: Option<&Registration<dyn Postprocess>> = ALL.iter().find(|entry| entry.spec.name == name);
    match entry {
        Some(entry) => (entry.build)(params),
        None => {
            let names: Vec<_> = specs().map(|spec| spec.name).collect();
            let message =
                format!("there is no post-processing item `{name}`; there are: {}", names.join(", "));
            params.report(&codes::UNKNOWN_TRANSFORMATION, params.type_span(), message);
            params.ignore_rest();
            None
        }
    }
}
