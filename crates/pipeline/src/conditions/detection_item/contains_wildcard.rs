//! `contains_wildcard`: texts with wildcards.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{DetectionItem, Value};

use crate::{
    conditions::{COND, DetectionItemCondition, Quantity},
    context::Scope,
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec =
    Spec { name: "contains_wildcard", summary: "Holds for texts with a wildcard.", parameters: &[COND], examples: &[] };

#[derive(Debug)]
struct ContainsWildcard(Quantity);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    Some(Box::new(ContainsWildcard(Quantity::read(params)?)))
}

impl DetectionItemCondition for ContainsWildcard {
    fn holds(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(self.0.of(&item.values, |value| matches!(value, Value::Str(text) | Value::Cased(text) if text.has_wildcard())))
    }
}
