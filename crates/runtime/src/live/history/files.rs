//! A history in two plain files, one with what was, one with how signals changed; both only grow.
//!
//! A record is its length, the first four bytes of its hash, and itself. What a crash cut off at the end is left out when it
//! is read. Every look goes through the whole file: it is for small runs and as a measure of what is asked of a store.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sigyn_correlate::{At, Id};
use sigyn_event::Event;

use super::memory::each;
use super::{History, KeptHit, Row};
use crate::live::{Change, Signal};

/// Largest record that is read back; a longer length is damage.
const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A history in files, which the caller opens.
pub struct FileHistory {
    past: File,
    changes: File,
}

impl std::fmt::Debug for FileHistory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileHistory")
    }
}

/// A record of the first file.
#[derive(Serialize, Deserialize)]
enum Past {
    Hit(Row),
    Event { ts: i64, source: Arc<str>, seq: u64, eid: Id, record: Vec<u8> },
}

impl FileHistory {
    /// A history in two files, empty or from an earlier run.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn open(past: File, changes: File) -> io::Result<Self> {
        let mut history = Self { past, changes };
        // What is cut off must not stand between two records.
        for file in [&mut history.past, &mut history.changes] {
            let end = read::<IgnoredRecord>(file, &mut |_| true)?;
            file.set_len(end)?;
        }
        Ok(history)
    }

    /// Stores an event: a record of any log that can be read by itself.
    ///
    /// # Errors
    /// It could not be written.
    pub fn store(&mut self, at: At, record: &[u8]) -> io::Result<()> {
        let At { ts, source, seq, eid } = at;
        append(&mut self.past, &Past::Event { ts, source, seq, eid, record: record.to_vec() })
    }

    /// All signals that stand, by id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn standing(&mut self) -> io::Result<BTreeMap<Id, Signal>> {
        let mut standing = BTreeMap::new();
        read(&mut self.changes, &mut |change| {
            match change {
                Change::Add(signal) | Change::Update(signal) => {
                    standing.insert(signal.id, signal);
                }
                Change::Retract(signal) => {
                    standing.remove(&signal.id);
                }
            }
            true
        })?;
        Ok(standing)
    }
}

impl History for FileHistory {
    fn keep(&mut self, hits: &[KeptHit]) -> io::Result<()> {
        hits.iter().try_for_each(|hit| append(&mut self.past, &Past::Hit(Row::of(hit))))?;
        self.past.flush()
    }

    fn hits(
        &mut self,
        rules: &HashSet<Id>,
        interval: Range<i64>,
        visit: &mut dyn FnMut(KeptHit) -> bool,
    ) -> io::Result<()> {
        read(&mut self.past, &mut |past| match past {
            Past::Hit(row) if rules.contains(&row.rule) && interval.contains(&row.ts) => visit(row.hit()),
            _ => true,
        })?;
        Ok(())
    }

    fn events(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
    ) -> io::Result<()> {
        let mut goes_on = true;
        read(&mut self.past, &mut |past| {
            if let Past::Event { ts, source, seq, eid, record } = past
                && interval.contains(&ts)
            {
                let at = At { ts, source, seq, eid };
                each(&at.source, &record, &mut |event| goes_on = goes_on && visit(&at, event));
            }
            goes_on
        })?;
        Ok(())
    }

    fn tell(&mut self, changes: &[Change]) -> io::Result<()> {
        changes.iter().try_for_each(|change| append(&mut self.changes, change))?;
        self.changes.flush()
    }

    fn signals(&mut self, rule: &str, interval: Range<i64>, visit: &mut dyn FnMut(Signal)) -> io::Result<()> {
        let standing = self.standing()?;
        let is_it = |signal: &Signal| &*signal.rule == rule && interval.contains(&signal.ts);
        standing.into_values().filter(is_it).for_each(visit);
        Ok(())
    }
}

/// A record of which nothing is wanted.
struct IgnoredRecord;

impl<'de> Deserialize<'de> for IgnoredRecord {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

fn append(file: &mut File, record: &impl Serialize) -> io::Result<()> {
    let body = postcard::to_stdvec(record).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(body.len() + 8);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&checksum(&body));
    bytes.extend_from_slice(&body);
    file.seek(SeekFrom::End(0))?;
    file.write_all(&bytes)
}

fn checksum(body: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = Id::of(&[body]).0;
    [a, b, c, d]
}

/// Calls `visit` with each whole record until it says no; gives the place behind the last one read.
fn read<T: DeserializeOwned>(file: &mut File, visit: &mut dyn FnMut(T) -> bool) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = io::BufReader::with_capacity(256 * 1024, file);
    let (mut end, mut body) = (0, Vec::new());
    loop {
        let mut head = [0; 8];
        if !fill(&mut bytes, &mut head)? {
            return Ok(end);
        }
        let [a, b, c, d, sum @ ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > RECORD_BYTES_MAX {
            return Ok(end);
        }
        body.resize(length, 0);
        if !fill(&mut bytes, &mut body)? || checksum(&body) != sum {
            return Ok(end);
        }
        end += 8 + length as u64;
        let record = postcard::from_bytes(&body).map_err(io::Error::other)?;
        if !visit(record) {
            return Ok(end);
        }
    }
}

/// Reads as much as is asked for; false if there is less.
fn fill(bytes: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match bytes.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
