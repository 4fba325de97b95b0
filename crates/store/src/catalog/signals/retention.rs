//! Signals that go by age: closed ones, and nothing that somebody is still at.

use rusqlite::params;

use super::{code, count_at};
use crate::Result;
use crate::catalog::sql::limit;
use crate::catalog::{Status, Tx, View};

/// That a signal is closed, that what it tells of ended before an instant, and that nobody has touched it since: who closes a
/// signal of a year ago today keeps it as long as one of today, with the time to undo that.
const IS_OUTDATED: &str = "s.status = ?1 AND s.ts < ?2 AND s.last_seen < ?2 \
                           AND NOT EXISTS (SELECT 1 FROM signal_history h WHERE h.signal = s.n AND h.at >= ?2)";

impl View<'_> {
    /// Row numbers of closed signals that nothing has happened to since an instant, the oldest first, at most so many; for
    /// [`Tx::remove_outdated`]. They are looked for beside the writer, because old logs that were closed lately are looked at
    /// each time and stay.
    ///
    /// # Errors
    /// What the database says.
    pub fn outdated_signals(&self, before: i64, count_max: usize) -> Result<Vec<i64>> {
        // The last row stays until there is another: SQLite gives its number away again, and a selection that was made of it
        // would be one of another signal.
        let sql = format!(
            "SELECT s.n FROM signals s WHERE {IS_OUTDATED} AND s.n < (SELECT max(n) FROM signals) \
             ORDER BY s.ts LIMIT ?3"
        );
        self.all(&sql, params![code(Status::Closed), before, limit(count_max)], |row| row.get(0))
    }

    /// How many signals there are, and how many of them are closed.
    ///
    /// # Errors
    /// What the database says.
    pub fn count_stored_signals(&self) -> Result<(u64, u64)> {
        let sql = "SELECT (SELECT count(*) FROM signals), (SELECT count(*) FROM signals WHERE status = ?1)";
        let found =
            self.one(sql, [code(Status::Closed)], |row| Ok((count_at(row, 0)?, count_at(row, 1)?)))?;
        Ok(found.unwrap_or_default())
    }
}

impl Tx<'_> {
    /// Removes those of [`View::outdated_signals`] that are so still, with their history and what bulk actions know of them.
    /// Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_outdated(&self, before: i64, numbers: &[i64]) -> Result<usize> {
        let is_outdated = format!("SELECT 1 FROM signals s WHERE s.n = ?3 AND {IS_OUTDATED}");
        let mut removed = 0;
        for number in numbers {
            if self.one(&is_outdated, params![code(Status::Closed), before, number], |_| Ok(()))?.is_none() {
                continue;
            }
            // Those two tables have no index by signal; its history names the actions.
            self.run(
                "DELETE FROM selection_items WHERE signal = ?1 AND selection IN (SELECT a.selection FROM \
                 signal_history h JOIN actions a ON a.n = h.action WHERE h.signal = ?1)",
                [number],
            )?;
            self.run(
                "DELETE FROM action_items WHERE signal = ?1 AND action IN \
                 (SELECT action FROM signal_history WHERE signal = ?1 AND action IS NOT NULL)",
                [number],
            )?;
            removed += self.run("DELETE FROM signals WHERE n = ?1", [number])?;
        }
        Ok(removed)
    }
}
