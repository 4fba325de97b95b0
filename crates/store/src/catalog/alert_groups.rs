//! Signals that wait to be told together. A group is written in the transaction that writes its signal, and becomes a message
//! in the transaction that empties it: nothing is told of a signal that is not there, and no signal is forgotten.

use rusqlite::{Row, params};

use crate::Result;
use crate::catalog::sql::limit;
use crate::catalog::{Tx, View};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertGroup {
    /// The alert rule's id.
    pub rule: String,
    /// What its signals have in common.
    pub key: String,
    /// When it is to be told, in nanoseconds UTC; none if there is nothing to tell.
    pub due: Option<i64>,
    /// When it was told last.
    pub told: Option<i64>,
    /// What there is to tell; JSON.
    pub body: String,
}

fn group(row: &Row<'_>) -> rusqlite::Result<AlertGroup> {
    Ok(AlertGroup {
        rule: row.get(0)?,
        key: row.get(1)?,
        due: row.get(2)?,
        told: row.get(3)?,
        body: row.get(4)?,
    })
}

const GROUP: &str = "SELECT rule, key, due, told, body FROM alert_groups";

impl View<'_> {
    /// A group.
    ///
    /// # Errors
    /// What the database says.
    pub fn alert_group(&self, rule: &str, key: &str) -> Result<Option<AlertGroup>> {
        self.one(&format!("{GROUP} WHERE rule = ?1 AND key = ?2"), [rule, key], group)
    }

    /// Groups that are to be told now, the one that has waited longest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn due_alert_groups(&self, now: i64, count: usize) -> Result<Vec<AlertGroup>> {
        self.all(&format!("{GROUP} WHERE due <= ?1 ORDER BY due LIMIT ?2"), params![now, limit(count)], group)
    }

    /// Groups with nothing to tell.
    ///
    /// # Errors
    /// What the database says.
    pub fn quiet_alert_groups(&self) -> Result<Vec<AlertGroup>> {
        self.all(&format!("{GROUP} WHERE due IS NULL"), (), group)
    }

    /// When the next group is to be told.
    ///
    /// # Errors
    /// What the database says.
    pub fn next_alert_group(&self) -> Result<Option<i64>> {
        let sql = "SELECT min(due) FROM alert_groups WHERE due IS NOT NULL";
        Ok(self.one(sql, (), |row| row.get(0))?.flatten())
    }
}

impl Tx<'_> {
    /// Writes a group.
    ///
    /// # Errors
    /// What the database says.
    pub fn put_alert_group(&self, group: &AlertGroup) -> Result<()> {
        let sql = "INSERT INTO alert_groups (rule, key, due, told, body) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE \
                   SET due = excluded.due, told = excluded.told, body = excluded.body";
        self.run(sql, params![group.rule, group.key, group.due, group.told, group.body]).map(drop)
    }

    /// Removes a group.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_alert_group(&self, rule: &str, key: &str) -> Result<()> {
        self.run("DELETE FROM alert_groups WHERE rule = ?1 AND key = ?2", [rule, key]).map(drop)
    }
}
