//! How far everybody has come: readers of the event log, correlators, sources.

use rusqlite::{Row, params};

use crate::catalog::sql::{count_at, int};
use crate::catalog::{Tx, View};
use crate::{Error, Result};

/// The state of a shard of the correlator, and up to which position of the event log it knows everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Who may write it: an owner with an older generation is out.
    pub generation: u64,
    /// The position.
    pub position: u64,
    /// When it was written.
    pub at: i64,
    /// The state.
    pub state: Vec<u8>,
}

/// Who sends events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as in the event log.
    pub name: String,
    /// What it is: `file`, `syslog`, `http`, ….
    pub kind: String,
    /// Where it stands in what it reads, in its own terms; for what is read and not sent.
    pub position: Option<Vec<u8>>,
    /// How many events came.
    pub events: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many could not be taken.
    pub dropped: u64,
    /// When the first came.
    pub first_heard: i64,
    /// When the last came.
    pub last_heard: i64,
    /// The greatest time of its events.
    pub last_event: Option<i64>,
    /// What is wrong with it.
    pub error: Option<String>,
}

fn source(row: &Row<'_>) -> rusqlite::Result<Source> {
    Ok(Source {
        name: row.get(0)?,
        kind: row.get(1)?,
        position: row.get(2)?,
        events: count_at(row, 3)?,
        bytes: count_at(row, 4)?,
        dropped: count_at(row, 5)?,
        first_heard: row.get(6)?,
        last_heard: row.get(7)?,
        last_event: row.get(8)?,
        error: row.get(9)?,
    })
}

const SOURCE: &str = "SELECT name, kind, position, events, bytes, dropped, first_heard, last_heard, last_event, error FROM sources";

impl View<'_> {
    /// How far a reader of the event log has come; 0 at first.
    ///
    /// # Errors
    /// What the database says.
    pub fn progress(&self, name: &str) -> Result<u64> {
        let found =
            self.one("SELECT position FROM progress WHERE name = ?1", [name], |row| count_at(row, 0))?;
        Ok(found.unwrap_or(0))
    }

    /// The least position that any reader of the event log still needs.
    ///
    /// # Errors
    /// What the database says.
    pub fn least_progress(&self) -> Result<Option<u64>> {
        let sql = "SELECT min(position) FROM (SELECT position FROM progress UNION ALL SELECT position FROM checkpoints)";
        let found = self.one(sql, (), |row| row.get::<_, Option<i64>>(0))?.flatten();
        Ok(found.map(|position| u64::try_from(position).unwrap_or(0)))
    }

    /// How far anybody has come; none if nobody has begun. The event log has been that long at least.
    ///
    /// # Errors
    /// What the database says.
    pub fn greatest_progress(&self) -> Result<Option<u64>> {
        let sql = "SELECT max(position) FROM (SELECT position FROM progress UNION ALL SELECT position FROM checkpoints)";
        let found = self.one(sql, (), |row| row.get::<_, Option<i64>>(0))?.flatten();
        Ok(found.map(|position| u64::try_from(position).unwrap_or(0)))
    }

    /// The checkpoint of a shard.
    ///
    /// # Errors
    /// What the database says.
    pub fn checkpoint(&self, shard: u32) -> Result<Option<Checkpoint>> {
        let sql = "SELECT generation, position, at, state FROM checkpoints WHERE shard = ?1";
        self.one(sql, [shard], |row| {
            Ok(Checkpoint {
                generation: count_at(row, 0)?,
                position: count_at(row, 1)?,
                at: row.get(2)?,
                state: row.get(3)?,
            })
        })
    }

    /// All sources by name.
    ///
    /// # Errors
    /// What the database says.
    pub fn sources(&self) -> Result<Vec<Source>> {
        self.all(&format!("{SOURCE} ORDER BY name"), (), source)
    }

    /// A source.
    ///
    /// # Errors
    /// What the database says.
    pub fn source(&self, name: &str) -> Result<Option<Source>> {
        self.one(&format!("{SOURCE} WHERE name = ?1"), [name], source)
    }
}

impl Tx<'_> {
    /// Moves a reader of the event log on, from where it must stand. So what it has made of the events in between happens
    /// once, if it is written in the same transaction.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if it stands elsewhere; what the database says.
    pub fn advance(&self, name: &str, from: u64, to: u64) -> Result<()> {
        self.run("INSERT OR IGNORE INTO progress (name, position) VALUES (?1, 0)", [name])?;
        let sql = "UPDATE progress SET position = ?3 WHERE name = ?1 AND position = ?2";
        if self.run(sql, params![name, int(from), int(to)])? == 0 {
            return Err(Error::conflict(format!("{name} does not stand at {from}")));
        }
        Ok(())
    }

    /// Takes a shard over: what its former owner still writes is refused. Returns the new generation.
    ///
    /// # Errors
    /// What the database says.
    pub fn take_shard(&self, shard: u32, at: i64) -> Result<u64> {
        let sql = "INSERT INTO checkpoints (shard, generation, position, at, state) VALUES (?1, 1, 0, ?2, x'') \
                   ON CONFLICT (shard) DO UPDATE SET generation = generation + 1 RETURNING generation";
        let generation = self.one(sql, params![shard, at], |row| count_at(row, 0))?;
        generation.ok_or_else(|| Error::failed("a shard without a row"))
    }

    /// Writes a shard's state.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if the shard has another owner by now; what the database says.
    pub fn put_checkpoint(&self, shard: u32, checkpoint: &Checkpoint) -> Result<()> {
        let sql =
            "UPDATE checkpoints SET position = ?3, at = ?4, state = ?5 WHERE shard = ?1 AND generation = ?2";
        let params = params![
            shard,
            int(checkpoint.generation),
            int(checkpoint.position),
            checkpoint.at,
            checkpoint.state
        ];
        if self.run(sql, params)? == 0 {
            return Err(Error::conflict(format!("shard {shard} has another owner")));
        }
        Ok(())
    }

    /// Adds what came from a source since it was last told; `position`, `last_event` and `error` are what holds now.
    ///
    /// # Errors
    /// What the database says.
    pub fn hear_source(&self, heard: &Source) -> Result<()> {
        let sql = "INSERT INTO sources (name, kind, position, events, bytes, dropped, first_heard, last_heard, \
                   last_event, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                   ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, \
                   position = coalesce(excluded.position, position), events = events + excluded.events, \
                   bytes = bytes + excluded.bytes, dropped = dropped + excluded.dropped, \
                   first_heard = min(first_heard, excluded.first_heard), \
                   last_heard = max(last_heard, excluded.last_heard), \
                   last_event = max(coalesce(last_event, excluded.last_event), coalesce(excluded.last_event, last_event)), \
                   error = excluded.error";
        self.run(
            sql,
            params![
                heard.name,
                heard.kind,
                heard.position,
                int(heard.events),
                int(heard.bytes),
                int(heard.dropped),
                heard.first_heard,
                heard.last_heard,
                heard.last_event,
                heard.error,
            ],
        )?;
        Ok(())
    }

    /// Forgets a source.
    ///
    /// # Errors
    /// What the database says.
    pub fn forget_source(&self, name: &str) -> Result<bool> {
        self.run("DELETE FROM sources WHERE name = ?1", [name]).map(|count| count > 0)
    }
}
