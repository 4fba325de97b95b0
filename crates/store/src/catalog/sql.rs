//! What the rooms of the catalog share: statements that are prepared once, errors told apart, names as numbers.

use rusqlite::{ErrorCode, OptionalExtension, Params, Row};

use crate::catalog::{Tx, View};
use crate::{Error, Id, Result};

/// An error of the database as one of ours.
pub(super) fn failed(error: rusqlite::Error) -> Error {
    let what = "the catalog cannot be read or written";
    let found = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::io(what, std::io::ErrorKind::StorageFull.into()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::damaged("the catalog is damaged")
        }
        Some(ErrorCode::ConstraintViolation) => {
            Error::conflict("it is there already, or belongs to something that is not")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::overloaded("the catalog is busy"),
        _ => Error::failed(what),
    };
    found.because(error)
}

impl View<'_> {
    /// All rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map(params, row).map_err(failed)?;
        rows.collect::<rusqlite::Result<Vec<T>>>().map_err(failed)
    }

    /// Looks at each row, without keeping any.
    pub(super) fn each(
        &self,
        sql: &str,
        params: impl Params,
        mut row: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params).map_err(failed)?;
        while let Some(found) = rows.next().map_err(failed)? {
            row(found).map_err(failed)?;
        }
        Ok(())
    }

    /// The only row, if there is one.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.query_row(params, row).optional().map_err(failed)
    }

    /// The number of a name, if it has one.
    pub(super) fn find_name(&self, text: &str) -> Result<Option<i64>> {
        self.one("SELECT n FROM names WHERE text = ?1", [text], |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Changes rows; returns how many.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.execute(params).map_err(failed)
    }

    /// Adds a row; returns its number.
    pub(super) fn insert(&self, sql: &str, params: impl Params) -> Result<i64> {
        self.run(sql, params)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// The number of a name, which it gets if it has none. Names are what repeats: rules, groups, hosts, people.
    pub(super) fn name(&self, text: &str) -> Result<i64> {
        match self.find_name(text)? {
            Some(number) => Ok(number),
            None => self.insert("INSERT INTO names (text) VALUES (?1)", [text]),
        }
    }

    /// As [`name`](Self::name), for what may be absent.
    pub(super) fn name_or_null(&self, text: Option<&str>) -> Result<Option<i64>> {
        text.map(|text| self.name(text)).transpose()
    }
}

/// An id in a row.
pub(super) fn id_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Id> {
    row.get(column).map(Id)
}

/// A count as SQLite holds it.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count that SQLite held.
pub(super) fn count_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|value| u64::try_from(value).unwrap_or(0))
}

/// A limit as SQLite takes it.
pub(super) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
