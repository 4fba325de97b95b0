//! Signals: what rules have found, and what people make of it.

mod bulk;
mod filter;
mod list;
mod overview;
mod retention;
mod tally;
mod triage;

pub use bulk::{Bulk, Selection, Undone};
pub(super) use filter::without_time_index;
pub use filter::{Filter, Term};
pub use list::{Cursor, Page, Sort};
pub use overview::{Bucket, Facet, Histogram, Overview, OverviewRequest};
pub use triage::{Actor, Change, HistoryEntry};

use rusqlite::{Row, params};

use crate::catalog::codes::{code, value_at, value_of};
use crate::catalog::sql::{count_at, id_at, int};
use crate::catalog::{Level, Status, Tx, Verdict, View};
use crate::{Id, Result};

/// A detection that people are to see.
#[derive(Clone, Copy, Debug)]
pub struct NewSignal<'s> {
    /// The detection's id: the same again is the same signal (E3).
    pub id: Id,
    /// The rule's uid.
    pub rule: &'s str,
    /// What a list shows.
    pub title: &'s str,
    /// How serious.
    pub level: Level,
    /// When, in nanoseconds UTC.
    pub ts: i64,
    /// The earliest event that contributed.
    pub first_seen: i64,
    /// The last event that contributed.
    pub last_seen: i64,
    /// The group key as text.
    pub group: &'s str,
    /// The first tactic of its rule.
    pub tactic: Option<&'s str>,
    /// 0 to 100.
    pub risk: u8,
    /// How many events contributed.
    pub total: u64,
    /// How often the detection has changed: a greater one replaces what a smaller one said.
    pub revision: u32,
    /// Whom it is about: kind (`host`, `user`, `address`, …) and value.
    pub entities: &'s [(&'s str, &'s str)],
    /// Everything else, for the page of the signal; JSON.
    pub body: &'s str,
}

/// What became of a signal that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It had not been there.
    New,
    /// It had, with an earlier revision.
    Updated,
    /// It was there as it is.
    Same,
}

/// A signal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewSignal`, unless said")]
pub struct Signal {
    pub id: Id,
    pub rule: String,
    pub title: String,
    pub level: Level,
    pub ts: i64,
    pub first_seen: i64,
    pub last_seen: i64,
    pub group: String,
    pub tactic: Option<String>,
    pub risk: u8,
    pub total: u64,
    pub revision: u32,
    /// The first entity of kind `host`.
    pub host: Option<String>,
    /// The first entity of kind `user`.
    pub user: Option<String>,
    /// The first entity of kind `address`.
    pub address: Option<String>,
    /// Where it is in its life.
    pub status: Status,
    /// What it turned out to be; there if it is closed.
    pub verdict: Option<Verdict>,
    /// Why it was closed so.
    pub reason: Option<String>,
    /// Who is at it.
    pub assignee: Option<String>,
    /// Whether a late event has shown that there was nothing (E39).
    pub is_retracted: bool,
    /// Grows with every change by people; for changes that must not overwrite others.
    pub version: u64,
}

/// What [`signal`] reads, from `signals s JOIN signal_details d`.
const COLUMNS: &str = "s.n, s.id, (SELECT text FROM names WHERE n = s.rule), d.title, s.level, s.ts, s.first_seen, \
    s.last_seen, (SELECT text FROM names WHERE n = s.group_key), (SELECT text FROM names WHERE n = s.tactic), s.risk, \
    s.total, s.revision, (SELECT text FROM names WHERE n = s.host), (SELECT text FROM names WHERE n = s.user), \
    (SELECT text FROM names WHERE n = s.address), s.status, s.verdict, d.reason, \
    (SELECT text FROM names WHERE n = s.assignee), s.is_retracted, s.version";

fn signal(row: &Row<'_>) -> rusqlite::Result<Signal> {
    Ok(Signal {
        id: id_at(row, 1)?,
        rule: row.get(2)?,
        title: row.get(3)?,
        level: value_at(row, 4)?,
        ts: row.get(5)?,
        first_seen: row.get(6)?,
        last_seen: row.get(7)?,
        group: row.get(8)?,
        tactic: row.get(9)?,
        risk: row.get(10)?,
        total: count_at(row, 11)?,
        revision: row.get(12)?,
        host: row.get(13)?,
        user: row.get(14)?,
        address: row.get(15)?,
        status: value_at(row, 16)?,
        verdict: row.get::<_, Option<i64>>(17)?.and_then(value_of),
        reason: row.get(18)?,
        assignee: row.get(19)?,
        is_retracted: row.get(20)?,
        version: count_at(row, 21)?,
    })
}

impl View<'_> {
    /// A signal.
    ///
    /// # Errors
    /// What the database says.
    pub fn signal(&self, id: Id) -> Result<Option<Signal>> {
        let sql =
            format!("SELECT {COLUMNS} FROM signals s JOIN signal_details d ON d.n = s.n WHERE s.id = ?1");
        self.one(&sql, [id.0], signal)
    }

    /// How often a signal's detection has changed; none if there is no such signal.
    ///
    /// # Errors
    /// What the database says.
    pub fn signal_revision(&self, id: Id) -> Result<Option<u32>> {
        self.one("SELECT revision FROM signals WHERE id = ?1", [id.0], |row| row.get(0))
    }

    /// The JSON that was stored with a signal.
    ///
    /// # Errors
    /// What the database says.
    pub fn signal_body(&self, id: Id) -> Result<Option<String>> {
        let sql = "SELECT d.body FROM signals s JOIN signal_details d ON d.n = s.n WHERE s.id = ?1";
        self.one(sql, [id.0], |row| row.get(0))
    }

    /// All entities of a signal: kind and value.
    ///
    /// # Errors
    /// What the database says.
    pub fn signal_entities(&self, id: Id) -> Result<Vec<(String, String)>> {
        let sql = "SELECT k.text, v.text FROM signals s JOIN signal_entities e ON e.n = s.n \
                   JOIN names k ON k.n = e.kind JOIN names v ON v.n = e.value WHERE s.id = ?1 ORDER BY 1, 2";
        self.all(sql, [id.0], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The row number of a signal.
    fn signal_number(&self, id: Id) -> Result<Option<i64>> {
        self.one("SELECT n FROM signals WHERE id = ?1", [id.0], |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Stores a signal, or what a later revision says of it. What people have made of it stays.
    ///
    /// # Errors
    /// What the database says.
    pub fn put_signal(&self, new: &NewSignal<'_>) -> Result<Put> {
        let found = self.one("SELECT n, revision FROM signals WHERE id = ?1", [new.id.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?))
        })?;
        match found {
            None => self.add_signal(new).map(|()| Put::New),
            Some((_, revision)) if revision >= new.revision => Ok(Put::Same),
            Some((number, _)) => self.update_signal(number, new).map(|()| Put::Updated),
        }
    }

    fn add_signal(&self, new: &NewSignal<'_>) -> Result<()> {
        let primary = |kind: &str| {
            let found = new.entities.iter().find(|(known, _)| *known == kind);
            self.name_or_null(found.map(|(_, value)| *value))
        };
        let (host, user, address) = (primary("host")?, primary("user")?, primary("address")?);
        let number = self.insert(
            "INSERT INTO signals (ts, level, status, rule, tactic, host, user, address, group_key, risk, first_seen, \
             last_seen, total, revision, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                new.ts,
                code(new.level),
                code(Status::Open),
                self.name(new.rule)?,
                self.name_or_null(new.tactic)?,
                host,
                user,
                address,
                self.name(new.group)?,
                new.risk,
                new.first_seen,
                new.last_seen,
                int(new.total),
                new.revision,
                new.id.0,
            ],
        )?;
        self.run(
            "INSERT INTO signal_details (n, title, body) VALUES (?1, ?2, ?3)",
            params![number, new.title, new.body],
        )?;
        self.add_entities(number, new)
    }

    fn update_signal(&self, number: i64, new: &NewSignal<'_>) -> Result<()> {
        self.run(
            "UPDATE signals SET first_seen = ?2, last_seen = ?3, total = ?4, revision = ?5, risk = ?6, is_retracted = 0 \
             WHERE n = ?1",
            params![number, new.first_seen, new.last_seen, int(new.total), new.revision, new.risk],
        )?;
        self.run(
            "UPDATE signal_details SET title = ?2, body = ?3 WHERE n = ?1",
            params![number, new.title, new.body],
        )?;
        self.add_entities(number, new)
    }

    fn add_entities(&self, number: i64, new: &NewSignal<'_>) -> Result<()> {
        for (kind, value) in new.entities {
            self.run(
                "INSERT OR IGNORE INTO signal_entities (kind, value, ts, n) VALUES (?1, ?2, ?3, ?4)",
                params![self.name(kind)?, self.name(value)?, new.ts, number],
            )?;
        }
        Ok(())
    }

    /// Marks a signal as one that a late event has made untrue (E39). It stays, with what people wrote, and is left out of
    /// lists and counts that do not ask for it. Returns whether it was there and not marked.
    ///
    /// # Errors
    /// What the database says.
    pub fn retract_signal(&self, id: Id, revision: u32) -> Result<bool> {
        let sql = "UPDATE signals SET is_retracted = 1, revision = ?2 WHERE id = ?1 AND is_retracted = 0 AND revision < ?2";
        self.run(sql, params![id.0, revision]).map(|count| count > 0)
    }
}
