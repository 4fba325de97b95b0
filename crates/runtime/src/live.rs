//! The live path: events as they come, in any order, to signals that end up as a hunt over the same events would have
//! them (E2).
//!
//! ```text
//!  events ──Intake (any number of threads)──▶ Gathered ──Live::take──▶ changes of signals
//!                                                │  ▲
//!                                                ▼  │ hits, signals, events that were
//!                                              History
//! ```
//!
//! [`Intake`] matches events and keeps of them what rules above read. [`Live`] is one state machine behind all threads: it
//! knows how far each feed was taken in and how far time can be believed, runs the correlator up to there, repairs what
//! late events change, and tells what is known now as changes of signals. It has no clock, no thread and no file: the time of
//! day is a parameter of every step, and what was is asked of a [`History`].
//!
//! # When a signal is told
//! Signals of rules on single events at once, and for good. A correlation of a rule that more events can only keep true
//! is told as provisional as soon as it holds, and is final when the watermark has passed it; what events in between
//! change is taken back or replaced. Every other correlation is told when the watermark has passed it (E10).
//!
//! # Bounds
//! Nothing waits in a queue. [`Live::take`] returns when all that can be decided is decided and told, so that whoever is slow,
//! be it the history or the matching of detections, slows down those who call. What must wait for the watermark does so up
//! to a limit; beyond it the watermark moves on without those who hold it back, and what they bring is repaired: that
//! costs work, never a result.
//!
//! # Restarts
//! [`Live::snapshot`] holds the state with the position of each feed that it stands for. After a crash the feeds are read again
//! from there. Signals have deterministic ids, so what comes twice is the same; what was told since the snapshot and no longer
//! holds, because events come in another order now, is taken back.

mod arrival;
mod delays;
mod driver;
mod feeds;
mod health;
mod history;
mod known;
mod matcher;
mod recent;
mod repair;
mod replace;
mod retro;
mod settings;
mod signal;
mod snapshot;
mod standing;

use std::fmt;
use std::io;

pub use arrival::{Gathered, Intake, Seen, TimeSource, View};
pub use driver::Live;
pub use feeds::{Counts, FeedHealth, Lateness};
pub use health::RuleHealth;
pub use history::{FileHistory, GroupTest, History, KeptHit, KeptHits, MemoryHistory};
pub use retro::{Gathering, Recalled, Retro, RetroOutcome};
pub use settings::Settings;
pub use signal::{Change, Reference, Signal};
pub use snapshot::RestoreError;
pub use standing::{Standing, Stored};

/// Why a step was not made. Nothing was lost: the same call may be made again.
#[derive(Debug)]
pub struct LiveError(Kind);

#[derive(Debug)]
enum Kind {
    OtherView,
    Feeds(usize),
    History(io::Error),
}

impl LiveError {
    /// Whether a batch was matched under rules that are no longer in force: match its events again.
    pub fn is_of_other_rules(&self) -> bool {
        matches!(self.0, Kind::OtherView)
    }
}

impl From<io::Error> for LiveError {
    fn from(error: io::Error) -> Self {
        Self(Kind::History(error))
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::OtherView => f.write_str("events were matched under rules that are no longer in force"),
            Kind::Feeds(max) => write!(f, "there are more than {max} feeds"),
            Kind::History(_) => f.write_str("what was cannot be read or kept"),
        }
    }
}

impl std::error::Error for LiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::History(error) => Some(error),
            _ => None,
        }
    }
}
