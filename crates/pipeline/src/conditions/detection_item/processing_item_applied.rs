//! `processing_item_applied` on a detection item: whether an item changed it.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::DetectionItem;

use crate::{
    conditions::DetectionItemCondition,
    context::Scope,
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_item_applied",
    summary: "Holds if the item with this id changed the detection item before.",
    parameters: &[Parameter {
        name: "processing_item_id",
        takes: "text",
        default: None,
        summary: "The id of the item.",
    }],
    examples: &[],
};

#[derive(Debug)]
struct ItemApplied(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    Some(Box::new(ItemApplied(params.required_text("processing_item_id")?)))
}

impl DetectionItemCondition for ItemApplied {
    fn holds(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(item.is_marked(&self.0))
    }
}
