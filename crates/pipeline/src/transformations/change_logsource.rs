//! `change_logsource`: another log source.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{LogSource, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "change_logsource",
    summary: "Replaces the rule's log source; what is not given is then empty.",
    parameters: &[
        Parameter { name: "category", takes: "text", default: Some("none"), summary: "The category." },
        Parameter { name: "product", takes: "text", default: Some("none"), summary: "The product." },
        Parameter { name: "service", takes: "text", default: Some("none"), summary: "The service." },
    ],
    examples: &[Example {
        title: "to sysmon",
        item: "product: windows\nservice: sysmon",
        before: "{detection: {sel: {A: 1}, condition: sel}, logsource: {category: process_creation}}",
        after: "query: A=1\nlogsource: product=windows service=sysmon",
    }],
};

#[derive(Debug)]
struct ChangeLogsource(LogSource);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    params.required_logsource().map(|source| Box::new(ChangeLogsource(source)) as _)
}

impl Transformation for ChangeLogsource {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        rule.logsource = self.0.clone();
        run.mark(&mut rule.marks);
        Ok(())
    }
}
