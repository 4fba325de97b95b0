//! The audit trail: who did what, for good.
//!
//! Lines are added and neither changed nor removed: the database refuses it, and each line holds a hash over itself and the
//! hash before it, so that a change made behind the database's back shows. Who cuts the end off leaves a sound chain; so
//! [`View::audit_head`] is there to be kept elsewhere, and [`View::verify_audit`] holds the chain against it.

use rusqlite::{Row, params};
use sha2::{Digest, Sha256};

use crate::Result;
use crate::catalog::sql::{int, limit};
use crate::catalog::{Tx, View};

/// Something that was done.
#[derive(Clone, Copy, Debug)]
pub struct NewAudit<'a> {
    /// When, in nanoseconds UTC.
    pub at: i64,
    /// Who.
    pub who: &'a str,
    /// From where.
    pub client: &'a str,
    /// What, in few words that repeat.
    pub action: &'a str,
    /// To what.
    pub target: &'a str,
    /// Everything else; JSON.
    pub detail: &'a str,
}

/// A line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewAudit`, unless said")]
pub struct AuditEntry {
    /// Its number; they have no gaps.
    pub number: u64,
    pub at: i64,
    pub who: String,
    pub client: String,
    pub action: String,
    pub target: String,
    pub detail: String,
    /// The hash over it and all before it.
    pub hash: [u8; 32],
}

/// Which lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditPage<'a> {
    /// Of whom.
    pub who: Option<&'a str>,
    /// About what.
    pub target: Option<&'a str>,
    /// Before this number.
    pub before: Option<u64>,
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: super::sql::count_at(row, 0)?,
        at: row.get(1)?,
        who: row.get(2)?,
        client: row.get(3)?,
        action: row.get(4)?,
        target: row.get(5)?,
        detail: row.get(6)?,
        hash: row.get(7)?,
    })
}

const ENTRY: &str = "SELECT n, at, who, client, action, target, detail, hash FROM audit";

/// The hash of a line: SHA-256 over the hash before it and its parts, each behind its length.
fn chain(before: &[u8; 32], number: u64, new: &NewAudit<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(number.to_le_bytes());
    hash.update(new.at.to_le_bytes());
    for part in [new.who, new.client, new.action, new.target, new.detail] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl View<'_> {
    /// Lines, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn audit(&self, page: &AuditPage<'_>, count: usize) -> Result<Vec<AuditEntry>> {
        let sql = format!(
            "{ENTRY} WHERE (?1 IS NULL OR who = ?1) AND (?2 IS NULL OR target = ?2) AND (?3 IS NULL OR n < ?3) \
             ORDER BY n DESC LIMIT ?4"
        );
        self.all(&sql, params![page.who, page.target, page.before.map(int), limit(count)], entry)
    }

    /// The number and hash of the last line; zeros if there is none.
    ///
    /// # Errors
    /// What the database says.
    pub fn audit_head(&self) -> Result<(u64, [u8; 32])> {
        let last = self.one(&format!("{ENTRY} ORDER BY n DESC LIMIT 1"), (), entry)?;
        Ok(last.map_or((0, [0; 32]), |entry| (entry.number, entry.hash)))
    }

    /// Follows the chain and returns the number of the first line that is not as it was written, or is not there. With a
    /// head that was kept elsewhere, it must be part of the chain.
    ///
    /// # Errors
    /// What the database says.
    pub fn verify_audit(&self, kept: Option<(u64, [u8; 32])>) -> Result<Option<u64>> {
        let (mut number, mut hash) = (0, [0; 32]);
        loop {
            let sql = format!("{ENTRY} WHERE n > ?1 ORDER BY n LIMIT 1000");
            let entries = self.all(&sql, [int(number)], entry)?;
            if entries.is_empty() {
                let is_cut = kept.is_some_and(|(kept, _)| kept > number);
                return Ok(is_cut.then_some(number + 1));
            }
            for entry in entries {
                number += 1;
                let new = NewAudit {
                    at: entry.at,
                    who: &entry.who,
                    client: &entry.client,
                    action: &entry.action,
                    target: &entry.target,
                    detail: &entry.detail,
                };
                hash = chain(&hash, number, &new);
                let is_kept = kept.is_none_or(|(at, kept)| at != number || kept == hash);
                if entry.number != number || entry.hash != hash || !is_kept {
                    return Ok(Some(number));
                }
            }
        }
    }
}

impl Tx<'_> {
    /// Adds a line. In the same transaction as what it tells of: neither is there without the other.
    ///
    /// # Errors
    /// What the database says.
    pub fn record(&self, new: &NewAudit<'_>) -> Result<()> {
        let (last, before) = self.audit_head()?;
        let number = last + 1;
        self.run(
            "INSERT INTO audit (n, at, who, client, action, target, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                int(number),
                new.at,
                new.who,
                new.client,
                new.action,
                new.target,
                new.detail,
                chain(&before, number, new)
            ],
        )?;
        Ok(())
    }
}
