//! `rule_failure`: refuses the rule.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Correlation, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "rule_failure",
    summary: "Refuses the rule with a message.",
    parameters: &[Parameter { name: "message", takes: "text", default: None, summary: "The message." }],
    examples: &[Example {
        title: "a log source that is not there",
        item: "message: not supported\nrule_conditions: [{type: logsource, category: dns}]",
        before: "{detection: {sel: {A: 1}, condition: sel}, logsource: {category: dns}}",
        after: "error: rule-refused-by-pipeline: not supported",
    }],
};

#[derive(Debug)]
struct RuleFailure(String);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(RuleFailure(params.required_text("message")?)))
}

impl Transformation for RuleFailure {
    fn apply(&self, _: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        Err(run.fail(&codes::RULE_FAILURE, self.0.as_str()))
    }

    fn apply_correlation(&self, _: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        Err(run.fail(&codes::RULE_FAILURE, self.0.as_str()))
    }
}
