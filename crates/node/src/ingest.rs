//! Events in: what senders give becomes records of the event log, and is acknowledged when it is on disk.

use std::sync::Arc;

use sigyn_correlate::Id as Hash;
use sigyn_store::Id;
use sigyn_store::wal::Record;

use crate::{Node, Result, now};

/// An event as a sender gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given<'g> {
    /// Who sends it.
    pub source: &'g str,
    /// What the sender calls it: the same again from the same source is the same event.
    pub id: Option<&'g str>,
    /// What was sent.
    pub bytes: &'g [u8],
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How many are new, and on disk.
    pub stored: usize,
    /// The places in the batch of those that had been there, or stand in it twice.
    pub duplicates: Vec<usize>,
}

impl Node {
    /// Takes events, all or none, whoever sends them. When this returns they are on disk. An event without an id is new
    /// each time.
    ///
    /// # Errors
    /// What the event log says: overload, no space, an event that is too long.
    pub fn take(&self, events: &[Given<'_>]) -> Result<Taken> {
        let ingest = now();
        let (started, batch) = (self.started(), self.next_batch());
        let id = |at: usize, given: &Given<'_>| match given.id {
            Some(id) => Id::named(Hash::of(&[b"named", given.source.as_bytes(), id.as_bytes()]).0),
            None => Id::alone(started, batch, at),
        };
        let records: Vec<Record<'_>> = events
            .iter()
            .enumerate()
            .map(|(at, given)| Record { id: id(at, given), ingest, source: given.source, bytes: given.bytes })
            .collect();
        let appended = self.log().append(&records)?;
        Ok(Taken { stored: appended.stored, duplicates: appended.duplicates })
    }

    /// Keeps what cannot even be stored as an event.
    ///
    /// # Errors
    /// What the catalog says.
    pub fn put_aside(&self, source: &str, reason: &str, payload: &[u8]) -> Result<()> {
        let id = Id(Hash::of(&[b"dead", source.as_bytes(), payload]).0);
        let letter =
            sigyn_store::catalog::NewDeadLetter { id, at: now(), source, reason, detail: "", payload };
        Ok(self.catalog().write(|tx| tx.add_dead_letter(&letter)).map(drop)?)
    }

    /// Takes dead letters again, as events of their source. Returns how many.
    ///
    /// # Errors
    /// What the catalog or the event log says.
    pub fn replay_dead_letters(
        self: &Arc<Self>,
        reason: Option<&str>,
        source: Option<&str>,
        count: usize,
    ) -> Result<usize> {
        let letters = self.catalog().read(|view| view.dead_letters(reason, source, None, count))?;
        let waiting: Vec<_> = letters.into_iter().filter(|letter| letter.replayed_at.is_none()).collect();
        let mut records = crate::decode::Records::new(now());
        let mut taken = 0;
        for letter in waiting {
            // What still cannot be read stays where it is.
            if records.decode(&letter.source, &letter.payload, &mut |_| ()).is_err() {
                continue;
            }
            let name = format!("dead letter {}", letter.id);
            self.take(&[Given { source: &letter.source, id: Some(&name), bytes: &letter.payload }])?;
            self.catalog().write(|tx| tx.replayed_dead_letter(letter.number, now()))?;
            taken += 1;
        }
        Ok(taken)
    }
}
