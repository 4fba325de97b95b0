//! The one reading of a rule.
//!
//! Documents are lowered once to a [`RuleSet`]: modifiers applied, selectors expanded, references linked,
//! strings lossless (wildcards, escapes and placeholders are parts, not characters). The pipelines rewrite
//! this form, the backends print it, the engine compiles it; nobody below reads YAML again.

pub mod compat;
mod correlation;
mod data;
mod describe;
mod detection;
mod expr;
mod load;
mod meta;
mod modifiers;
mod number;
mod options;
mod outline;
mod python;
mod rule;
mod state;
mod string;
mod subset;
mod value;
mod yaml_out;

pub use compat::{Rank, pysigma_class, pysigma_rank};
pub use correlation::{
    Alias, Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, RuleRef, Threshold,
    ThresholdOp, Timespan,
};
pub use data::Data;
pub use detection::{
    Condition, ConditionExpr, Detection, DetectionEntry, DetectionId, DetectionItem, Linking,
};
pub use expr::Expr;
pub use load::{
    BacktrackingRegex, Compat, FailedDocument, Filter, LoadOptions, Loaded, Lowered, ParsedDocument,
    ParsedFile, apply_modifiers, is_modifier_chain, read, read_documents, read_text, reread_condition,
    resolve, written_text,
};
pub use meta::{Level, Meta, Related, Status, Tag};
pub use number::Number;
pub use options::{Aggregate, Missing, OnMatch, Options, Outcome, PercentileKind, Revisions, WindowKind};
pub use rule::{ItemId, LogSource, Rule, RuleItem, RuleSet};
pub use state::State;
pub use string::{EscapeSpec, Part, SigmaString, StringError};
pub use value::{Cidr, CompareOp, ExpansionKind, FieldRef, Modifier, Regex, RegexFlags, TimePart, Value};
pub use yaml_out::{YamlEmitter, YamlStyle};
