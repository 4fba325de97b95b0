//! Why a rule has no query.

use sigyn_diagnostics::{Code, Diagnostic, codes};

/// A refusal, with the exception that the reference implementation raises for it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What, where, and a way out.
    pub diagnostic: Diagnostic,
    /// The name of the reference's exception class.
    pub reference_class: &'static str,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { reference_class: reference_class(diagnostic.code), diagnostic }
    }
}

impl From<sigyn_backends::Error> for Failure {
    fn from(error: sigyn_backends::Error) -> Self {
        Self { reference_class: error.reference_class, diagnostic: error.into_diagnostic() }
    }
}

/// The reference's exception class for a code of loading or of a pipeline; `SigmaError` if it has none.
pub fn reference_class(code: &'static Code) -> &'static str {
    let is = |other: &Code| code.number == other.number;
    if is(&codes::pipeline::UNRESOLVED_PLACEHOLDER) {
        "SigmaPlaceholderError"
    } else if is(&codes::pipeline::INVALID_TARGET_FIELD) {
        "InvalidUDMFieldError"
    } else if is(&codes::pipeline::INVALID_HASH) {
        "InvalidHashAlgorithmError"
    } else if code.group() == sigyn_diagnostics::Group::Pipeline {
        "SigmaTransformationError"
    } else {
        sigyn_ir::pysigma_class(code).unwrap_or("SigmaError")
    }
}
