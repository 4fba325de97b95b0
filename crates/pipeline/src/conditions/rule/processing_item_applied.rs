//! `processing_item_applied` on a rule: whether an item was applied to it.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::{RuleCondition, applied::{self, ItemApplied}},
    context::{Scope, Subject},
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_item_applied",
    summary: "Holds if the item with this id was applied to the rule before.",
    parameters: applied::PARAMETERS,
    examples: &[],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    Some(Box::new(ItemApplied::read(params)?))
}

impl RuleCondition for ItemApplied {
    fn holds(&self, subject: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        let marks = match subject {
            Subject::Rule(rule) => &rule.marks,
            Subject::Correlation(correlation) => &correlation.marks,
        };
        Ok(marks.iter().chain(&scope.cx.post_marks).any(|mark| **mark == *self.id))
    }
}
