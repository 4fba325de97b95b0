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
}

impl Named for BlockState {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Requested, "requested"),
        (Self::Active, "active"),
        (Self::Expired, "expired"),
        (Self::Undone, "undone"),
        (Self::Failed, "failed"),
    ];
}

impl BlockState {
    /// Whether a block may go from this state to another.
    fn may_become(self, next: Self) -> bool {
        match self {
            Self::Requested => next != Self::Requested,
            Self::Active => matches!(next, Self::Expired | Self::Undone | Self::Failed),
            Self::Expired | Self::Undone | Self::Failed => false,
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

    /// How often an address was blocked since a time, and how many blocks were made since then in all: for longer blocks of
    /// those who come back, and for the cap.
    ///
    /// # Errors
    /// What the database says.
    pub fn count_blocks(&self, address: &str, since: i64) -> Result<(u64, u64)> {
        let sql =
            "SELECT coalesce(sum(address = ?1), 0), count(*) FROM blocks WHERE made >= ?2 AND state <> ?3";
        let params = params![address, since, code(BlockState::Failed)];
        let counts = self.one(sql, params, |row| Ok((count_at(row, 0)?, count_at(row, 1)?)))?;
        Ok(counts.unwrap_or_default())
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
}
