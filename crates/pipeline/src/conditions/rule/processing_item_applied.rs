//! `processing_item_applied` on a rule: whether an item was applied to it.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_item_applied",
    summary: "Holds if the item with this id was applied to the rule before.",
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

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    Some(Box::new(ItemApplied(params.required_text("processing_item_id")?)))
}

impl RuleCondition for ItemApplied {
    fn holds(&self, subject: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        let marks = match subject {
            Subject::Rule(rule) => &rule.marks,
            Subject::Correlation(correlation) => &correlation.marks,
        };
        Ok(marks.iter().chain(&scope.cx.post_marks).any(|mark| **mark == *self.0))
    }
}
