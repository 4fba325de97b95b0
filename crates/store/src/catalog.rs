//! The catalog: everything that changes, in one SQLite database.
//!
//! Reading and writing are closures: [`Catalog::read`] hands out a [`View`] of one moment, [`Catalog::write`] a [`Tx`] in
//! which everything happens or nothing. So a signal, the alert that it causes, the position up to which events have been
//! looked at and the line of the audit trail stand or fall together, whoever composes them.
//!
//! One writer at a time, any number of readers beside it, who see what was there when they began. A write that has returned
//! is on disk. Times are nanoseconds UTC and handed in; secrets come as hashes. What is told apart by ids is written twice
//! without harm.

mod alert_groups;
mod audit;
mod blocks;
mod codes;
mod dead_letters;
mod documents;
mod hunts;
mod outbox;
mod positions;
mod risk;
mod rules;
mod schema;
mod signals;
mod splits;
mod sql;
#[cfg(test)]
mod tests;
mod users;

pub use alert_groups::AlertGroup;
pub use audit::{AuditEntry, AuditPage, NewAudit};
pub use blocks::{Block, BlockCounts, BlockSpans, BlockState, NewBlock};
pub use codes::{BlockMode, Field, Level, Named, Role, Status, Verdict};
pub use dead_letters::{DeadLetter, NewDeadLetter};
pub use documents::Document;
pub use hunts::{Hunt, HuntDetection, HuntKind, HuntProgress, HuntQuery, HuntRule, HuntState, NewHunt};
pub use outbox::{Delivery, DeliveryPage, DeliveryState, Message, NewMessage, OutboxCounts};
pub use positions::{Checkpoint, Source};
pub use risk::EntityRisk;
pub use rules::RuleSetting;
pub use signals::{
    Actor, Bucket, Bulk, Change, Cursor, Facet, Filter, Histogram, HistoryEntry, NewSignal, Overview,
    OverviewRequest, Page, Put, Selection, Signal, Sort, Term, Undone,
};
pub use splits::{Split, SplitQuery};
pub use users::{ApiKey, NewApiKey, Session, User};

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::{Error, Result};
use sql::failed;

/// How many connections for reading are kept open while nobody reads.
const IDLE_MAX: usize = 8;

/// The catalog. It may be used by many threads.
pub struct Catalog {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

/// The catalog at one moment.
pub struct View<'c> {
    connection: &'c Connection,
}

/// A change of the catalog that has not happened yet: it does when the closure given to [`Catalog::write`] succeeds. It
/// sees itself.
pub struct Tx<'c> {
    view: View<'c>,
}

impl<'c> std::ops::Deref for Tx<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.view
    }
}

impl Catalog {
    /// Opens a catalog, or makes one, and brings it to this program's version.
    ///
    /// # Errors
    /// If a newer version has written it ([`Error::is_refused`]), it is damaged ([`Error::is_damaged`]), or the disk says so.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path).map_err(failed)?;
        configure(&connection)?;
        // FULL: a write that has returned survives a loss of power.
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        schema::migrate(&connection)?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(connection), readers: Mutex::default() })
    }

    /// Reads. All that the closure sees is of one moment.
    ///
    /// # Errors
    /// Those of the closure, and what the database says.
    pub fn read<T>(&self, f: impl FnOnce(&View<'_>) -> Result<T>) -> Result<T> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let transaction = connection.transaction().map_err(failed)?;
        let result = f(&View { connection: &transaction });
        transaction.finish().map_err(failed)?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_MAX {
            readers.push(connection);
        }
        result
    }

    /// Writes. All that the closure does happens, and is on disk when this returns; or, if it fails, nothing.
    ///
    /// # Errors
    /// Those of the closure, and what the database says.
    pub fn write<T>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let result = f(&Tx { view: View { connection: &transaction } })?;
        transaction.commit().map_err(failed)?;
        Ok(result)
    }

    /// Looks through the whole database for damage, and returns what is wrong, at most 100 lines.
    ///
    /// # Errors
    /// What the database says.
    pub fn verify(&self) -> Result<Vec<String>> {
        let lines =
            self.read(|view| view.all("PRAGMA integrity_check(100)", (), |row| row.get::<_, String>(0)));
        match lines {
            Ok(lines) => Ok(lines.into_iter().filter(|line| line != "ok").collect()),
            Err(error) if error.is_damaged() => Ok(vec![error.to_string()]),
            Err(error) => Err(error),
        }
    }

    /// Writes a copy of one moment to a file that is not there yet, while work goes on.
    ///
    /// # Errors
    /// If the file is there, or what the disk says.
    pub fn back_up(&self, to: &Path) -> Result<()> {
        if to.exists() {
            return Err(Error::conflict(format!("{} is there already", to.display())));
        }
        let target = to.to_str().ok_or_else(|| Error::invalid("the name of the copy is no text"))?;
        let source = self.connect()?;
        source.execute("VACUUM INTO ?1", [target]).map_err(failed)?;
        let synced = std::fs::File::open(to).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::io(format!("{} cannot be written", to.display()), error))
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        configure(&connection)?;
        Ok(connection)
    }
}

/// What every connection has.
fn configure(connection: &Connection) -> Result<()> {
    /// For other processes that look at the file; within this one, writers wait for their turn.
    const WAIT: std::time::Duration = std::time::Duration::from_secs(5);
    /// In KiB, negative as SQLite wants it: the part of a million signals that is read over and over.
    const CACHE: i64 = -32 * 1_024;
    connection.busy_timeout(WAIT).map_err(failed)?;
    connection.pragma_update(None, "cache_size", CACHE).map_err(failed)?;
    connection.pragma_update(None, "temp_store", "memory").map_err(failed)?;
    // Else SQLite looks at the values of parameters while it plans, and plans anew whenever another value is bound: a fifth
    // of the time that storing a signal took.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("path", &self.path).finish_non_exhaustive()
    }
}
