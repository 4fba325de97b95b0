//! Rules that could not match anything in a hunt, each with the reason: what an analyst takes for "nothing there"
//! may be "nothing was looked at".

use std::collections::BTreeMap;

use sigyn_engine::{Engine, Inert};
use sigyn_ir::RuleSet;

use crate::summary::Summary;

/// A rule that could not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idle {
    /// The rule's place in its set.
    pub rule: usize,
    /// Why.
    pub cause: Cause,
    /// The same in a sentence without a full stop.
    pub reason: String,
}

/// Why a rule could not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No log source is known that the rule could read.
    UnknownLogSource,
    /// No record was of its log source.
    NoRecords,
    /// No record had these fields: each of them is needed, or one of them if `is_any`.
    NoFields {
        /// Their names.
        fields: Vec<String>,
        /// Whether one of them would do.
        is_any: bool,
    },
}

impl Cause {
    /// The cause's name in machine output.
    pub fn name(&self) -> &'static str {
        match self {
            Cause::UnknownLogSource => "unknown_log_source",
            Cause::NoRecords => "no_records",
            Cause::NoFields { .. } => "no_fields",
        }
    }
}

/// The rules of a set that could not match, in its order. `inert` are those that the engine can never try.
pub fn idle(summary: &Summary, engine: &Engine, set: &RuleSet, inert: &[Inert]) -> Vec<Idle> {
    let mut found = BTreeMap::new();
    for (at, item) in set.items.iter().enumerate() {
        if !summary.has_log_source_of(item, engine) {
            let reason = "no record is of its log source".to_owned();
            found.insert(at, Idle { rule: at, cause: Cause::NoRecords, reason });
        }
    }
    for inert in inert {
        let rule = inert.rule.0 as usize;
        found.insert(rule, Idle { rule, cause: Cause::UnknownLogSource, reason: inert.reason.clone() });
    }
    for blind in summary.blind(engine) {
        let rule = blind.rule.0 as usize;
        let cause = Cause::NoFields { fields: blind.fields, is_any: blind.is_any };
        found.insert(rule, Idle { rule, cause, reason: blind.reason });
    }
    found.into_values().collect()
}
