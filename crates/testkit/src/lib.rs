//! What tests share: a text corpus and the ways through which each of its cases is run.
//!
//! [`matching`]: a rule with events and what must become of them, run through the reference [`evaluator`] and
//! through the engine under every strategy. [`conversion`]: a rule and what every target prints for it. The plain
//! target (a dialect that says everything in the plainest way) is written out; another target only where it
//! differs from it, and the reference's reading only where it differs from ours.

pub mod conversion;
pub mod evaluator;
pub mod json;
pub mod matching;
