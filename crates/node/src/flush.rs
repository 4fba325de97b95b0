//! From the event log to the lake: one thread that takes events over, and cuts the log behind what everybody has.
//!
//! A batch of events becomes files, and those part of the lake in the transaction that moves the thread's position on. So a crash at
//! any point gives each event once: what was written and is not known is swept away, and is written again. The position that
//! counts is that in the catalog; a thread that another one overtook is refused.
//!
//! Events stand in the lake under the id and the time that they have live ([`Standing`]), so that a hunt need not work them
//! out again.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use sigyn_correlate::Id as Hash;
use sigyn_engine::{ClassId, Scratch};
use sigyn_event::Event;
use sigyn_runtime::live::{Standing, Stored};
use sigyn_store::Id;
use sigyn_store::lake::NewEvent;
use sigyn_store::wal::{Item, Position, Reader, Record};

use crate::book::Book;
use crate::decode::Records;
use crate::notice::Notice;
use crate::{Node, Result, now};

/// The name under which the catalog has the position up to which the lake covers the event log.
pub const READER: &str = "lake";
/// How long the thread waits for events before it looks at the clock.
const PATIENCE: Duration = Duration::from_millis(200);
/// After a failure it goes on from the catalog's position, after so long.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// The class of events that no log source is known of.
const UNKNOWN: &str = "unknown";
/// Characters of a class's name at most.
const CLASS_MAX: usize = 90;

/// How far events are taken over, for those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Flushing {
    state: Mutex<Wanted>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct Wanted {
    /// Somebody waits until the lake covers this position.
    position: u64,
    covered: u64,
    /// How often taking over has failed.
    failures: u64,
}

impl Flushing {
    /// Asks that all events before a position be in the lake, and waits for it. Returns whether they are: not if it fails, or
    /// there is no time for it.
    pub(crate) fn reach(&self, position: u64, goes_on: &dyn Fn() -> bool) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = state.failures;
        state.position = state.position.max(position);
        while state.covered < position && state.failures == failures && goes_on() {
            let waited = self.told.wait_timeout(state, PATIENCE);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.covered >= position
    }

    fn is_wanted(&self, at: u64) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).position > at
    }

    fn tell(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.told.notify_all();
    }
}

/// Takes events over until it is told to stop. What fails is told and tried again: events stay in the log meanwhile.
pub(crate) fn flush(node: &Arc<Node>, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        let outcome = Flusher::new(node).and_then(|mut flusher| flusher.run(stop));
        let Err(error) = outcome else { return };
        node.health().took_over(Err(error.told()));
        node.flushing().tell(|state| state.failures += 1);
        node.notices().tell(&Notice::Storage);
        crate::run::rest(RETRY_AFTER, stop);
    }
}

struct Flusher<'n> {
    node: &'n Node,
    reader: Reader,
    /// The position in the catalog.
    from: u64,
    batch: Batch,
    records: Records,
    standing: Standing,
    classes: Classes,
    sources: HashMap<Arc<str>, Arc<str>>,
}

impl<'n> Flusher<'n> {
    fn new(node: &'n Node) -> Result<Self> {
        let from = node.catalog().read(|view| view.progress(READER))?;
        let reader = node.log().read(Position(from));
        node.flushing().tell(|state| state.covered = reader.position().0);
        Ok(Self {
            node,
            reader,
            from,
            batch: Batch::default(),
            records: Records::new(now()),
            standing: Standing::standard(),
            classes: Classes::new(node.book()),
            sources: HashMap::new(),
        })
    }

    fn run(&mut self, stop: &AtomicBool) -> Result<()> {
        loop {
            let is_over = stop.load(Ordering::Acquire);
            self.fill()?;
            let (at, now) = (self.reader.position().0, now());
            let pace = self.node.pace;
            let is_due = self.batch.text.len() >= pace.batch_bytes
                || (self.batch.since.is_some_and(|since| now.saturating_sub(since) >= pace.batch_after))
                || self.node.flushing().is_wanted(self.from);
            // What is read and not written when it stops is read again.
            if is_over {
                return Ok(());
            }
            if is_due && at > self.from {
                self.write()?;
            } else {
                self.node.log().wait(Position(at), PATIENCE);
            }
        }
    }

    /// Reads what there is, up to the size of a batch.
    fn fill(&mut self) -> Result<()> {
        self.classes.renew(self.node.book());
        while self.batch.text.len() < self.node.pace.batch_bytes {
            // Damage is counted where signals are made.
            let Some(item) = self.reader.next()? else { break };
            let Item::Entry(entry) = item else { continue };
            let (record, position) = (entry.record, entry.position.0);
            let source = match self.sources.get(record.source) {
                Some(source) => Arc::clone(source),
                None => {
                    let source: Arc<str> = record.source.into();
                    self.sources.insert(Arc::clone(&source), Arc::clone(&source));
                    source
                }
            };
            let (batch, standing, classes) = (&mut self.batch, &mut self.standing, &mut self.classes);
            standing.begin();
            // What cannot be read is put aside where signals are made.
            let _ = self.records.decode(record.source, record.bytes, &mut |event| {
                let stored = Stored {
                    feed: &source,
                    offset: position,
                    id: Some(Hash(record.id.0)),
                    arrived: Some(record.ingest),
                };
                if let (Some(at), _) = standing.of(event, stored) {
                    let class = classes.of(event);
                    let (json, raw) = batch.texts(&record, event);
                    batch.events.push(Pending {
                        id: Id(at.eid.0),
                        class,
                        time: at.ts,
                        ingest: record.ingest,
                        source: Arc::clone(&source),
                        sequence: position,
                        json,
                        raw,
                    });
                }
            });
            self.batch.since.get_or_insert_with(now);
        }
        Ok(())
    }

    /// Makes what was read part of the lake, and cuts the log.
    fn write(&mut self) -> Result<()> {
        let (lake, catalog) = (self.node.lake(), self.node.catalog());
        let (text, classes) = (&self.batch.text, &self.classes);
        let part = |range: &Range<usize>| text.get(range.clone()).unwrap_or("");
        let events: Vec<NewEvent<'_>> = self
            .batch
            .events
            .iter()
            .map(|event| NewEvent {
                id: event.id,
                class: classes.name(event.class),
                time: event.time,
                ingest: event.ingest,
                source: &event.source,
                sequence: event.sequence,
                json: part(&event.json),
                raw: event.raw.as_ref().map(part),
            })
            .collect();
        let splits = lake.write(&events, now())?;
        let to = self.reader.position().0;
        let committed = catalog.write(|tx| {
            tx.change_splits(&splits, &[])?;
            tx.advance(READER, self.from, to)
        });
        if let Err(error) = committed {
            // Or they would pile up for as long as the catalog fails.
            lake.discard(&splits)?;
            return Err(error.into());
        }
        self.from = to;
        self.batch.clear();
        self.node.health().took_over(Ok(now()));
        self.node.flushing().tell(|state| state.covered = to);
        self.cut()
    }

    /// Removes from the log what everybody has, but for its end.
    fn cut(&self) -> Result<()> {
        let Some(least) = self.node.catalog().read(|view| view.least_progress())? else { return Ok(()) };
        let log = self.node.log();
        log.release(Position(least).min(log.tail_of(self.node.pace.log_bytes_min)))?;
        Ok(())
    }
}

/// Events that were read and not written.
#[derive(Default)]
struct Batch {
    text: String,
    events: Vec<Pending>,
    /// When the first of them was read.
    since: Option<i64>,
}

/// An event; its texts are ranges of the batch's.
struct Pending {
    id: Id,
    class: u32,
    time: i64,
    ingest: i64,
    source: Arc<str>,
    sequence: u64,
    json: Range<usize>,
    raw: Option<Range<usize>>,
}

impl Batch {
    fn clear(&mut self) {
        self.text.clear();
        self.events.clear();
        self.since = None;
    }

    /// Takes an event's texts: JSON as it came, or the event as JSON and what came beside it.
    fn texts(&mut self, record: &Record<'_>, event: Event<'_>) -> (Range<usize>, Option<Range<usize>>) {
        let start = self.text.len();
        if let Some(json) = whole_json(record.bytes) {
            self.text.push_str(json);
            return (start..self.text.len(), None);
        }
        event.write_json(&mut self.text);
        let middle = self.text.len();
        self.text.push_str(&String::from_utf8_lossy(record.bytes));
        (start..middle, Some(middle..self.text.len()))
    }
}

/// The text of a record that is a JSON object, as the lake takes it.
fn whole_json(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.trim_ascii();
    let is_json = text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    is_json.then_some(text)
}

/// The classes of the lake: those of the rules' table of log sources, which is the same for all rules.
struct Classes {
    book: Arc<Book>,
    scratch: Scratch,
    known: HashMap<Option<ClassId>, u32>,
    names: Vec<String>,
}

impl Classes {
    fn new(book: Arc<Book>) -> Self {
        Self { scratch: book.program.engine.scratch(), book, known: HashMap::new(), names: Vec::new() }
    }

    /// Takes other rules up.
    fn renew(&mut self, book: Arc<Book>) {
        if !Arc::ptr_eq(&book, &self.book) {
            self.scratch = book.program.engine.scratch();
            self.known.clear();
            self.book = book;
        }
    }

    fn of(&mut self, event: Event<'_>) -> u32 {
        let engine = &self.book.program.engine;
        let class = engine.classify(event, &mut self.scratch);
        let names = &mut self.names;
        *self.known.entry(class).or_insert_with(|| {
            let name = class.map_or_else(|| UNKNOWN.to_owned(), |class| name_of(engine.class_name(class)));
            let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            u32::try_from(at).unwrap_or(u32::MAX)
        })
    }

    fn name(&self, class: u32) -> &str {
        self.names.get(class as usize).map_or(UNKNOWN, String::as_str)
    }
}

/// The name of a class as part of a path.
fn name_of(class: &str) -> String {
    let mut name = String::new();
    for c in class.chars().take(CLASS_MAX) {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c.to_ascii_lowercase()),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { UNKNOWN.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_parts_of_paths() {
        let check = |class: &str, expect: &str| assert_eq!(name_of(class), expect);
        check("Windows Sysmon: process_creation", "windows-sysmon-process_creation");
        check("../etc", "etc");
        check("", UNKNOWN);
        check("åß", UNKNOWN);
        check(&"x".repeat(500), &"x".repeat(CLASS_MAX));
    }
}
