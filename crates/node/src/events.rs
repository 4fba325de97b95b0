//! Stored events again: those of the lake, and behind them those of the event log that the lake does not have yet.
//!
//! An event stands where it stood when it came ([`Standing`]): the lake has its id and its time, and of the log's they are
//! worked out in the same way.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{At, Id};
use sigyn_event::Event;
use sigyn_runtime::live::{Standing, Stored};
use sigyn_store::catalog::{Split, SplitQuery};
use sigyn_store::lake::{ReadRequest, StoredEvent};
use sigyn_store::wal::{Item, Position};

use crate::decode::Records;
use crate::flush::READER;
use crate::{Node, Result, now};

/// Rows of a file that are put together at a time.
const ROWS: usize = 2_048;

/// What is called with an event; it says whether to go on.
pub(crate) type Visit<'v> = dyn FnMut(&At, Event<'_>) -> bool + 'v;

/// Reads stored events; kept for what it has learned about their shapes.
pub(crate) struct Events {
    records: Records,
    standing: Standing,
    sources: HashMap<String, Arc<str>>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { records: Records::new(now()), standing: Standing::standard(), sources: HashMap::new() }
    }

    /// Calls `visit` with all events of an interval until it says no. Files that are damaged are told and passed over.
    pub(crate) fn visit(&mut self, node: &Node, interval: Range<i64>, visit: &mut Visit<'_>) -> Result<()> {
        let _reading = node.reading().with_others();
        let query =
            SplitQuery { since: Some(interval.start), until: Some(interval.end), classes: Vec::new() };
        let (splits, covered) =
            node.catalog().read(|view| Ok((view.splits(&query)?, view.progress(READER)?)))?;
        for split in &splits {
            match self.of_split(node, split, &interval, visit) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => passed_over(node, split, error)?,
            }
        }
        self.of_log(node, covered, &interval, visit)
    }

    fn of_split(
        &mut self,
        node: &Node,
        split: &Split,
        interval: &Range<i64>,
        visit: &mut Visit<'_>,
    ) -> sigyn_store::Result<bool> {
        let open = node.lake().open_split(split)?;
        for events in open.events_of(interval.start, interval.end, ROWS)? {
            for event in events? {
                if !self.of_stored(&event, visit) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Calls `visit` with an event of the lake; says whether to go on.
    pub(crate) fn of_stored(&mut self, stored: &StoredEvent, visit: &mut Visit<'_>) -> bool {
        let at = At {
            ts: stored.time,
            source: self.source(&stored.source),
            seq: stored.sequence,
            eid: Id(stored.id.0),
        };
        let bytes = stored.raw.as_deref().unwrap_or(&stored.json).as_bytes();
        let mut goes_on = true;
        // It was read once, or it would not be there.
        let _ = self.records.decode(&stored.source, bytes, &mut |event| goes_on = visit(&at, event));
        goes_on
    }

    /// Calls `visit` with the event that some JSON says.
    pub(crate) fn of_json(&mut self, json: &str, visit: &mut dyn FnMut(Event<'_>)) {
        // It is made of what was read once, or it would not be there.
        let _ = self.records.decode("", json.as_bytes(), visit);
    }

    fn of_log(
        &mut self,
        node: &Node,
        covered: u64,
        interval: &Range<i64>,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        let mut reader = node.log().read(Position(covered));
        let mut goes_on = true;
        while let (true, Some(item)) = (goes_on, reader.next()?) {
            let Item::Entry(entry) = item else { continue };
            let source = self.source(entry.record.source);
            let stored = Stored {
                feed: &source,
                offset: entry.position.0,
                id: Some(Id(entry.record.id.0)),
                arrived: Some(entry.record.ingest),
            };
            let standing = &mut self.standing;
            standing.begin();
            // What cannot be read has been put aside when it came.
            let _ = self.records.decode(entry.record.source, entry.record.bytes, &mut |event| {
                if let (Some(at), _) = standing.of(event, stored)
                    && interval.contains(&at.ts)
                {
                    goes_on = visit(&at, event);
                }
            });
        }
        Ok(())
    }

    pub(crate) fn source(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.sources.get(name) {
            return Arc::clone(known);
        }
        let source: Arc<str> = name.into();
        self.sources.insert(name.to_owned(), Arc::clone(&source));
        source
    }
}

/// An event as it stands in store.
pub(crate) struct Found {
    /// As it came, or as JSON of the same meaning.
    pub(crate) bytes: Vec<u8>,
}

/// Finds an event by its place: in the event log if it is still there, else in the lake. None if it is no longer kept.
pub(crate) fn find(node: &Node, source: &str, ts: i64, position: u64) -> Result<Option<Found>> {
    if position >= node.log().first().0 {
        let mut reader = node.log().read(Position(position));
        if let Some(Item::Entry(entry)) = reader.next()?
            && entry.position == Position(position)
        {
            return Ok(Some(Found { bytes: entry.record.bytes.to_vec() }));
        }
    }
    let _reading = node.reading().with_others();
    let until = ts.saturating_add(1);
    let query = SplitQuery { since: Some(ts), until: Some(until), classes: Vec::new() };
    for split in node.catalog().read(|view| view.splits(&query))? {
        match find_in(node, &split, source, ts..until, position) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) => passed_over(node, &split, error)?,
        }
    }
    Ok(None)
}

fn find_in(
    node: &Node,
    split: &Split,
    source: &str,
    interval: Range<i64>,
    position: u64,
) -> sigyn_store::Result<Option<Found>> {
    let open = node.lake().open_split(split)?;
    let request =
        ReadRequest { fields: &[], since: Some(interval.start), until: Some(interval.end), rows_max: ROWS };
    for batch in open.batches(&request) {
        let batch = batch?;
        let is_it =
            |row: &usize| batch.sequences[*row] == position && batch.sources.value(*row) == Some(source);
        if let Some(row) = (0..batch.rows()).find(is_it) {
            let event = open.event(batch.first_row + row as u64)?;
            return Ok(Some(Found { bytes: event.raw.unwrap_or(event.json).into_bytes() }));
        }
    }
    Ok(None)
}

/// A file that is damaged or gone is told and costs its own events only.
pub(crate) fn passed_over(node: &Node, split: &Split, error: sigyn_store::Error) -> Result<()> {
    if !error.is_damaged() && !error.is_missing() {
        return Err(error.into());
    }
    node.health().lake_damaged(format!("{}: {error}", split.path));
    node.notices().tell(&crate::notice::Notice::Storage);
    Ok(())
}
