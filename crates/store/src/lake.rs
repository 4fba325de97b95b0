//! The lake: events by log source and hour, in Parquet files that other programs read too.
//!
//! A file (a *split*) holds events of one log-source class and one hour, ordered by time. Fields that occur often have a
//! column of their own, compressed by dictionary: whoever hunts looks at each distinct value once and not at each event
//! ([`Batch`]). All else of an event stands in one column as JSON, so that [`SplitReader::event`] gives each event back exactly as
//! it came.
//!
//! A file belongs to the lake when the catalog says so: it is written and synced first, and then entered together with the
//! position up to which the event log is now covered. So a crash in between leaves a file that nobody knows, which
//! [`Lake::sweep`] removes, and never an event twice or not at all.
//!
//! The catalog has checksums of a file's blocks. Nothing of a file is interpreted before the block that it is in has been
//! checked; damage is an error that names file and place ([`Error::is_damaged`]).
//!
//! | column | what |
//! |---|---|
//! | `_time`, `_ingest` | when it happened and came, UTC with nanoseconds |
//! | `_id`, `_source`, `_sequence` | as in the event log |
//! | `_shape` | the event's keys in their order, as JSON whose values are 0 |
//! | `_rest` | the values without a column of their own: JSON, keys are field names |
//! | `_raw` | the original text, for those that were no JSON |
//! | `a.b` | the text of field `b` in the object `a` |
//! | `a.b:json` | its value where that is no text, as JSON |
//!
//! In field names a `.` that is part of a key is written `\.`; likewise `\`, `:` and a leading `_`.

mod batch;
mod file;
mod maintain;
mod names;
mod pick;
mod read;
mod restore;
mod shred;
mod slices;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use batch::{ABSENT, Batch, Column, ColumnKind, Values};
pub use maintain::{Compacted, Retention, Swept};
pub use names::{field_name, field_path};
pub use read::{Batches, ReadRequest, SplitReader, StoredEvent};
pub use shred::field_names;
pub use slices::{Slice, Slices, StoredPlace};

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use crate::{Disk, Error, Id, Result};

/// How the lake is laid out.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Fields that rules ask for, as [`field_name`] writes them: each gets a column wherever it occurs.
    pub wanted: HashSet<String>,
    /// Other fields get one if they occur in so many of a thousand events.
    pub share_min_permille: u16,
    /// How many fields of a file get a column at most.
    pub columns_max: usize,
    /// How many events a row group holds at most: each has dictionaries of its own.
    pub group_rows_max: usize,
    /// How much memory a row group may take while it is written, in bytes: one that reaches it ends.
    pub group_bytes_max: usize,
    /// How long the dictionary of a column may get, in bytes. Beyond it a column is stored as plain text, and matching it
    /// costs ten times as much.
    pub dictionary_bytes_max: usize,
    /// Files with fewer events are put together.
    pub compact_rows_min: u64,
    /// Until they would have more than so many.
    pub compact_rows_max: u64,
    /// Or reading them side by side would take more memory than this, in bytes.
    pub compact_bytes_max: u64,
}

impl Settings {
    /// Row groups of up to a million events or 128 MiB, dictionaries of up to 16 MiB, at most 250 columns for fields that at least one
    /// event in a thousand has: a column that is empty costs nothing, but an event with a value in no column is put
    /// together for itself, at the price of a hundred others. Files below 250,000 events are put together if
    /// reading them takes no more than 128 MiB: of events that hardly repeat, ten files took 700 MiB.
    pub fn standard() -> Self {
        Self {
            wanted: HashSet::new(),
            share_min_permille: 1,
            columns_max: 250,
            group_rows_max: 1_000_000,
            group_bytes_max: 128 << 20,
            dictionary_bytes_max: 16 << 20,
            compact_rows_min: 250_000,
            compact_rows_max: 1_000_000,
            compact_bytes_max: 128 << 20,
        }
    }
}

/// An event to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEvent<'e> {
    /// What makes it one (E4).
    pub id: Id,
    /// Its log-source class; part of a path, so letters, digits, `-`, `_` and `.` only.
    pub class: &'e str,
    /// When it happened, in nanoseconds UTC.
    pub time: i64,
    /// When it was accepted.
    pub ingest: i64,
    /// Who sent it.
    pub source: &'e str,
    /// The source's own order, else 0.
    pub sequence: u64,
    /// The event: JSON, as a rule an object.
    pub json: &'e str,
    /// The original text, where that is something else.
    pub raw: Option<&'e str>,
}

/// The lake. It may be used by many threads.
pub struct Lake {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    settings: Settings,
    /// Part of the name of every file that this process writes.
    run: Id,
    written: AtomicU64,
    /// Folders whose names are sure to be on disk.
    folders: Mutex<HashSet<PathBuf>>,
}

impl Lake {
    /// Opens a lake, or makes one. `run` is an id that no run before had: files never get a name twice.
    ///
    /// # Errors
    /// What the disk says.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, settings: Settings, run: Id) -> Result<Self> {
        let failed = |error| Error::io(format!("the lake in {} cannot be opened", folder.display()), error);
        disk.create_folder(folder).map_err(failed)?;
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            settings,
            run,
            written: AtomicU64::new(0),
            folders: Mutex::default(),
        })
    }
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake").field("folder", &self.folder).finish_non_exhaustive()
    }
}
