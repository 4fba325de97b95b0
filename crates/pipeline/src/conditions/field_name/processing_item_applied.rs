//! `processing_item_applied` on a field name: whether an item gave the field its name.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::DetectionItem;

use crate::{
    conditions::FieldNameCondition,
    context::Scope,
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_item_applied",
    summary: "Holds if the item with this id mapped the field before; for a detection item, if it changed the item.",
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

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn FieldNameCondition>> {
    Some(Box::new(ItemApplied(params.required_text("processing_item_id")?)))
}

impl FieldNameCondition for ItemApplied {
    fn holds(&self, field: Option<&str>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        let ids = field.and_then(|field| scope.cx.fields.get(field));
        Ok(ids.is_some_and(|ids| ids.iter().any(|id| **id == *self.0)))
    }

    fn holds_for_item(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(item.is_marked(&self.0))
    }
}
