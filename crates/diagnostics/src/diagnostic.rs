//! One finding.

use crate::{Code, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Right by our reading, but other tools or readers may differ.
    Warning,
    /// The document, rule or pipeline is not used.
    Error,
}

/// A place with a word on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// Replace the bytes of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// A change that mends the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command.
    pub title: String,
    /// Edits that do not overlap.
    pub edits: Vec<Edit>,
    /// False if the meaning of the rule may change.
    pub is_safe: bool,
}

/// One finding: what, where, and a way out.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The kind of finding.
    pub code: &'static Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with the names at hand; lower case, no full stop.
    pub message: String,
    /// The place, if the finding has one.
    pub span: Option<Span>,
    /// A word on the place.
    pub label: String,
    /// Other places that matter.
    pub related: Vec<Label>,
    /// A way out that is better than the code's own.
    pub help: Option<String>,
    /// A change that mends it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: None,
            label: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same finding at a place, with a word on it.
    #[must_use]
    pub fn labelled(mut self, span: Span, text: impl Into<String>) -> Self {
        self.span = Some(span);
        self.label = text.into();
        self
    }

    /// The same finding with another place that matters.
    #[must_use]
    pub fn with_related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label { span, text: text.into() });
        self
    }

    /// The same finding with a way out of its own.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same finding with a change that mends it.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Whether the document, rule or pipeline is not used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The way out: the finding's own, else that of its code.
    pub fn way_out(&self) -> &str {
        self.help.as_deref().unwrap_or(self.code.help)
    }
}
