//! What conversions yield.

use sigyn_ir::{Correlation, Data, RuleItem, State};

use crate::dialect::CorrelationDialect;

/// The conversion of a part of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frag {
    /// Query text.
    Text(String),
    /// A part that stands behind the main query (an index into [`crate::Cx::deferred`]).
    Deferred(usize),
    /// Nothing to say.
    Nothing,
}

impl Frag {
    /// The text, if this is one.
    pub fn text(self) -> Option<String> {
        match self {
            Frag::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<String> for Frag {
    fn from(text: String) -> Self {
        Frag::Text(text)
    }
}

/// A rule that a correlation reads, with its converted queries.
#[derive(Clone, Debug)]
pub struct Subquery<'a> {
    /// The rule, as the pipeline left it.
    pub rule: &'a RuleItem,
    /// Its queries, one for each condition.
    pub queries: &'a [Data],
    /// The states that the conversion of each condition left.
    pub states: &'a [State],
    /// If it is a correlation, the rules it reads in turn.
    pub rules: Vec<Subquery<'a>>,
}

/// The output of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// One text for all queries.
    Text(String),
    /// Texts or documents, one after the other.
    List(Vec<Data>),
}

/// A correlation on its way into text: what every phase of it reads.
#[derive(Clone, Copy, Debug)]
pub struct Correlating<'c> {
    /// The templates of the method.
    pub method: &'c CorrelationDialect,
    /// The correlation.
    pub correlation: &'c Correlation,
    /// The rules it reads, with their queries, in order.
    pub rules: &'c [Subquery<'c>],
    /// The name of its templates: its type, with `_extended` behind it where the condition is a boolean expression.
    pub kind: &'c str,
}
