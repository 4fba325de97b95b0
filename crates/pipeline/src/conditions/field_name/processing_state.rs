//! `processing_state` on a field name: a comparison with the pipeline's state.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::{FieldNameCondition, state},
    context::Scope,
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_state",
    summary: "Holds if the value that an item set in the state compares like this.",
    parameters: state::PARAMETERS,
    examples: &[],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn FieldNameCondition>> {
    Some(Box::new(state::StateCondition::read(params)?))
}

impl FieldNameCondition for state::StateCondition {
    fn holds(&self, _: Option<&str>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        Self::holds(self, scope)
    }
}
