//! Rules at work: the matching engine and the correlator wired together, over logs that are there already.
//!
//! A [`Program`] holds the compiled rules. [`replay()`] runs it over logs in memory and keeps everything, for tests of
//! rules. The crate opens no file and asks no clock: the caller hands in both.

mod fields;
mod program;
mod replay;

pub use fields::Fields;
pub use program::{Built, Program};
pub use replay::{EventRef, Fired, Log, Replay, explain, replay};
