//! `drop_detection_item`: detection items that go.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::Rule;

use crate::{
    item::{Run, Transformation},
    params::{Example, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "drop_detection_item",
    summary: "Deletes the detection items that the item's conditions choose.",
    parameters: &[],
    examples: &[Example {
        title: "one field",
        item: "field_name_conditions: [{type: include_fields, fields: [B]}]",
        before: "{A: 1, B: 2, C: 3}",
        after: "query: A=1 and C=3",
    }],
};

#[derive(Debug)]
struct DropDetectionItem;

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(_: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(DropDetectionItem))
}

impl Transformation for DropDetectionItem {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |_, _| Ok(Outcome::Dropped))
    }
}
