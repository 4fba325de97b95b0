//! `match_value`: values equal to one.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Data, DetectionItem};

use crate::{
    conditions::{COND, DetectionItemCondition, Quantity},
    context::Scope,
    params::{Parameter, Params, Spec},
    values::equals,
};

pub(crate) static SPEC: Spec = Spec {
    name: "match_value",
    summary: "Holds for values that equal the given one, in kind and content.",
    parameters: &[
        COND,
        Parameter { name: "value", takes: "a single value", default: None, summary: "The value." },
    ],
    examples: &[],
};

#[derive(Debug)]
struct MatchValue {
    quantity: Quantity,
    value: Data,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    let quantity = Quantity::read(params);
    let value = params.scalar("value");
    Some(Box::new(MatchValue { quantity: quantity?, value: value? }))
}

impl DetectionItemCondition for MatchValue {
    fn holds(&self, item: &DetectionItem, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(self.quantity.of(&item.values, |value| equals(value, &self.value)))
    }
}
