//! Lists, page by page.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::filter::{details, without_list_indexes, without_time_index};
use super::{COLUMNS, Filter, Signal, signal};
use crate::catalog::{Named, View, sql::limit};
use crate::{Error, Result};

/// In which order; the newest, highest or greatest first. What is equal is ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// By time.
    Newest,
    /// By time, the oldest first.
    Oldest,
    /// By level.
    Level,
    /// By risk.
    Risk,
}

impl Named for Sort {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Newest, "newest"), (Self::Oldest, "oldest"), (Self::Level, "level"), (Self::Risk, "risk")];
}

impl Sort {
    /// The column that comes before the time.
    fn first(self) -> Option<&'static str> {
        match self {
            Sort::Newest | Sort::Oldest => None,
            Sort::Level => Some("s.level"),
            Sort::Risk => Some("s.risk"),
        }
    }

    fn is_descending(self) -> bool {
        self != Sort::Oldest
    }
}

/// Where a page ended. It stays good while signals come, go and change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    first: i64,
    ts: i64,
    number: i64,
}

impl Cursor {
    /// Reads what [`Display`](std::fmt::Display) has written.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let cursor =
            Self { first: parts.next()?.ok()?, ts: parts.next()?.ok()?, number: parts.next()?.ok()? };
        parts.next().is_none().then_some(cursor)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.first, self.ts, self.number)
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The signals.
    pub signals: Vec<Signal>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<Cursor>,
}

impl View<'_> {
    /// A page of signals. A page costs the same wherever it stands in the list.
    ///
    /// # Errors
    /// [`Error::is_invalid`] for a value that a closed list does not have; what the database says.
    pub fn signals(&self, filter: &Filter, sort: Sort, after: Option<Cursor>, count: usize) -> Result<Page> {
        let mut condition = self.condition(filter)?;
        condition.sql = without_list_indexes(condition.sql, filter);
        let (first, direction, beyond) = match (sort.first(), sort.is_descending()) {
            (first, true) => (first, "DESC", "<"),
            (first, false) => (first, "ASC", ">"),
        };
        let keys = first.map_or(String::from("s.ts, s.n"), |first| format!("{first}, s.ts, s.n"));
        if first.is_some() && self.is_wide(filter)? {
            // Else a list by level of all time would be made by sorting all of it, and not from its own index.
            condition.sql = without_time_index(condition.sql);
        }
        if let Some(cursor) = after {
            let places = if first.is_some() { "?, ?, ?" } else { "?, ?" };
            condition.sql.push_str(&format!(" AND ({keys}) {beyond} ({places})"));
            condition.params.extend(first.map(|_| Value::from(cursor.first)));
            condition.params.extend([cursor.ts.into(), cursor.number.into()]);
        }
        let order = keys.split(", ").map(|key| format!("{key} {direction}")).collect::<Vec<_>>().join(", ");
        // Texts are read of the rows of the page alone: where no index has the order, all that fit are sorted.
        let sql = format!(
            "SELECT {COLUMNS}, {} FROM (SELECT s.n FROM signals s{} WHERE {} ORDER BY {order} LIMIT ?) p \
             JOIN signals s ON s.n = p.n JOIN signal_details d ON d.n = s.n ORDER BY {order}",
            first.unwrap_or("0"),
            details(filter),
            condition.sql
        );
        // One more than asked for tells whether there is a next page.
        let wanted = count.checked_add(1).ok_or_else(|| Error::invalid("a page of that length"))?;
        condition.params.push(limit(wanted).into());
        let mut rows =
            self.all(&sql, params_from_iter(condition.params), |row| Ok((signal(row)?, cursor(row)?)))?;
        let has_more = rows.len() > count;
        rows.truncate(count);
        let next = rows.last().map(|(_, cursor)| *cursor).filter(|_| has_more);
        Ok(Page { signals: rows.into_iter().map(|(signal, _)| signal).collect(), next })
    }

    /// How many signals there are.
    ///
    /// # Errors
    /// As [`signals`](Self::signals).
    pub fn count_signals(&self, filter: &Filter) -> Result<u64> {
        let condition = self.condition(filter)?;
        let sql = format!("SELECT count(*) FROM signals s{} WHERE {}", details(filter), condition.sql);
        let count = self.one(&sql, params_from_iter(condition.params), |row| super::count_at(row, 0))?;
        Ok(count.unwrap_or(0))
    }
}

/// Where a row stands; the sort column comes behind those of the signal.
fn cursor(row: &Row<'_>) -> rusqlite::Result<Cursor> {
    Ok(Cursor { first: row.get(22)?, ts: row.get(5)?, number: row.get(0)? })
}
