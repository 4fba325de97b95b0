//! What the driver can look back at. The event store implements this; two plain ones are here.

mod files;
mod kept;
mod memory;

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_correlate::{At, Id, Values};
use sigyn_event::Event;

pub use files::FileHistory;
pub use kept::KeptHits;
pub use memory::MemoryHistory;

use super::{Change, Signal};

/// A hit of a rule that others read, as it is kept for repairs (E39).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHit {
    /// Names the rule, its logic, and which values are there.
    pub rule: Id,
    /// The event.
    pub at: At,
    /// What rules above read of it.
    pub values: Values,
}

/// Whether a group, by its names and values, is asked for.
pub type GroupTest<'t> = dyn Fn(&[(Arc<str>, Option<String>)]) -> bool + 't;

/// What was: hits and signals that the driver hands over, and events, which whoever takes them in has stored before.
///
/// Intervals are half-open, in event time, nanoseconds. Nothing comes in any order. An error stops the driver before it
/// has changed anything; the same call may be made again.
pub trait History {
    /// Keeps hits. After a restart some come again.
    ///
    /// # Errors
    /// They could not be kept.
    fn keep(&mut self, hits: &[KeptHit]) -> io::Result<()>;

    /// Calls `visit` with all hits of some rules in an interval until it says no. One may come twice.
    ///
    /// # Errors
    /// They could not be read.
    fn hits(
        &mut self,
        rules: &HashSet<Id>,
        interval: Range<i64>,
        visit: &mut dyn FnMut(KeptHit) -> bool,
    ) -> io::Result<()>;

    /// Calls `visit` with all stored events in an interval until it says no: for rules that are new. Where an event
    /// stands is what [`Intake::event`](super::Intake::event) said of it.
    ///
    /// # Errors
    /// They could not be read.
    fn events(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
    ) -> io::Result<()>;

    /// Applies changes. After a restart some come again.
    ///
    /// # Errors
    /// They could not be kept; all of them come again.
    fn tell(&mut self, changes: &[Change]) -> io::Result<()>;

    /// Calls `visit` with the signals of a rule, by its uid, in an interval, as they were told last; without those that
    /// were retracted.
    ///
    /// # Errors
    /// They could not be read.
    fn signals(&mut self, rule: &str, interval: Range<i64>, visit: &mut dyn FnMut(Signal)) -> io::Result<()>;

    /// As [`Self::signals`], of some groups: what late events touch is few of many. Whoever can tell groups without making
    /// signals of what is stored does so here.
    ///
    /// # Errors
    /// They could not be read.
    fn signals_of(
        &mut self,
        rule: &str,
        interval: Range<i64>,
        is_wanted: &GroupTest<'_>,
        visit: &mut dyn FnMut(Signal),
    ) -> io::Result<()> {
        self.signals(rule, interval, &mut |signal| {
            if is_wanted(&signal.group) {
                visit(signal);
            }
        })
    }
}

/// A hit as files have it.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    rule: Id,
    ts: i64,
    source: std::sync::Arc<str>,
    seq: u64,
    eid: Id,
    values: Values,
}

impl Row {
    pub(super) fn of(hit: &KeptHit) -> Self {
        let KeptHit { rule, at, values } = hit.clone();
        Self { rule, ts: at.ts, source: at.source, seq: at.seq, eid: at.eid, values }
    }

    pub(super) fn hit(self) -> KeptHit {
        let at = At { ts: self.ts, source: self.source, seq: self.seq, eid: self.eid };
        KeptHit { rule: self.rule, at, values: self.values }
    }
}
