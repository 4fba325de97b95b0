//! Where a check puts what it finds.

use sigyn_diagnostics::{Diagnostic, Severity, SourceId, Span};

use crate::check::Default;
use crate::config::Options;
use crate::{Check, Finding, OptionValue, RuleFacts, RuleName};

/// Takes the findings of one check, and tells it how it is configured.
#[derive(Debug)]
pub struct Report<'a> {
    pub(crate) check: &'static Check,
    pub(crate) severity: Severity,
    pub(crate) options: Option<&'a Options>,
    pub(crate) source: SourceId,
    pub(crate) rule: Option<RuleName>,
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl<'a> Report<'a> {
    /// Says which rule the findings that follow are about, for checks over all rules.
    pub fn about(&mut self, rule: &RuleFacts) -> &mut Self {
        self.source = rule.source;
        self.rule = Some(rule.name());
        self
    }

    /// Reports a finding at a place.
    pub fn at(&mut self, span: Span, message: impl Into<String>) {
        self.with(span, message, |diagnostic| diagnostic);
    }

    /// Reports a finding at a place, with a word on it, help, related places or a fix put on by `finish`.
    pub fn with(
        &mut self,
        span: Span,
        message: impl Into<String>,
        finish: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        let mut diagnostic = Diagnostic::warning(&self.check.code, message).at(span);
        diagnostic.severity = self.severity;
        self.findings.push(Finding {
            diagnostic: finish(diagnostic),
            source: self.source,
            check: Some(self.check),
            pysigma_issue: self.check.issue(),
            rule: self.rule.clone(),
        });
    }

    /// A number that can be configured.
    pub fn int(&self, name: &str) -> i64 {
        match (self.configured(name), self.default(name)) {
            (Some(OptionValue::Int(value)), _) => *value,
            (_, Some(Default::Int(value))) => value,
            _ => 0,
        }
    }

    /// Texts that can be configured.
    pub fn texts(&self, name: &str) -> Vec<&'a str> {
        match (self.configured(name), self.default(name)) {
            (Some(OptionValue::Texts(texts)), _) => texts.iter().map(String::as_str).collect(),
            (_, Some(Default::Texts(texts))) => texts.to_vec(),
            _ => Vec::new(),
        }
    }

    fn configured(&self, name: &str) -> Option<&'a OptionValue> {
        self.options?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn default(&self, name: &str) -> Option<Default> {
        self.check.options.iter().find(|option| option.name == name).map(|option| option.default)
    }
}
