//! `processing_item_applied` on a detection item: whether an item changed it.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::DetectionItem;

use crate::{
    conditions::{DetectionItemCondition, applied::{self, ItemApplied}},
    context::Scope,
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_item_applied",
    summary: "Holds if the item with this id changed the detection item before.",
    parameters: applied::PARAMETERS,
    examples: &[],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    Some(Box::new(ItemApplied::read(params)?))
}

impl DetectionItemCondition for ItemApplied {
    fn holds(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(item.is_marked(&self.id))
    }
}
