//! `drop_implied_detection_item`: detection items that the log source says already.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "drop_implied_detection_item",
    summary: "Deletes the chosen detection items (event ids, say) where the log source's category implies them; a \
              rule without a category keeps them, because without them it would match more.",
    parameters: &[],
    examples: &[
        Example {
            title: "implied by the category",
            item: "field_name_conditions: [{type: include_fields, fields: [EventID]}]",
            before: "{detection: {sel: {EventID: 1, A: 1}, condition: sel}, logsource: {category: process_creation}}",
            after: "query: A=1",
        },
        Example {
            title: "not implied",
            item: "field_name_conditions: [{type: include_fields, fields: [EventID]}]",
            before: "{detection: {sel: {EventID: 4625, A: 1}, condition: sel}, logsource: {service: security}}",
            after: "query: EventID=4625 and A=1\nlogsource: service=security",
        },
    ],
};

#[derive(Debug)]
struct DropImpliedDetectionItem;

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(_: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(DropImpliedDetectionItem))
}

impl Transformation for DropImpliedDetectionItem {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let is_implied = rule.logsource.category.is_some() || run.cx.reading == Compat::PySigma;
        walk::detection_items(rule, run, |_, _| Ok(if is_implied { Outcome::Dropped } else { Outcome::Kept }))
    }
}
