//! `contains_detection_item`: whether the rule compares a field with a value.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::Value;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
    values::sigma_value,
};

pub(crate) static SPEC: Spec = Spec {
    name: "contains_detection_item",
    summary: "Holds for rules with a detection item that has the field and, among its values, the value.",
    parameters: &[
        Parameter { name: "field", takes: "text", default: None, summary: "The field." },
        Parameter { name: "value", takes: "a single value", default: None, summary: "The value." },
    ],
    examples: &[],
};

#[derive(Debug)]
struct ContainsDetectionItem {
    field: String,
    value: Value,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    let field = params.required_text("field");
    let value = params.scalar("value");
    Some(Box::new(ContainsDetectionItem { field: field?, value: sigma_value(&value?)? }))
}

impl RuleCondition for ContainsDetectionItem {
    fn holds(&self, subject: Subject<'_>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(match subject {
            Subject::Rule(rule) => super::has_item(rule, |item| {
                item.field.as_ref() == Some(&self.field) && item.values.contains(&self.value)
            }),
            Subject::Correlation(_) => false,
        })
    }
}
