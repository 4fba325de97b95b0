//! `logsource`: the rule's log source.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{LogSource, RuleItem};

use crate::{
    conditions::RuleCondition,
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "logsource",
    summary: "Holds if every attribute given here equals the rule's; for a correlation, one of its rules' is enough.",
    parameters: &[
        Parameter { name: "category", takes: "text", default: Some("any"), summary: "The category." },
        Parameter { name: "product", takes: "text", default: Some("any"), summary: "The product." },
        Parameter { name: "service", takes: "text", default: Some("any"), summary: "The service." },
    ],
    examples: &[],
};

#[derive(Debug)]
struct LogSourceCondition(LogSource);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    params.required_logsource().map(|source| Box::new(LogSourceCondition(source)) as _)
}

/// Correlations of correlations deeper than this are not looked through.
const DEPTH_MAX: usize = 32;

impl LogSourceCondition {
    fn covers(&self, subject: Subject<'_>, scope: Scope<'_>, depth: usize) -> bool {
        match subject {
            Subject::Rule(rule) => self.0.covers(&rule.logsource),
            Subject::Correlation(correlation) => {
                depth < DEPTH_MAX
                    && correlation.rules.iter().any(|reference| {
                        match scope.rules.and_then(|rules| rules.get(reference.target)) {
                            Some(RuleItem::Rule(rule)) => self.0.covers(&rule.logsource),
                            Some(RuleItem::Correlation(inner)) => {
                                self.covers(Subject::Correlation(inner), scope, depth + 1)
                            }
                            None => false,
                        }
                    })
            }
        }
    }
}

impl RuleCondition for LogSourceCondition {
    fn holds(&self, subject: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        Ok(self.covers(subject, scope, 0))
    }
}
