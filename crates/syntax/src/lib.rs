//! Sigma documents as typed views over the YAML tree: rules, correlations, filters, collections, conditions.
//!
//! Nothing here fails as a whole. A [`Document`] is read with whatever is wrong with it reported beside it, in
//! the order in which the reference implementation would report it. Values keep their places and their source
//! text; what modifiers do to them, and what identifiers refer to, is decided above.

mod attributes;
pub mod condition;
mod correlation;
mod detection;
mod document;
mod filter;
mod logsource;
mod near;
mod peg;
pub mod scalar;
mod value;

pub use attributes::{Attributes, Related, normal_uuid};
pub use correlation::{
    Alias, CORRELATION_KEYS, Correlation, CorrelationCondition, MatchCondition, Threshold, Timespan,
    read_correlation,
};
pub use detection::{Detections, SearchIdentifier, read_detections};
pub use document::{Document, DocumentKind, documents};
pub use filter::{Filter, FilterRules, read_filter};
pub use logsource::{LOGSOURCE_KEYS, LogSource, read_logsource};
pub use near::nearest;
pub use value::{Reading, Scalar, Spanned, Value, ValueKind};

/// Which reading of Sigma applies where the specification and its reference implementation differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Compat {
    /// The specification, version 2.1, with the gaps filled as our documentation says.
    #[default]
    Spec,
    /// pySigma 1.5.1 to the letter: YAML 1.1 scalars, its grammar, its refusals.
    PySigma,
}

impl Compat {
    /// Whether this is the reference's reading.
    pub fn is_pysigma(self) -> bool {
        self == Compat::PySigma
    }
}
