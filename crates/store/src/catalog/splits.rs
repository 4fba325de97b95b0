//! The files of the lake. A file is part of it when its row is here, and no longer when the row is gone.

use rusqlite::{Row, params};

use crate::catalog::sql::{count_at, int};
use crate::catalog::{Tx, View};
use crate::{Error, Result};

/// A file of the lake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Its path below the lake's folder.
    pub path: String,
    /// The log-source class of its events.
    pub class: String,
    /// The hour of its events: hours since 1970-01-01T00:00Z.
    pub hour: i64,
    /// The time of its first event, in nanoseconds UTC.
    pub first_ts: i64,
    /// The time of its last event.
    pub last_ts: i64,
    /// How many events.
    pub rows: u64,
    /// How long, in bytes.
    pub bytes: u64,
    /// The version of its layout.
    pub format: u32,
    /// The columns it has for fields, as the lake names them.
    pub columns: Vec<String>,
    /// The fields of which some values stand in the rest; none if they are too many to name.
    pub rest: Option<Vec<String>>,
    /// The checksums of its blocks.
    pub checksums: Vec<u64>,
    /// When it was written.
    pub made: i64,
    /// Whether it came from others by compaction.
    pub is_compacted: bool,
}

/// Which files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitQuery {
    /// With events at or after this time.
    pub since: Option<i64>,
    /// With events before this time.
    pub until: Option<i64>,
    /// Of these classes; of all if there are none.
    pub classes: Vec<String>,
}

const COLUMNS: &str = "path, class, hour, first_ts, last_ts, row_count, bytes, format, columns, rest, checksums, \
    made, is_compacted";

fn split(row: &Row<'_>) -> rusqlite::Result<Split> {
    let columns: String = row.get(8)?;
    let rest: Option<String> = row.get(9)?;
    let checksums: Vec<u8> = row.get(10)?;
    Ok(Split {
        path: row.get(0)?,
        class: row.get(1)?,
        hour: row.get(2)?,
        first_ts: row.get(3)?,
        last_ts: row.get(4)?,
        rows: count_at(row, 5)?,
        bytes: count_at(row, 6)?,
        format: row.get(7)?,
        columns: names(&columns),
        rest: rest.as_deref().map(names),
        checksums: checksums
            .chunks_exact(8)
            .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
            .collect(),
        made: row.get(11)?,
        is_compacted: row.get(12)?,
    })
}

/// Names as one text: each with a zero byte behind it, which no name has.
fn text(names: &[String]) -> String {
    names.iter().flat_map(|name| [name, "\0"]).collect()
}

fn names(text: &str) -> Vec<String> {
    text.split_terminator('\0').map(str::to_owned).collect()
}

impl View<'_> {
    /// The files that may hold such events, by class and time.
    ///
    /// # Errors
    /// What the database says.
    pub fn splits(&self, query: &SplitQuery) -> Result<Vec<Split>> {
        let classes =
            serde_json::to_string(&query.classes).map_err(|error| Error::failed("classes").because(error))?;
        let sql = format!(
            "SELECT {COLUMNS} FROM splits WHERE (?1 IS NULL OR last_ts >= ?1) AND (?2 IS NULL OR first_ts < ?2) \
             AND (?3 = '[]' OR class IN (SELECT value FROM json_each(?3))) ORDER BY class, first_ts, n"
        );
        self.all(&sql, params![query.since, query.until, classes], split)
    }

    /// A file of the lake.
    ///
    /// # Errors
    /// What the database says.
    pub fn split(&self, path: &str) -> Result<Option<Split>> {
        self.one(&format!("SELECT {COLUMNS} FROM splits WHERE path = ?1"), [path], split)
    }

    /// How many events and bytes each class has.
    ///
    /// # Errors
    /// What the database says.
    pub fn lake_sizes(&self) -> Result<Vec<(String, u64, u64)>> {
        let sql = "SELECT class, sum(row_count), sum(bytes) FROM splits GROUP BY class ORDER BY class";
        self.all(sql, (), |row| Ok((row.get(0)?, count_at(row, 1)?, count_at(row, 2)?)))
    }
}

impl Tx<'_> {
    /// Makes files part of the lake and takes others out of it. Files that are taken out must be there.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if one to be added is there, or one to be removed is not: somebody else was quicker. What
    /// the database says.
    pub fn change_splits(&self, added: &[Split], removed: &[&str]) -> Result<()> {
        for path in removed {
            if self.run("DELETE FROM splits WHERE path = ?1", [path])? == 0 {
                return Err(Error::conflict(format!("{path} is no part of the lake any more")));
            }
        }
        let sql = format!(
            "INSERT INTO splits ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        );
        for split in added {
            let checksums: Vec<u8> = split.checksums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
            self.run(
                &sql,
                params![
                    split.path,
                    split.class,
                    split.hour,
                    split.first_ts,
                    split.last_ts,
                    int(split.rows),
                    int(split.bytes),
                    split.format,
                    text(&split.columns),
                    split.rest.as_deref().map(text),
                    checksums,
                    split.made,
                    split.is_compacted,
                ],
            )?;
        }
        Ok(())
    }
}
