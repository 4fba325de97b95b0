//! `processing_state` on a rule: a comparison with the pipeline's state.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::{RuleCondition, state},
    context::{Scope, Subject},
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "processing_state",
    summary: "Holds if the value that an item set in the state compares like this.",
    parameters: state::PARAMETERS,
    examples: &[],
};

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    Some(Box::new(state::StateCondition::read(params)?))
}

impl RuleCondition for state::StateCondition {
    fn holds(&self, _: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        Self::holds(self, scope)
    }
}
