//! `is_sigma_correlation_rule`: correlation rules only.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec =
    Spec { name: "is_sigma_correlation_rule", summary: "Holds for correlation rules.", parameters: &[], examples: &[] };

#[derive(Debug)]
struct IsSigmaCorrelationRule;

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(_: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    Some(Box::new(IsSigmaCorrelationRule))
}

impl RuleCondition for IsSigmaCorrelationRule {
    fn holds(&self, subject: Subject<'_>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(matches!(subject, Subject::Correlation(_)))
    }
}
