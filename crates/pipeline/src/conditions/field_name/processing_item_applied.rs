//! `processing_item_applied` on a field name: whether an item gave the field its name.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::DetectionItem;

use crate::{
    conditions::{FieldNameCondition, applied::{self, ItemApplied}},
    context::Scope,
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_item_applied",
    summary: "Holds if the item with this id mapped the field before; for a detection item, if it changed the item.",
    parameters: applied::PARAMETERS,
    examples: &[],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn FieldNameCondition>> {
    Some(Box::new(ItemApplied::read(params)?))
}

impl FieldNameCondition for ItemApplied {
    fn holds(&self, field: Option<&str>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        let ids = field.and_then(|field| scope.cx.fields.get(field));
        Ok(ids.is_some_and(|ids| ids.iter().any(|id| **id == *self.id)))
    }

    fn holds_for_item(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(item.is_marked(&self.id))
    }
}
