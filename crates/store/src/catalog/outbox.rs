//! What is to be sent: written together with what causes it, sent afterwards, at least once.
//!
//! A message is claimed for a time. Who claims it sends it and says how it went; if nobody does, because the process died,
//! it is claimed again when the time is over. So a receiver may get one twice, always with the same key.

use rusqlite::{Row, params};

use crate::catalog::codes::{Named, code, value_at};
use crate::catalog::sql::{count_at, limit};
use crate::catalog::{Tx, View};
use crate::{Error, Result};

/// [`DeliveryState`] as numbers: waiting; sent; given up.
const WAITING: i64 = 0;
const SENT: i64 = 1;
const GIVEN_UP: i64 = 2;

/// Something to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'m> {
    /// What makes it one: a second with the same key for the same channel is none. The receiver gets it too.
    pub key: &'m str,
    /// Where to.
    pub channel: &'m str,
    /// What; JSON.
    pub payload: &'m str,
    /// When it was written, in nanoseconds UTC.
    pub at: i64,
    /// Not to be sent before.
    pub due: i64,
    /// Messages of a group that has a name are sent in their order.
    pub group: &'m str,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It will be sent, or is being sent.
    Waiting,
    /// The receiver has it.
    Sent,
    /// It was tried often enough.
    GivenUp,
}

impl Named for DeliveryState {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Waiting, "waiting"), (Self::Sent, "sent"), (Self::GivenUp, "given_up")];
}

/// A message as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number; they grow.
    pub number: i64,
    /// Its key.
    pub key: String,
    /// Where to.
    pub channel: String,
    /// What.
    pub payload: String,
    /// Where it is.
    pub state: DeliveryState,
    /// When it was written.
    pub at: i64,
    /// When it is tried, if it waits.
    pub due: i64,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it was sent or given up.
    pub done: Option<i64>,
    /// What went wrong the last time.
    pub error: Option<String>,
}

/// Which messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryPage<'p> {
    /// To this channel.
    pub channel: Option<&'p str>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Before this number.
    pub before: Option<i64>,
}

/// A message that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number, to say how it went.
    pub number: i64,
    /// Its key.
    pub key: String,
    /// Where to.
    pub channel: String,
    /// What.
    pub payload: String,
    /// When it was written.
    pub at: i64,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// Until when it is this claimer's.
    pub lease: i64,
}

/// How much a channel has to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxCounts {
    /// The channel.
    pub channel: String,
    /// How many wait.
    pub waiting: u64,
    /// How many were given up.
    pub given_up: u64,
    /// What the last failure was.
    pub error: Option<String>,
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        number: row.get(0)?,
        key: row.get(1)?,
        channel: row.get(2)?,
        payload: row.get(3)?,
        at: row.get(4)?,
        attempts: row.get(5)?,
        lease: row.get(6)?,
    })
}

impl View<'_> {
    /// When the next message of any channel is due.
    ///
    /// # Errors
    /// What the database says.
    pub fn next_due(&self) -> Result<Option<i64>> {
        let sql = "SELECT min(max(due, lease)) FROM outbox WHERE state = 0";
        Ok(self.one(sql, (), |row| row.get(0))?.flatten())
    }

    /// Messages, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn deliveries(&self, page: &DeliveryPage<'_>, count: usize) -> Result<Vec<Delivery>> {
        let sql = "SELECT n, key, channel, payload, state, made, due, attempts, done_at, error FROM outbox \
                   WHERE (?1 IS NULL OR channel = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR n < ?3) \
                   ORDER BY n DESC LIMIT ?4";
        let params = params![page.channel, page.state.map(code), page.before, limit(count)];
        self.all(sql, params, |row| {
            Ok(Delivery {
                number: row.get(0)?,
                key: row.get(1)?,
                channel: row.get(2)?,
                payload: row.get(3)?,
                state: value_at(row, 4)?,
                at: row.get(5)?,
                due: row.get(6)?,
                attempts: row.get(7)?,
                done: row.get(8)?,
                error: row.get(9)?,
            })
        })
    }

    /// Channels that have something to send now.
    ///
    /// # Errors
    /// What the database says.
    pub fn due_channels(&self, now: i64) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT channel FROM outbox WHERE state = 0 AND due <= ?1 AND lease <= ?1";
        self.all(sql, [now], |row| row.get(0))
    }

    /// What each channel has to send.
    ///
    /// # Errors
    /// What the database says.
    pub fn outbox(&self) -> Result<Vec<OutboxCounts>> {
        let sql = "SELECT channel, sum(state = 0), sum(state = 2), \
                   (SELECT error FROM outbox e WHERE e.channel = o.channel AND error IS NOT NULL ORDER BY n DESC LIMIT 1) \
                   FROM outbox o GROUP BY channel ORDER BY channel";
        self.all(sql, (), |row| {
            Ok(OutboxCounts {
                channel: row.get(0)?,
                waiting: count_at(row, 1)?,
                given_up: count_at(row, 2)?,
                error: row.get(3)?,
            })
        })
    }
}

impl Tx<'_> {
    /// Adds a message. Returns whether it is new.
    ///
    /// # Errors
    /// What the database says.
    pub fn send(&self, new: &NewMessage<'_>) -> Result<bool> {
        let sql = "INSERT OR IGNORE INTO outbox (key, channel, payload, made, due, grp) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let params = params![new.key, new.channel, new.payload, new.at, new.due, new.group];
        self.run(sql, params).map(|count| count > 0)
    }

    /// Claims messages of a channel that are due, in the order in which they were written, until `lease`. Of a group with a
    /// name it is one at most, and none while an earlier one waits.
    ///
    /// # Errors
    /// What the database says.
    pub fn claim(&self, channel: &str, now: i64, lease: i64, count: usize) -> Result<Vec<Message>> {
        let sql = "UPDATE outbox SET attempts = attempts + 1, lease = ?3 WHERE n IN \
                   (SELECT n FROM outbox o WHERE state = 0 AND channel = ?1 AND due <= ?2 AND lease <= ?2 AND (grp = '' OR \
                   NOT EXISTS (SELECT 1 FROM outbox e WHERE e.channel = ?1 AND e.grp = o.grp AND e.n < o.n AND e.state = 0)) \
                   ORDER BY n LIMIT ?4) \
                   RETURNING n, key, channel, payload, made, attempts, lease";
        let mut claimed = self.all(sql, params![channel, now, lease, limit(count)], message)?;
        claimed.sort_by_key(|message| message.number);
        Ok(claimed)
    }

    /// Ends all claims, because those who made them are no more. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn release_claims(&self) -> Result<usize> {
        self.run("UPDATE outbox SET lease = 0 WHERE state = 0 AND lease <> 0", ())
    }

    /// Notes that a message was sent.
    ///
    /// # Errors
    /// [`Error::is_conflict`] if it is somebody else's by now; what the database says.
    pub fn sent(&self, message: &Message, at: i64) -> Result<()> {
        let sql = "UPDATE outbox SET state = ?3, done_at = ?4, error = NULL WHERE n = ?1 AND lease = ?2 AND state = 0";
        self.settle(sql, message, params![message.number, message.lease, SENT, at])
    }

    /// Notes that a message was not sent, and when to try again; never again without a time.
    ///
    /// # Errors
    /// As [`sent`](Self::sent).
    pub fn not_sent(&self, message: &Message, error: &str, again: Option<i64>, at: i64) -> Result<()> {
        let state = if again.is_some() { WAITING } else { GIVEN_UP };
        let sql = "UPDATE outbox SET state = ?3, done_at = iif(?3 = 0, NULL, ?4), due = coalesce(?5, due), lease = 0, \
                   error = ?6 WHERE n = ?1 AND lease = ?2 AND state = 0";
        self.settle(sql, message, params![message.number, message.lease, state, at, again, error])
    }

    fn settle(&self, sql: &str, message: &Message, params: impl rusqlite::Params) -> Result<()> {
        if self.run(sql, params)? == 0 {
            return Err(Error::conflict(format!(
                "message {} belongs to somebody else by now",
                message.number
            )));
        }
        Ok(())
    }

    /// Tries all of a channel again that were given up. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn retry_channel(&self, channel: &str, due: i64) -> Result<usize> {
        let sql = "UPDATE outbox SET state = 0, due = ?2, lease = 0, attempts = 0, done_at = NULL WHERE channel = ?1 AND state = 2";
        self.run(sql, params![channel, due])
    }

    /// Tries a message again that was given up, or waits for its time. Returns whether there is one.
    ///
    /// # Errors
    /// What the database says.
    pub fn retry_message(&self, number: i64, due: i64) -> Result<bool> {
        let sql = "UPDATE outbox SET due = ?2, lease = iif(state = 2, 0, lease), attempts = iif(state = 2, 0, attempts), \
                   done_at = NULL, state = 0 WHERE n = ?1 AND state <> 1";
        self.run(sql, params![number, due]).map(|count| count > 0)
    }

    /// Removes what a channel has not sent, because the channel is removed. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn drop_channel(&self, channel: &str) -> Result<usize> {
        self.run("DELETE FROM outbox WHERE channel = ?1 AND state <> 1", [channel])
    }

    /// Removes what was sent or given up before a time. Returns how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn trim_outbox(&self, before: i64) -> Result<usize> {
        self.run("DELETE FROM outbox WHERE state <> 0 AND done_at < ?1", [before])
    }
}
