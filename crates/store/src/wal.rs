//! The event log: what has been accepted, on disk before anybody is told so.
//!
//! A folder of segments. A segment is a row of frames, each with a checksum of its header and one of its content; the
//! first names the segment, the last, once no more is to come, sums it up. Events stand in it in the order in which they
//! were accepted and are found by their [`Position`].
//!
//! - **Acknowledged means on disk.** [`Log::append`] returns when its events have been synced. Callers that come while
//!   another is being written share the next write and its sync: so more callers cost no more syncs.
//! - **Damage is local and said.** A flipped bit costs the event that it is in; reading goes on behind it and reports
//!   [`Damage`]. What a crash left unfinished at the end is set aside when the log is opened, and reported.
//! - **A failed write is a failed write.** Its callers get the error, none of their events is acknowledged, and what comes
//!   next goes to a new segment: after a failed sync, nobody knows what the old file holds (fsync may say yes the second
//!   time although the data are gone).
//! - **Sent twice is stored once**, as far back as the window of ids reaches ([`Settings::window_ids_max`]), if it has
//!   an id that could come twice.
//!
//! Checksums are salted per segment: an event whose text looks like a frame cannot pass for one where damage makes the
//! reader look for the next.
//!
//! ```
//! use std::sync::Arc;
//! use sigyn_store::wal::{Item, Log, Position, Record, Settings};
//! use sigyn_store::{Id, LocalDisk};
//!
//! # fn main() -> sigyn_store::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! let (log, report) = Log::open(Arc::new(LocalDisk), folder.path(), Settings::standard(1))?;
//! assert!(report.is_clean());
//! let record = Record { id: Id::from(7), ingest: 0, source: "syslog", bytes: b"<13>hello" };
//! log.append(&[record])?;
//! let mut reader = log.read(Position::START);
//! assert!(matches!(reader.next()?, Some(Item::Entry(entry)) if entry.record.bytes == b"<13>hello"));
//! # Ok(())
//! # }
//! ```

mod frame;
mod log;
mod open;
mod read;
mod scan;
mod segment;
#[cfg(test)]
mod tests;
mod window;

pub use log::{Appended, Log, Settings};
pub use open::Report;
pub use read::{Entry, Item, Reader};
pub use scan::{Damage, DamageKind};

use crate::Id;

/// A place in the log: each event has a greater one than those before it. Positions may have gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub u64);

impl Position {
    /// Before everything.
    pub const START: Self = Self(0);
    /// That of the first event of all: [`Log::end`] of a log that never had one.
    pub const FIRST: Self = Self(1);

    /// The one behind it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An event as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'r> {
    /// What makes it one: the same id again is the same event (E4, E6), but for ids that are [alone](Id::is_alone).
    pub id: Id,
    /// When it was accepted, in nanoseconds UTC. Stored with it and never assigned again.
    pub ingest: i64,
    /// Who sent it; at most 65,535 bytes.
    pub source: &'r str,
    /// What was sent.
    pub bytes: &'r [u8],
}
