//! Care for a folder of rules.
//!
//! A [`Snapshot`] is what a folder held at one time. [`compare`] says what differs between two of them, rule by rule,
//! and in what: meaning, metadata or writing. [`Tuning`] says which of somebody's own copies, filters and correlations
//! such a difference touches. [`Form`] writes a new rule.
//!
//! Nothing here reads files, asks git, the clock or for randomness: texts, days and ids come from outside.

mod compare;
mod graph;
mod layers;
mod meaning;
mod plain;
mod scaffold;
mod snapshot;
mod tuning;

pub use compare::{Change, Comparison, Kind, compare};
pub use graph::{Edge, Graph, Node, Scope};
pub use layers::{Active, Source, activate};
pub use scaffold::{Form, Scaffold};
pub use snapshot::{Document, RuleText, Snapshot};
pub use tuning::{Relation, Standing, Touched, Tuning};
