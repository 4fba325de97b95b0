//! What people make of a signal.

use rusqlite::params;

use crate::catalog::codes::{code, value_of};
use crate::catalog::sql::{count_at, int};
use crate::catalog::{Status, Tx, Verdict, View};
use crate::{Error, Id, Result};

/// Who does something, and when.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// A user's name, or that of what acts by itself.
    pub name: &'a str,
    /// Nanoseconds UTC.
    pub at: i64,
}

/// A change of signals. What is none stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'c> {
    /// Open, acknowledged or closed; closing needs a verdict, and everything else takes it away.
    pub status: Option<Status>,
    /// What it turned out to be.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: Option<&'c str>,
    /// Who is at it from now on; `Some(None)` for nobody.
    pub assignee: Option<Option<&'c str>>,
    /// Something to be read in the history.
    pub note: Option<&'c str>,
}

/// A line of a signal's history: what has changed, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub at: i64,
    /// Who.
    pub who: String,
    /// The bulk action it was part of.
    pub action: Option<i64>,
    /// The status from then on.
    pub status: Option<Status>,
    /// The verdict from then on.
    pub verdict: Option<Verdict>,
    /// The assignee from then on.
    pub assignee: Option<String>,
    /// The reason or note.
    pub note: Option<String>,
}

impl Change<'_> {
    /// Checks that it has a meaning.
    pub(super) fn check(&self) -> Result<()> {
        match (self.status, self.verdict) {
            (Some(Status::Closed), None) => Err(Error::invalid("a signal is closed with a verdict")),
            (Some(Status::Open | Status::Acknowledged) | None, Some(_)) => {
                Err(Error::invalid("only a closed signal has a verdict"))
            }
            _ => Ok(()),
        }
    }

    /// Reason and note as one text of the history.
    pub(super) fn text(&self) -> Option<String> {
        match (self.reason, self.note) {
            (Some(reason), Some(note)) => Some(format!("{reason}\n{note}")),
            (one, other) => one.or(other).map(str::to_owned),
        }
    }
}

impl View<'_> {
    /// A signal's history, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn signal_history(&self, id: Id) -> Result<Vec<HistoryEntry>> {
        let sql = "SELECT h.at, w.text, h.action, h.status, h.verdict, \
                   (SELECT text FROM names WHERE n = h.assignee), h.note \
                   FROM signals s JOIN signal_history h ON h.signal = s.n JOIN names w ON w.n = h.who \
                   WHERE s.id = ?1 ORDER BY h.n";
        self.all(sql, [id.0], |row| {
            Ok(HistoryEntry {
                at: row.get(0)?,
                who: row.get(1)?,
                action: row.get(2)?,
                status: row.get::<_, Option<i64>>(3)?.and_then(value_of),
                verdict: row.get::<_, Option<i64>>(4)?.and_then(value_of),
                assignee: row.get(5)?,
                note: row.get(6)?,
            })
        })
    }
}

impl Tx<'_> {
    /// Changes a signal; returns its new version. With a version, only if nobody has changed it since.
    ///
    /// # Errors
    /// [`Error::is_missing`], [`Error::is_conflict`] if its version is another, [`Error::is_invalid`] for a verdict
    /// without closing or the other way round, what the database says.
    pub fn change_signal(
        &self,
        id: Id,
        version: Option<u64>,
        change: &Change<'_>,
        actor: &Actor<'_>,
    ) -> Result<u64> {
        change.check()?;
        let Some(number) = self.signal_number(id)? else {
            return Err(Error::missing(format!("there is no signal {id}")));
        };
        let assignee = self.name_or_null(change.assignee.flatten())?;
        let sql = "UPDATE signals SET status = coalesce(?2, status), \
                   verdict = CASE WHEN ?2 IS NULL THEN verdict ELSE ?3 END, \
                   assignee = CASE WHEN ?4 THEN ?5 ELSE assignee END, version = version + 1 \
                   WHERE n = ?1 AND (?6 IS NULL OR version = ?6) RETURNING version";
        let status = change.status.map(code);
        let params = params![
            number,
            status,
            change.verdict.map(code),
            change.assignee.is_some(),
            assignee,
            version.map(int)
        ];
        let Some(version) = self.one(sql, params, |row| count_at(row, 0))? else {
            return Err(Error::conflict(format!("signal {id} has been changed by somebody else")));
        };
        if status.is_some() {
            self.run("UPDATE signal_details SET reason = ?2 WHERE n = ?1", params![number, change.reason])?;
        }
        self.run(
            "INSERT INTO signal_history (signal, at, who, status, verdict, assignee, note) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                number,
                actor.at,
                self.name(actor.name)?,
                status,
                change.verdict.map(code),
                assignee,
                change.text()
            ],
        )?;
        Ok(version)
    }
}
