//! What Sigyn keeps: the event log, the lake and the catalog.
//!
//! | module | what it keeps | where |
//! |---|---|---|
//! | [`wal`] | events as they came, in the order in which they were accepted, until the lake has them | segments of one folder |
//! | [`catalog`] | everything that changes: signals and their triage, positions, splits, rules, users, the audit trail | one SQLite database |
//! | [`lake`] | events by log source and hour, for hunts and as evidence | Parquet files, the catalog knows which |
//!
//! An event is acknowledged when [`wal::Log::append`] returns: then it is on disk. Everything behind it is made from the log,
//! can be made again, and has identities that make a second time harmless.
//!
//! Everything from outside is a parameter: times are handed in as nanoseconds, randomness as ids, files as a [`Disk`]
//! (SQLite alone opens its file itself). Calls are synchronous and block; threads are the caller's. This crate alone names
//! arrow, parquet and SQL.
//!
//! `docs/storage.md` describes the formats, what survives which failure, and figures.

pub mod catalog;
mod checksum;
mod disk;
mod error;
mod id;
pub mod lake;
pub mod wal;

#[cfg(test)]
mod testing;

pub use disk::{Disk, DiskFile, LocalDisk};
pub use error::{Error, Result};
pub use id::Id;
