//! What tests share: a text corpus and the ways through which each of its cases is run.
//!
//! [`agree`] holds the engine against the evaluator over any events, [`random`] makes rules and events for it,
//! [`shrink`] makes a difference small. [`matching`]: a rule with events and what must become of them, run through the reference [`evaluator`] and
//! through the engine under every strategy. [`conversion`]: a rule and what every target prints for it. The plain
//! target (a dialect that says everything in the plainest way) is written out; another target only where it
//! differs from it, and the reference's reading only where it differs from ours. [`correlate`]: rules and events with
//! all detections that they must give, run through a naive evaluator of correlations that is written from their rules
//! alone.

pub mod agree;
pub mod conversion;
pub mod correlate;
pub mod evaluator;
pub mod json;
pub mod matching;
pub mod random;
pub mod recorded;
pub mod shrink;
