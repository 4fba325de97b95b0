//! Rules at work: the matching engine and the correlator wired together.
//!
//! A [`Program`] holds the compiled rules. [`hunt()`] runs it over files on several threads and reports as it goes;
//! [`replay()`] runs it over logs in memory and keeps everything, for tests of rules; [`live`] runs it over events as
//! they come; [`Observed`] says how far correlations came that did not fire. Matches of single events become hits of the
//! correlator with just the values that rules above read; detections become events again, which rules on detections
//! match. The crate opens no file and asks no clock: the caller hands in both.

mod chain;
mod correlate;
mod course;
mod feed;
mod fields;
mod hunt;
pub mod live;
mod program;
mod replay;
mod spool;

pub use course::{Course, Courses, Observed};
pub use fields::Fields;
pub use hunt::{Correlated, hunt};
pub use program::{Built, Program};
pub use replay::{EventRef, Fired, Log, Pace, Replay, explain, replay, replay_paced};
pub use spool::{RunFile, Store};
