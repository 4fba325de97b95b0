//! What could not be read: kept, counted, shown, and tried again when somebody has mended what was wrong.

use rusqlite::params;

use crate::catalog::sql::{count_at, id_at, limit};
use crate::catalog::{Tx, View};
use crate::{Id, Result};

/// Something that could not be read as an event.
#[derive(Clone, Copy, Debug)]
pub struct NewDeadLetter<'d> {
    /// What makes it one: the same again is the same.
    pub id: Id,
    /// When it came, in nanoseconds UTC.
    pub at: i64,
    /// Who sent it.
    pub source: &'d str,
    /// What is wrong, in few words that repeat.
    pub reason: &'d str,
    /// What is wrong with this one.
    pub detail: &'d str,
    /// What was sent.
    pub payload: &'d [u8],
}

/// A dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewDeadLetter`, unless said")]
pub struct DeadLetter {
    /// Its number, greater for those that came later.
    pub number: i64,
    pub id: Id,
    pub at: i64,
    pub source: String,
    pub reason: String,
    pub detail: String,
    pub payload: Vec<u8>,
    /// When it was tried again with success.
    pub replayed_at: Option<i64>,
}

impl View<'_> {
    /// Dead letters, the newest first: those before a number, of a reason and a source if they are given.
    ///
    /// # Errors
    /// What the database says.
    pub fn dead_letters(
        &self,
        reason: Option<&str>,
        source: Option<&str>,
        before: Option<i64>,
        count: usize,
    ) -> Result<Vec<DeadLetter>> {
        let sql = "SELECT n, id, at, source, reason, detail, payload, replayed_at FROM dead_letters \
                   WHERE (?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR source = ?2) AND (?3 IS NULL OR n < ?3) \
                   ORDER BY n DESC LIMIT ?4";
        self.all(sql, params![reason, source, before, limit(count)], |row| {
            Ok(DeadLetter {
                number: row.get(0)?,
                id: id_at(row, 1)?,
                at: row.get(2)?,
                source: row.get(3)?,
                reason: row.get(4)?,
                detail: row.get(5)?,
                payload: row.get(6)?,
                replayed_at: row.get(7)?,
            })
        })
    }

    /// How many wait, by source and reason, the most first.
    ///
    /// # Errors
    /// What the database says.
    pub fn count_dead_letters(&self) -> Result<Vec<(String, String, u64)>> {
        let sql = "SELECT source, reason, count(*) FROM dead_letters WHERE replayed_at IS NULL \
                   GROUP BY source, reason ORDER BY 3 DESC, 1, 2";
        self.all(sql, (), |row| Ok((row.get(0)?, row.get(1)?, count_at(row, 2)?)))
    }
}

impl Tx<'_> {
    /// Keeps a dead letter. Returns whether it is new.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_dead_letter(&self, new: &NewDeadLetter<'_>) -> Result<bool> {
        let sql = "INSERT OR IGNORE INTO dead_letters (id, at, source, reason, detail, payload) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let params = params![new.id.0, new.at, new.source, new.reason, new.detail, new.payload];
        self.run(sql, params).map(|count| count > 0)
    }

    /// Notes that one was tried again with success. Returns whether it was waiting.
    ///
    /// # Errors
    /// What the database says.
    pub fn replayed_dead_letter(&self, number: i64, at: i64) -> Result<bool> {
        let sql = "UPDATE dead_letters SET replayed_at = ?2 WHERE n = ?1 AND replayed_at IS NULL";
        self.run(sql, params![number, at]).map(|count| count > 0)
    }

    /// Removes the oldest beyond a number, and all that came before a time. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn trim_dead_letters(&self, before: i64, count_max: usize) -> Result<usize> {
        let sql = "DELETE FROM dead_letters WHERE at < ?1 OR n <= \
                   (SELECT n FROM dead_letters ORDER BY n DESC LIMIT 1 OFFSET ?2)";
        self.run(sql, params![before, limit(count_max)])
    }
}
