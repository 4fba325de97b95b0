//! What is said about rules outside their files: whether they run, with what changed, since when, and what went wrong.

use rusqlite::{Row, params};

use crate::catalog::signals::Actor;
use crate::catalog::sql::{count_at, int};
use crate::catalog::{Tx, View};
use crate::{Error, Result};

/// What is said about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetting {
    /// The rule's uid.
    pub uid: String,
    /// Whether it runs.
    pub is_enabled: bool,
    /// What is changed for this installation: JSON, `{}` for nothing.
    pub overrides: String,
    /// From which instant of event time on its detections count (E44).
    pub active_from: Option<i64>,
    /// Up to which instant it has been back-filled.
    pub filled_until: Option<i64>,
    /// What last went wrong, and when.
    pub error: Option<(String, i64)>,
    /// When somebody last changed it.
    pub changed_at: i64,
    /// Who.
    pub changed_by: String,
    /// Grows with every change by people.
    pub version: u64,
}

fn setting(row: &Row<'_>) -> rusqlite::Result<RuleSetting> {
    let (error, error_at): (Option<String>, Option<i64>) = (row.get(5)?, row.get(6)?);
    Ok(RuleSetting {
        uid: row.get(0)?,
        is_enabled: row.get(1)?,
        overrides: row.get(2)?,
        active_from: row.get(3)?,
        filled_until: row.get(4)?,
        error: error.zip(error_at),
        changed_at: row.get(7)?,
        changed_by: row.get(8)?,
        version: count_at(row, 9)?,
    })
}

const SETTING: &str = "SELECT uid, is_enabled, overrides, active_from, filled_until, error, error_at, changed_at, \
                       changed_by, version FROM rules";
/// A rule of which nothing is said runs as it is.
const ADD: &str = "INSERT OR IGNORE INTO rules (uid, is_enabled, overrides, changed_at, changed_by, version) \
                   VALUES (?1, 1, '{}', ?2, '', 0)";

impl View<'_> {
    /// All rules of which anything is said.
    ///
    /// # Errors
    /// What the database says.
    pub fn rule_settings(&self) -> Result<Vec<RuleSetting>> {
        self.all(&format!("{SETTING} ORDER BY uid"), (), setting)
    }

    /// What is said about a rule.
    ///
    /// # Errors
    /// What the database says.
    pub fn rule_setting(&self, uid: &str) -> Result<Option<RuleSetting>> {
        self.one(&format!("{SETTING} WHERE uid = ?1"), [uid], setting)
    }
}

impl Tx<'_> {
    /// Switches a rule on or off, or changes its overrides; with a version, only if nobody has since (0 if nobody ever
    /// has). Returns the new version.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if its version is another; what the database says.
    pub fn set_rule(
        &self,
        uid: &str,
        version: Option<u64>,
        is_enabled: Option<bool>,
        overrides: Option<&str>,
        actor: &Actor<'_>,
    ) -> Result<u64> {
        self.run(ADD, params![uid, actor.at])?;
        let sql = "UPDATE rules SET is_enabled = coalesce(?3, is_enabled), overrides = coalesce(?4, overrides), \
                   changed_at = ?5, changed_by = ?6, version = version + 1 \
                   WHERE uid = ?1 AND (?2 IS NULL OR version = ?2) RETURNING version";
        let params = params![uid, version.map(int), is_enabled, overrides, actor.at, actor.name];
        let version = self.one(sql, params, |row| count_at(row, 0))?;
        version.ok_or_else(|| Error::conflict(format!("rule {uid} has been changed by somebody else")))
    }

    /// Notes from when on a rule counts, and how far it is back-filled.
    ///
    /// # Errors
    /// What the database says.
    pub fn set_rule_active(&self, uid: &str, from: i64, filled_until: Option<i64>, at: i64) -> Result<()> {
        self.run(ADD, params![uid, at])?;
        let sql = "UPDATE rules SET active_from = ?2, filled_until = ?3 WHERE uid = ?1";
        self.run(sql, params![uid, from, filled_until]).map(drop)
    }

    /// Notes what is wrong with a rule, or that nothing is.
    ///
    /// # Errors
    /// What the database says.
    pub fn set_rule_error(&self, uid: &str, error: Option<&str>, at: i64) -> Result<()> {
        self.run(ADD, params![uid, at])?;
        let sql = "UPDATE rules SET error = ?2, error_at = iif(?2 IS NULL, NULL, ?3) WHERE uid = ?1";
        self.run(sql, params![uid, error, at]).map(drop)
    }
}
