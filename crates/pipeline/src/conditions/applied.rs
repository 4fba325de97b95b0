//! Conditions on what an item did before, for rules, detection items and field names.

use crate::params::{Parameter, Params};

/// Whether an item with this id was applied.
#[derive(Debug)]
pub(crate) struct ItemApplied {
    pub(crate) id: String,
}

pub(crate) const PARAMETERS: &[Parameter] =
    &[Parameter { name: "processing_item_id", takes: "text", default: None, summary: "The id of the item." }];

impl ItemApplied {
    pub(crate) fn read(params: &Params<'_>) -> Option<Self> {
        Some(Self { id: params.required_text("processing_item_id")? })
    }
}
