//! From the event log to signals: one thread reads, decodes, matches, correlates and writes.
//!
//! It takes the log in chunks. What a chunk brings is in the catalog before the next is taken, so nothing waits in a
//! queue: if the catalog is slow, the log grows, and if that is full, senders are told. Every few seconds the state of the
//! correlator is written with the position that it stands for; after a crash the log is read again from there. Signals have
//! deterministic ids, so what comes twice is the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sigyn_correlate::Id as Hash;
use sigyn_runtime::live::{Gathered, Intake, Live, Settings};
use sigyn_store::Id;
use sigyn_store::catalog::{Checkpoint, NewDeadLetter, Source};
use sigyn_store::wal::{Item, Position, Reader};

use crate::book::Book;
use crate::decode::Records;
use crate::error::told;
use crate::notice::Notice;
use crate::past::Past;
use crate::weigh::{Cost, Weigher};
use crate::{Error, Node, Result, RuleState, now};

/// Events of a chunk at most, matches, and bytes.
const CHUNK_EVENTS: usize = 8_192;
const CHUNK_MATCHES: usize = 8_192;
const CHUNK_BYTES: usize = 16 << 20;
/// How long the thread waits for events before it looks at the clock.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often the state is written, in nanoseconds, and how much of the time that may take: one part of so many. Nothing is
/// taken in meanwhile, and after a crash the log since then is read again, which takes about as long as writing less often.
const CHECKPOINT_EVERY: i64 = 5_000_000_000;
const CHECKPOINT_SHARE: i64 = 100;
/// How often sources and rules are told anew, in nanoseconds.
const TELL_EVERY: i64 = 1_000_000_000;
/// Bytes of an event that are kept with its signal.
const COPY_BYTES_MAX: usize = 64 * 1_024;
/// The one shard that there is.
const SHARD: u32 = 0;

/// The work of the thread.
pub(crate) struct Pipeline {
    node: Arc<Node>,
    live: Live,
    past: Past,
    intake: Intake,
    records: Records,
    weigher: Weigher,
    reader: Reader,
    generation: u64,
    /// Up to where each feed has been handed to the driver.
    ends: HashMap<Arc<str>, u64>,
    /// What came of each source and is not in the catalog yet.
    heard: HashMap<Arc<str>, Source>,
    is_changed: bool,
    checkpointed: i64,
    /// How long writing the state took last, in nanoseconds.
    checkpointing: i64,
    told: i64,
}

/// Something that could not be read.
struct Dead {
    id: Id,
    at: i64,
    source: Arc<str>,
    why: String,
    payload: Vec<u8>,
}

impl Pipeline {
    /// Takes up where the last run wrote its state.
    pub(crate) fn new(node: Arc<Node>) -> Result<Self> {
        let book = node.book();
        let (generation, kept) = node.catalog().write(|tx| {
            let generation = tx.take_shard(SHARD, now())?;
            Ok((generation, tx.checkpoint(SHARD)?))
        })?;
        let is_first = kept.is_none();
        let mut past = Past::new(Arc::clone(&node), Arc::clone(&book), node.log().end() == Position::FIRST);
        let live = match &kept {
            Some(kept) if !kept.state.is_empty() => restore(&node, &book, &kept.state, &mut past)?,
            _ => None,
        };
        // Without its state the log is read from the front: what is found a second time is the same signal.
        let position = kept.filter(|_| live.is_some()).map_or(0, |kept| kept.position);
        let live = live.unwrap_or_else(|| Live::new(Arc::clone(&book.program), settings(&node)));
        let ends = live.feeds().map(|feed| (feed.name, feed.position)).collect();
        let mut pipeline = Self {
            intake: Intake::new(Arc::clone(live.view())),
            records: Records::new(now()),
            weigher: Weigher::new(book),
            reader: node.log().read(Position(position)),
            heard: HashMap::new(),
            is_changed: false,
            checkpointed: now(),
            checkpointing: 0,
            told: 0,
            node,
            live,
            past,
            generation,
            ends,
        };
        if is_first {
            // Before the first event: what a crash leaves told but unsettled is found by going on from a state.
            pipeline.is_changed = true;
            pipeline.checkpoint()?;
        }
        Ok(pipeline)
    }

    /// Works until it is told to stop; then writes its state.
    pub(crate) fn run(&mut self, stop: &AtomicBool) -> Result<()> {
        while !stop.load(Ordering::Acquire) {
            self.reload()?;
            let is_idle = self.chunk()? == 0;
            self.account(false)?;
            let wait = CHECKPOINT_EVERY.max(self.checkpointing.saturating_mul(CHECKPOINT_SHARE));
            if now().saturating_sub(self.checkpointed) >= wait {
                self.checkpoint()?;
            }
            if is_idle {
                self.node.log().wait(self.reader.position(), PATIENCE);
            }
        }
        self.account(true)?;
        self.checkpoint()
    }

    /// Takes other rules up if there are any.
    fn reload(&mut self) -> Result<()> {
        let book: Arc<Book> = self.node.book();
        if Arc::ptr_eq(&book, self.past.book()) {
            return Ok(());
        }
        let failed = |error| Error::invalid(format!("the rules cannot be put in force: {error}"));
        self.past.renew(Arc::clone(&book));
        self.weigher = Weigher::new(Arc::clone(&book));
        self.live.replace(Arc::clone(&book.program), None, &mut self.past).map_err(failed)?;
        self.intake = Intake::new(Arc::clone(self.live.view()));
        Ok(())
    }

    /// Takes the next events of the log. Returns how many.
    fn chunk(&mut self) -> Result<usize> {
        let mut batches: HashMap<Arc<str>, Gathered> = HashMap::new();
        let (mut dead, mut bytes, mut count, mut matches) = (Vec::new(), 0, 0, 0);
        self.past.telling.copied.clear();
        if !Arc::ptr_eq(self.intake.view(), self.live.view()) {
            self.intake = Intake::new(Arc::clone(self.live.view()));
        }
        let start = self.reader.position().0;
        while count < CHUNK_EVENTS && matches < CHUNK_MATCHES && bytes < CHUNK_BYTES {
            let Some(item) = self.reader.next()? else { break };
            let entry = match item {
                Item::Entry(entry) => entry,
                Item::Damage(damage) => {
                    self.node.health().log_damaged(&damage);
                    self.node.notices().tell(&Notice::Storage);
                    continue;
                }
            };
            let (record, position) = (entry.record, entry.position.0);
            let feed = match self.ends.get_key_value(record.source) {
                Some((feed, _)) => Arc::clone(feed),
                None => {
                    let feed: Arc<str> = record.source.into();
                    self.live
                        .open_feed(&feed, start, now())
                        .map_err(|error| Error::invalid(error.to_string()))?;
                    self.ends.insert(Arc::clone(&feed), start);
                    feed
                }
            };
            let (intake, past, weigher) = (&mut self.intake, &mut self.past, &mut self.weigher);
            let end = self.ends.get(&feed).copied().unwrap_or(start);
            let batch = batches.entry(Arc::clone(&feed)).or_insert_with(|| intake.begin(&feed, end));
            let mut ts = None;
            let decoded = self.records.decode(record.source, record.bytes, &mut |event| {
                let seen =
                    intake.stored(batch, position, Some(Hash(record.id.0)), event, Some(record.ingest));
                ts = seen.at.as_ref().map(|at| at.ts);
                matches += seen.rules.len();
                let is_copied = !seen.rules.is_empty() && record.bytes.len() <= COPY_BYTES_MAX;
                weigher.event(event);
                if is_copied {
                    past.telling.copied.insert(position, (Arc::clone(&feed), record.bytes.to_vec()));
                }
            });
            if let Err(why) = decoded {
                let (at, source, payload) = (record.ingest, Arc::clone(&feed), record.bytes.to_vec());
                dead.push(Dead { id: record.id, at, source, why, payload });
            }
            hear(&mut self.heard, &feed, record.bytes.len(), record.ingest, ts);
            bytes += record.bytes.len();
            count += 1;
        }
        self.finish(batches, &dead)?;
        Ok(count)
    }

    /// Hands a chunk to the driver, which writes what it finds.
    fn finish(&mut self, batches: HashMap<Arc<str>, Gathered>, dead: &[Dead]) -> Result<()> {
        let end = self.reader.position().0;
        if !dead.is_empty() {
            self.node.catalog().write(|tx| {
                for one in dead {
                    tx.add_dead_letter(&NewDeadLetter {
                        id: one.id,
                        at: one.at,
                        source: &one.source,
                        reason: &one.why,
                        detail: "",
                        payload: &one.payload,
                    })?;
                }
                Ok(())
            })?;
        }
        self.is_changed |= !batches.is_empty();
        let batches: Vec<Gathered> = batches
            .into_values()
            .map(|mut batch| {
                self.intake.end(&mut batch, end);
                self.ends.insert(Arc::clone(batch.feed()), end);
                batch
            })
            .collect();
        let taken = self.live.take(batches, now(), &mut self.past);
        taken.map_err(|error| Error::invalid(told(&error)))?;
        self.node.set_detected(Position(end));
        Ok(())
    }

    /// Tells the catalog what came, and everybody what rules have done.
    fn account(&mut self, is_last: bool) -> Result<()> {
        let now = now();
        if !is_last && now.saturating_sub(self.told) < TELL_EVERY {
            return Ok(());
        }
        self.told = now;
        // While rules wait for their instant, those that are weighed are not those that are told of.
        let is_weighed = self.live.view().is_of(&self.weigher.book().program);
        let states = self.live.rules().iter().enumerate().map(|(at, health)| {
            let cost = if is_weighed { self.weigher.cost(at) } else { Cost::default() };
            let (matches, last, error) = (health.matches, health.last, health.error.clone());
            (health.rule.to_string(), RuleState { matches, last, error, cost })
        });
        self.node.set_rule_states(states.collect());
        if self.heard.is_empty() {
            return Ok(());
        }
        let heard = std::mem::take(&mut self.heard);
        self.node.catalog().write(|tx| heard.values().try_for_each(|source| tx.hear_source(source)))?;
        for source in heard.values() {
            self.node.sources().came(&source.name, source.events, now);
        }
        self.node.notices().tell(&Notice::Sources);
        Ok(())
    }

    /// Writes the state and the position that it stands for.
    fn checkpoint(&mut self) -> Result<()> {
        self.checkpointed = now();
        if !self.is_changed {
            return Ok(());
        }
        let failed = |error| Error::invalid(format!("the state cannot be written: {error}"));
        // None while rules wait for their instant: the last one serves until then.
        let Some(state) = self.live.snapshot().map_err(failed)? else { return Ok(()) };
        let position = self.reader.position().0;
        let checkpoint = Checkpoint { generation: self.generation, position, at: now(), state };
        self.node.catalog().write(|tx| tx.put_checkpoint(SHARD, &checkpoint))?;
        self.checkpointing = now().saturating_sub(self.checkpointed);
        self.is_changed = false;
        Ok(())
    }
}

/// How the driver works here.
fn settings(node: &Node) -> Settings {
    Settings { lateness: node.settings().lateness.clone(), ..Settings::standard() }
}

/// Takes the state of the last run up; none if it cannot be read. That is told and written down, and the bytes are kept.
fn restore(node: &Node, book: &Book, state: &[u8], past: &mut Past) -> Result<Option<Live>> {
    let error = match Live::restore(Arc::clone(&book.program), settings(node), state, past) {
        Ok(live) => return Ok(Some(live)),
        Err(error) => error,
    };
    let is_unreadable = error.is_unreadable();
    let why = told(&error);
    if !is_unreadable {
        return Err(Error::invalid(format!("the state of the last run cannot be taken up: {why}")));
    }
    let name = format!("unreadable-state-{}.bin", Hash::of(&[state]));
    let kept = match std::fs::write(node.data().join(&name), state) {
        Ok(()) => format!("it is kept as {name}"),
        Err(error) => format!("it could not be kept as {name}: {error}"),
    };
    node.rebuild_state(format!(
        "the state of the last run cannot be read ({why}); it is made anew from all events of the event log, and {kept}"
    ))?;
    Ok(None)
}

fn hear(heard: &mut HashMap<Arc<str>, Source>, feed: &Arc<str>, bytes: usize, at: i64, ts: Option<i64>) {
    let source = heard.entry(Arc::clone(feed)).or_insert_with(|| Source {
        name: feed.to_string(),
        kind: feed.split(':').next().unwrap_or_default().to_owned(),
        position: None,
        events: 0,
        bytes: 0,
        dropped: 0,
        first_heard: at,
        last_heard: at,
        last_event: None,
        error: None,
    });
    source.events += 1;
    source.bytes += bytes as u64;
    source.first_heard = source.first_heard.min(at);
    source.last_heard = source.last_heard.max(at);
    source.last_event = source.last_event.max(ts);
}
