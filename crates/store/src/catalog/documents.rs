//! Settings that people make while the program runs, as documents: a kind, an id, a version that grows with each change.

use rusqlite::{Row, params};

use crate::catalog::signals::Actor;
use crate::catalog::sql::{count_at, int};
use crate::catalog::{Tx, View};
use crate::{Error, Result};

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its id, the only one of its kind.
    pub id: String,
    /// How often it has been written.
    pub version: u64,
    /// What it says; JSON.
    pub body: String,
    /// When it was written last, in nanoseconds UTC.
    pub changed: i64,
    /// By whom.
    pub changed_by: String,
}

fn document(row: &Row<'_>) -> rusqlite::Result<Document> {
    Ok(Document {
        id: row.get(0)?,
        version: count_at(row, 1)?,
        body: row.get(2)?,
        changed: row.get(3)?,
        changed_by: row.get(4)?,
    })
}

const DOCUMENT: &str = "SELECT id, version, body, changed, changed_by FROM documents";

impl View<'_> {
    /// All documents of a kind, by id.
    ///
    /// # Errors
    /// What the database says.
    pub fn documents(&self, kind: &str) -> Result<Vec<Document>> {
        self.all(&format!("{DOCUMENT} WHERE kind = ?1 ORDER BY id"), [kind], document)
    }

    /// A document.
    ///
    /// # Errors
    /// What the database says.
    pub fn document(&self, kind: &str, id: &str) -> Result<Option<Document>> {
        self.one(&format!("{DOCUMENT} WHERE kind = ?1 AND id = ?2"), [kind, id], document)
    }
}

impl Tx<'_> {
    /// Writes a document. With a version, only if it still has that one; 0 is that of a document that is not there.
    /// Returns the version that it has now.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if it has another version, what the database says.
    pub fn put_document(
        &self,
        kind: &str,
        id: &str,
        body: &str,
        version: Option<u64>,
        actor: &Actor<'_>,
    ) -> Result<u64> {
        let found = self.document(kind, id)?.map_or(0, |document| document.version);
        if version.is_some_and(|version| version != found) {
            return Err(Error::conflict(format!("{kind} {id} has version {found} by now")));
        }
        let sql = "INSERT INTO documents (kind, id, version, body, changed, changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                   ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body, changed = excluded.changed, \
                   changed_by = excluded.changed_by";
        self.run(sql, params![kind, id, int(found + 1), body, actor.at, actor.name])?;
        Ok(found + 1)
    }

    /// Removes a document.
    ///
    /// # Errors
    /// [`Error::is_missing`], what the database says.
    pub fn remove_document(&self, kind: &str, id: &str) -> Result<()> {
        if self.run("DELETE FROM documents WHERE kind = ?1 AND id = ?2", [kind, id])? == 0 {
            return Err(Error::missing(format!("there is no {kind} {id}")));
        }
        Ok(())
    }
}
