//! Why a rule is not converted.

use std::fmt;

use sigyn_diagnostics::{Code, Diagnostic, Span, codes};
use sigyn_ir::StringError;

/// A refusal: the target, or its dialect, cannot express something of the rule.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind of refusal.
    pub code: &'static Code,
    /// What cannot be expressed; lower case, no full stop.
    pub message: String,
    /// Where it stands in the rule.
    pub span: Option<Span>,
    /// The exception that the reference implementation raises at this place, for comparisons.
    pub reference_class: &'static str,
}

impl Error {
    /// The target has no way to say this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self {
            code: &codes::backend::UNSUPPORTED,
            message: message.into(),
            span: None,
            reference_class: "NotImplementedError",
        }
    }

    /// The target could say this, but the reference's backend (and this one) does not yet, or not here.
    pub fn feature(message: impl Into<String>) -> Self {
        Self { reference_class: "SigmaFeatureNotSupportedByBackendError", ..Self::unsupported(message) }
    }

    /// The target cannot take this value here.
    pub fn value(message: impl Into<String>) -> Self {
        Self {
            code: &codes::backend::UNSUPPORTED_VALUE,
            reference_class: "SigmaValueError",
            ..Self::unsupported(message)
        }
    }

    /// A template of an output format cannot be filled in: a mistake of the dialect, not of the rule.
    pub fn template(message: impl Into<String>) -> Self {
        Self { code: &codes::backend::FORMAT_TEMPLATE, ..Self::value(message) }
    }

    /// The target has no such correlation.
    pub fn correlation(message: impl Into<String>) -> Self {
        Self { code: &codes::backend::CORRELATION_UNSUPPORTED, ..Self::unsupported(message) }
    }

    /// The same refusal with the class that the reference raises.
    #[must_use]
    pub fn as_reference(mut self, class: &'static str) -> Self {
        self.reference_class = class;
        self
    }

    /// The same refusal with its place, unless it has one.
    #[must_use]
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The refusal as a diagnostic.
    pub fn into_diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code, self.message);
        match self.span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        }
    }
}

impl From<StringError> for Error {
    fn from(error: StringError) -> Self {
        match error {
            StringError::Placeholder(_) => Self {
                code: &codes::pipeline::UNRESOLVED_PLACEHOLDER,
                ..Self::value(error.to_string()).as_reference("SigmaPlaceholderError")
            },
            _ => Self { code: &codes::backend::WILDCARD, ..Self::value(error.to_string()) },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
