//! `contains_field`: whether the rule asks for a field.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "contains_field",
    summary: "Holds for rules with a detection item on the field.",
    parameters: &[Parameter { name: "field", takes: "text", default: None, summary: "The field." }],
    examples: &[],
};

#[derive(Debug)]
struct ContainsField(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    Some(Box::new(ContainsField(params.required_text("field")?)))
}

impl RuleCondition for ContainsField {
    fn holds(&self, subject: Subject<'_>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(match subject {
            Subject::Rule(rule) => super::has_item(rule, |item| item.field.as_ref() == Some(&self.0)),
            Subject::Correlation(_) => false,
        })
    }
}
