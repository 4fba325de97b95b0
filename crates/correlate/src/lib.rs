//! Correlations and chains of rules as a state machine.
//!
//! A [`Plan`] is compiled once from a rule set: which rules read which, what each must bring, in which order they run. A
//! [`Machine`] takes [`Hit`]s, "this rule matched this event", and a watermark, "everything before this instant has been
//! seen", and gives [`Detection`]s. What comes out is a function of the rules and of the *set* of hits: not of the order in
//! which they came, nor of batches, restarts or duplicates. The semantics are described in `docs/correlation.md`; rules
//! of it are cited as E1, E2, ….
//!
//! Detections are events too. Rules of log source `product: sigyn`, `service: detection` select on them; matching those is the
//! caller's work ([`Matcher`]), because this crate and the matching engine do not know each other.
//!
//! # What it costs
//! A hit waits in a list of its second until the watermark has passed it, is put in order there, and looked up in a table
//! of its group. A group with one hit takes about 70 bytes and its key; state of its own comes with the second. With many groups
//! the price of a hit is that of the memory it touches: `docs/correlation.md` says what groups take, `sigyn-bench correlate`
//! measures both. Limits and what happens beyond them: [`Limits`], [`Machine::degraded`].
//!
//! ```
//! use std::sync::Arc;
//! use sigyn_correlate::{Limits, Machine, NoMatcher, Plan};
//! use sigyn_ir::RuleSet;
//!
//! let (plan, findings) = Plan::compile(&RuleSet::default(), &Limits::standard());
//! let mut machine = Machine::new(Arc::new(plan));
//! let mut detections = Vec::new();
//! machine.finish(&mut NoMatcher, &mut detections);
//! assert!(findings.is_empty() && detections.is_empty());
//! ```

mod detection;
mod formula;
mod gather;
mod group;
mod hash;
mod hit;
mod hunt;
mod input;
mod key;
mod keys;
mod limits;
mod machine;
mod number;
mod own;
mod plan;
mod raw;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod varint;

pub use detection::{Anchor, Detection, Evidence, FieldValue, Outcome, OutcomeValue, Status};
pub use hit::{At, Hit, Id, Texts, Values, ValuesWriter};
pub use hunt::hunt;
pub use limits::Limits;
pub use machine::{Change, Degraded, History, Machine, Matcher, NoMatcher, Pushed, Scope, SnapshotError};
pub use number::Value;
pub use plan::Plan;
