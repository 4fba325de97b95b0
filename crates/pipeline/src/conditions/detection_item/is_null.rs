//! `is_null`: values that are null.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{DetectionItem, Value};

use crate::{
    conditions::{COND, DetectionItemCondition, Quantity},
    context::Scope,
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec =
    Spec { name: "is_null", summary: "Holds for null.", parameters: &[COND], examples: &[] };

#[derive(Debug)]
struct IsNull(Quantity);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    Some(Box::new(IsNull(Quantity::read(params)?)))
}

impl DetectionItemCondition for IsNull {
    fn holds(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(self.0.of(&item.values, |value| matches!(value, Value::Null)))
    }
}
