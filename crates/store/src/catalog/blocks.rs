//! Addresses that are blocked for a time, and how far each block has come.

use rusqlite::{Row, params};

use crate::catalog::codes::{Named, code, value_at};
use crate::catalog::signals::Actor;
use crate::catalog::sql::{count_at, id_at, limit};
use crate::catalog::{BlockMode, Tx, View};
use crate::{Error, Id, Result};

/// How far a block has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockState {
    /// Written down; nothing has happened.
    Requested,
    /// In force, or would be if this were no dry run.
    Active,
    /// Its time is over.
    Expired,
    /// Taken back by somebody.
    Undone,
    /// It could not be put in force.
    Failed,
    /// It is to be taken back, and is in force until it is.
    Undoing,
    /// A policy would have blocked, and must not.
    Refused,
}

impl Named for BlockState {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Requested, "requested"),
        (Self::Active, "active"),
        (Self::Expired, "expired"),
        (Self::Undone, "undone"),
        (Self::Failed, "failed"),
        (Self::Undoing, "undoing"),
        (Self::Refused, "refused"),
    ];
}

impl BlockState {
    /// Whether a block may go from this state to another.
    fn may_become(self, next: Self) -> bool {
        match self {
            Self::Requested => true,
            Self::Active => !matches!(next, Self::Requested | Self::Refused),
            Self::Undoing => matches!(next, Self::Undoing | Self::Undone | Self::Expired),
            Self::Expired | Self::Undone | Self::Failed | Self::Refused => false,
        }
    }
}

/// An address to be blocked.
#[derive(Clone, Copy, Debug)]
pub struct NewBlock<'b> {
    /// What makes it one: the same again is the same block.
    pub id: Id,
    /// The address, as text.
    pub address: &'b str,
    /// Whether it is to block.
    pub mode: BlockMode,
    /// Why.
    pub reason: &'b str,
    /// The signal that causes it.
    pub signal: Option<Id>,
    /// That signal's rule.
    pub rule: Option<&'b str>,
    /// Until when, in nanoseconds UTC.
    pub until: i64,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `NewBlock`, unless said")]
pub struct Block {
    pub id: Id,
    pub address: String,
    pub mode: BlockMode,
    /// How far it has come.
    pub state: BlockState,
    pub reason: String,
    pub signal: Option<Id>,
    pub rule: Option<String>,
    /// When it was asked for.
    pub made: i64,
    /// By whom.
    pub made_by: String,
    pub until: i64,
    /// When its state last changed.
    pub changed: i64,
    /// What shows that it is in force, or why it is not.
    pub proof: Option<String>,
}

/// What [`View::block_counts`] counts.
#[derive(Clone, Copy, Debug)]
pub struct BlockSpans<'b> {
    /// The address.
    pub address: &'b str,
    /// Real blocks or those that are only written down.
    pub mode: BlockMode,
    /// What time it is.
    pub now: i64,
    /// From when an address's blocks count.
    pub memory: i64,
    /// When the last minute began.
    pub minute: i64,
    /// When the last hour began.
    pub hour: i64,
}

/// How many blocks there are and were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Of the address, of this mode, in force or about to be.
    pub in_force: u64,
    /// Of the address, in its memory.
    pub of_address: u64,
    /// By rules, in the last minute.
    pub in_minute: u64,
    /// By rules, in the last hour.
    pub in_hour: u64,
    /// Of this mode, in force or about to be.
    pub at_once: u64,
}

fn block(row: &Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        id: id_at(row, 0)?,
        address: row.get(1)?,
        mode: value_at(row, 2)?,
        state: value_at(row, 3)?,
        reason: row.get(4)?,
        signal: row.get::<_, Option<[u8; 16]>>(5)?.map(Id),
        rule: row.get(6)?,
        made: row.get(7)?,
        made_by: row.get(8)?,
        until: row.get(9)?,
        changed: row.get(10)?,
        proof: row.get(11)?,
    })
}

const BLOCK: &str =
    "SELECT id, address, mode, state, reason, signal, rule, made, made_by, until, changed, proof FROM blocks";

impl View<'_> {
    /// A block.
    ///
    /// # Errors
    /// What the database says.
    pub fn block(&self, id: Id) -> Result<Option<Block>> {
        self.one(&format!("{BLOCK} WHERE id = ?1"), [id.0], block)
    }

    /// The newest blocks, of a state if it is given.
    ///
    /// # Errors
    /// What the database says.
    pub fn blocks(&self, state: Option<BlockState>, count: usize) -> Result<Vec<Block>> {
        let sql = format!("{BLOCK} WHERE (?1 IS NULL OR state = ?1) ORDER BY n DESC LIMIT ?2");
        self.all(&sql, params![state.map(code), limit(count)], block)
    }

    /// How many blocks there are and were.
    ///
    /// # Errors
    /// What the database says.
    pub fn block_counts(&self, since: &BlockSpans<'_>) -> Result<BlockCounts> {
        // What was refused or failed is none. In force are those that are requested, active or being undone.
        let sql = "SELECT coalesce(sum(address = ?1 AND mode = ?2 AND state IN (0, 1, 5) AND until > ?3), 0), \
                   coalesce(sum(address = ?1 AND made >= ?4), 0), coalesce(sum(rule IS NOT NULL AND made >= ?5), 0), \
                   coalesce(sum(rule IS NOT NULL AND made >= ?6), 0), \
                   coalesce(sum(mode = ?2 AND state IN (0, 1, 5) AND until > ?3), 0) \
                   FROM blocks WHERE state NOT IN (4, 6) AND (until > ?3 OR made >= min(?4, ?5, ?6))";
        let params =
            params![since.address, code(since.mode), since.now, since.memory, since.minute, since.hour];
        let counts = self.one(sql, params, |row| {
            Ok(BlockCounts {
                in_force: count_at(row, 0)?,
                of_address: count_at(row, 1)?,
                in_minute: count_at(row, 2)?,
                in_hour: count_at(row, 3)?,
                at_once: count_at(row, 4)?,
            })
        })?;
        Ok(counts.unwrap_or_default())
    }

    /// Blocks for which something is to be done now: those requested, those to be undone, those whose time is over.
    ///
    /// # Errors
    /// What the database says.
    pub fn blocks_to_do(&self, now: i64, count: usize) -> Result<Vec<Block>> {
        let sql = format!("{BLOCK} WHERE state IN (0, 5) OR state = 1 AND until <= ?1 ORDER BY n LIMIT ?2");
        self.all(&sql, params![now, limit(count)], block)
    }

    /// When the next block ends.
    ///
    /// # Errors
    /// What the database says.
    pub fn next_block_end(&self) -> Result<Option<i64>> {
        Ok(self.one("SELECT min(until) FROM blocks WHERE state = 1", (), |row| row.get(0))?.flatten())
    }
}

impl Tx<'_> {
    /// Writes a block down. Returns whether it is new.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_block(&self, new: &NewBlock<'_>, actor: &Actor<'_>) -> Result<bool> {
        let sql = "INSERT OR IGNORE INTO blocks (id, address, mode, state, reason, signal, rule, made, made_by, until, \
                   changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?8)";
        let params = params![
            new.id.0,
            new.address,
            code(new.mode),
            code(BlockState::Requested),
            new.reason,
            new.signal.map(|id| id.0),
            new.rule,
            actor.at,
            actor.name,
            new.until,
        ];
        self.run(sql, params).map(|count| count > 0)
    }

    /// Notes how far a block has come.
    ///
    /// # Errors
    /// [`Error::is_missing`], [`Error::is_conflict`] if it cannot come from where it is to there, what the database says.
    pub fn set_block_state(&self, id: Id, state: BlockState, proof: Option<&str>, at: i64) -> Result<()> {
        let found = self.block(id)?.ok_or_else(|| Error::missing(format!("there is no block {id}")))?;
        if !found.state.may_become(state) {
            let (from, to) = (found.state.name(), state.name());
            return Err(Error::conflict(format!(
                "the block of {} is {from} and cannot be {to}",
                found.address
            )));
        }
        let sql = "UPDATE blocks SET state = ?2, proof = coalesce(?3, proof), changed = ?4 WHERE id = ?1";
        self.run(sql, params![id.0, code(state), proof, at]).map(drop)
    }

    /// Notes what is known of a block without changing how far it has come.
    ///
    /// # Errors
    /// What the database says.
    pub fn set_block_proof(&self, id: Id, proof: &str) -> Result<()> {
        self.run("UPDATE blocks SET proof = ?2 WHERE id = ?1", params![id.0, proof]).map(drop)
    }

    /// Makes a block last longer or shorter.
    ///
    /// # Errors
    /// [`Error::is_missing`], [`Error::is_conflict`] if it is not in force, what the database says.
    pub fn set_block_until(&self, id: Id, until: i64, at: i64) -> Result<()> {
        let found = self.block(id)?.ok_or_else(|| Error::missing(format!("there is no block {id}")))?;
        if found.state != BlockState::Active {
            let state = found.state.name();
            return Err(Error::conflict(format!("the block of {} is {state}", found.address)));
        }
        // Requested again, it is put in force with its new end.
        let sql = "UPDATE blocks SET until = ?2, state = ?3, changed = ?4 WHERE id = ?1";
        self.run(sql, params![id.0, until, code(BlockState::Requested), at]).map(drop)
    }
}
