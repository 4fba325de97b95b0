//! `is_sigma_rule`: detection rules only.

use sigyn_diagnostics::Diagnostic;

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Params, Spec},
};

pub(crate) static SPEC: Spec =
    Spec { name: "is_sigma_rule", summary: "Holds for detection rules.", parameters: &[], examples: &[] };

#[derive(Debug)]
struct IsSigmaRule;

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(_: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    Some(Box::new(IsSigmaRule))
}

impl RuleCondition for IsSigmaRule {
    fn holds(&self, subject: Subject<'_>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(matches!(subject, Subject::Rule(_)))
    }
}
