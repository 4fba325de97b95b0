//! What tests share: a text corpus and the ways through which each of its cases is run.
//!
//! [`conversion`]: a rule and what every target prints for it. The plain target (a dialect that says everything
//! in the plainest way) is written out; another target only where it differs from it, and the reference's
//! reading only where it differs from ours.

pub mod conversion;
