//! A hunt: inputs through readers and the engine on several threads, results in the order of the inputs.
//!
//! Each thread reads and cuts a batch while no other does, then decodes and matches it while it is warm. The caller's
//! thread is one of them, and between two batches puts results back in order. A thread of its own for reading was measured
//! and costs more: batches grow cold on the way, and when the system is busy all others wait for the one. So does one of
//! its own for results: it is woken for every batch and takes a core from a thread that works. What is under way is
//! bounded by tickets, so that memory does not grow with the input. The order of results depends on nothing but the order
//! of the inputs.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;

use sigyn_engine::{ClassId, Engine, Scratch, SeenFields};
use sigyn_event::Timestamp;
use sigyn_readers::{Batch, Decoder, Facts, Flaw, Member, Outcome, Reader, Step, Tried};

use crate::found::{Found, Hit};
use crate::tap::{NoTap, Tap, Tapped};

/// Steps under way per thread: one in hand, the others waiting for those in front of them to be reported. Only
/// their results are held, so that a thread that falls behind keeps no other from working.
const TICKETS_PER_THREAD: usize = 16;

/// How often a thread looks for the lock of the inputs before it sleeps: about 50 us.
const SPINS_MAX: usize = 1000;

/// How an input is opened when its turn comes.
pub type Open = Box<dyn FnOnce() -> io::Result<Box<dyn BufRead + Send>> + Send>;

/// A log to hunt in.
pub struct Input {
    /// What results call it.
    pub path: String,
    /// Its bytes; for progress.
    pub bytes: u64,
    /// Opens it.
    pub open: Open,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("path", &self.path).finish_non_exhaustive()
    }
}

/// How a hunt is run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Threads that decode and match.
    pub threads: usize,
    /// Whether results carry their events.
    pub events: Events,
    /// Only events at or after this time.
    pub from: Option<Timestamp>,
    /// Only events before this time.
    pub to: Option<Timestamp>,
    /// The present, for logs that leave out the year.
    pub now: Option<Timestamp>,
}

/// Whether results carry their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// As JSON.
    Included,
    /// Only what identifies them.
    LeftOut,
}

/// What others may see and do while a hunt runs.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to end the hunt early: what was found by then is handed out.
    pub stop: AtomicBool,
    /// Bytes of inputs that are done.
    pub bytes: AtomicU64,
}

/// What a hunt reports, in the order of the inputs.
#[derive(Debug)]
pub enum Report<'h> {
    /// A match.
    Hit(Hit<'h>),
    /// A part of an input was decoded: its damage.
    Read {
        /// The log.
        path: String,
        /// Its shape.
        shape: &'static str,
        /// Records and damage.
        outcome: Outcome,
        /// How many records are of which class of the engine; of none if no log source is known for them.
        classes: Vec<(Option<ClassId>, u64)>,
    },
    /// A log whose shape is not known.
    Unknown {
        /// The log.
        path: String,
        /// What was tried.
        tried: Vec<Tried>,
    },
    /// A log that could not be opened or read on.
    Failed {
        /// The log.
        path: String,
        /// How far it was read.
        offset: u64,
        /// Why.
        error: io::Error,
    },
    /// At the end: which fields events had.
    Fields(SeenFields),
}

enum Done<B> {
    Batch {
        member: Arc<Member>,
        found: Found,
        outcome: Outcome,
        classes: Vec<(Option<ClassId>, u64)>,
        tapped: B,
    },
    Unknown {
        path: String,
        tried: Vec<Tried>,
    },
    Failed {
        path: String,
        offset: u64,
        error: io::Error,
    },
}

/// Hunts. `report` is called on this thread, in order; it ends the hunt by returning false.
pub fn run(
    engine: &Engine,
    inputs: Vec<Input>,
    settings: Settings,
    control: &Control,
    report: &mut dyn FnMut(Report<'_>) -> bool,
) {
    run_tapped(engine, inputs, settings, control, &NoTap, report, &mut |_, _, ()| {});
}

/// Where what a tap took goes: the log, the number of records of it before the batch, and what was taken.
pub type Sink<'s, B> = dyn FnMut(&Arc<Member>, u64, B) + 's;

/// Hunts, and takes more from events than matches say. `sink` is called on this thread, in order, with what the tap
/// took from a batch.
pub fn run_tapped<T: Tap>(
    engine: &Engine,
    inputs: Vec<Input>,
    settings: Settings,
    control: &Control,
    tap: &T,
    report: &mut dyn FnMut(Report<'_>) -> bool,
    sink: &mut Sink<'_, T::Batch>,
) {
    let threads = settings.threads.max(1);
    let (ticket_in, ticket_out) = sync_channel::<()>(threads * TICKETS_PER_THREAD);
    let (done_in, done_out) = channel::<(u64, Done<T::Batch>)>();
    let source = Mutex::new(Source { inputs: inputs.into_iter(), open: None, number: 0 });
    let hunt = Hunt { engine, settings, control, tap, source: &source };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| {
                let (tickets, done) = (ticket_in.clone(), done_in.clone());
                scope.spawn(move || work(hunt, &tickets, &done))
            })
            .collect();
        drop(done_in);
        let results =
            Results { tickets: ticket_out, waiting: BTreeMap::new(), next: 0, counter: Counter::default() };
        let mut seen = lead(hunt, ticket_in, &done_out, results, report, sink);
        // Whatever is still under way ends without anyone to tell.
        control.stop.store(true, Ordering::Relaxed);
        others.into_iter().filter_map(|other| other.join().ok()).for_each(|other| seen.merge(other));
        report(Report::Fields(seen));
    });
}

/// What all threads of a hunt share.
struct Hunt<'h, T> {
    engine: &'h Engine,
    settings: Settings,
    control: &'h Control,
    tap: &'h T,
    source: &'h Mutex<Source>,
}

impl<T> Clone for Hunt<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Hunt<'_, T> {}

/// All inputs, cut into steps with numbers.
struct Source {
    inputs: std::vec::IntoIter<Input>,
    open: Option<(Steps, u64)>,
    number: u64,
}

/// What an input yields, or why it could not be opened.
enum Steps {
    Read(Reader),
    Failed(Option<Step>),
}

impl Source {
    /// The next step with its number. `spare` is memory that a batch may use.
    fn next(&mut self, spare: Vec<u8>, control: &Control) -> Option<(u64, Step)> {
        if control.stop.load(Ordering::Relaxed) {
            return None;
        }
        let mut spare = Some(spare);
        loop {
            let Some((steps, bytes)) = &mut self.open else {
                let input = self.inputs.next()?;
                let steps = match (input.open)() {
                    Ok(bytes) => Steps::Read(Reader::new(input.path, bytes)),
                    Err(error) => Steps::Failed(Some(Step::Failed { path: input.path, offset: 0, error })),
                };
                self.open = Some((steps, input.bytes));
                continue;
            };
            let step = match steps {
                Steps::Read(reader) => {
                    spare.take().into_iter().for_each(|bytes| reader.give_back(bytes));
                    reader.next()
                }
                Steps::Failed(step) => step.take(),
            };
            if let Some(step) = step {
                self.number += 1;
                return Some((self.number - 1, step));
            }
            control.bytes.fetch_add(*bytes, Ordering::Relaxed);
            self.open = None;
        }
    }
}

/// What a thread keeps from batch to batch.
struct Worker<'h, T: Tap> {
    hunt: Hunt<'h, T>,
    decoder: Decoder,
    scratch: Scratch,
    facts: Facts,
    seen: SeenFields,
    memory: T::Memory,
    /// A batch's memory, to be used again.
    spare: Vec<u8>,
}

impl<'h, T: Tap> Worker<'h, T> {
    fn new(hunt: Hunt<'h, T>) -> Self {
        Self {
            hunt,
            decoder: Decoder::new(hunt.settings.now),
            scratch: hunt.engine.scratch(),
            facts: Facts::new(),
            seen: SeenFields::default(),
            memory: hunt.tap.memory(),
            spare: Vec::new(),
        }
    }

    /// Reads, decodes and matches the next batch, if there is one.
    fn step(&mut self) -> Option<(u64, Done<T::Batch>)> {
        let spare = std::mem::take(&mut self.spare);
        let step = locked(self.hunt.source).next(spare, self.hunt.control);
        let (number, step) = step?;
        let done = match step {
            Step::Batch(batch) => {
                // A defect of ours must not cost the rest of the hunt.
                let (found, outcome, classes, tapped) = self.matched(&batch).unwrap_or_else(|| {
                    (self.decoder, self.scratch) =
                        (Decoder::new(self.hunt.settings.now), self.hunt.engine.scratch());
                    let why = "a defect in Sigyn stopped reading here".to_owned();
                    let flaws = vec![Flaw { offset: Some(batch.offset), why }];
                    let outcome = Outcome { records: 0, damaged: 1, flaws };
                    (Found::default(), outcome, Vec::new(), T::Batch::default())
                });
                self.spare = batch.bytes;
                Done::Batch { member: batch.member, found, outcome, classes, tapped }
            }
            Step::Unknown { path, tried } => Done::Unknown { path, tried },
            Step::Failed { path, offset, error } => Done::Failed { path, offset, error },
        };
        Some((number, done))
    }
}

/// The lock of the inputs. It is held for the time that copying a batch takes, much less than a thread needs to fall asleep
/// and wake up, so that waiting awake is cheaper for a while.
fn locked(source: &Mutex<Source>) -> MutexGuard<'_, Source> {
    for _ in 0..SPINS_MAX {
        match source.try_lock() {
            Ok(source) => return source,
            Err(TryLockError::Poisoned(source)) => return source.into_inner(),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
    source.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work of a thread that is not the caller's: batches until there are none; gives the fields that their events had.
fn work<T: Tap>(
    hunt: Hunt<'_, T>,
    tickets: &SyncSender<()>,
    done: &Sender<(u64, Done<T::Batch>)>,
) -> SeenFields {
    let mut worker = Worker::new(hunt);
    while tickets.send(()).is_ok() {
        let Some(step) = worker.step() else { break };
        if done.send(step).is_err() {
            break;
        }
    }
    worker.seen
}

/// Work of the caller's thread: batches like all others, and results in order.
fn lead<T: Tap>(
    hunt: Hunt<'_, T>,
    tickets: SyncSender<()>,
    done: &Receiver<(u64, Done<T::Batch>)>,
    mut results: Results<T::Batch>,
    report: &mut dyn FnMut(Report<'_>) -> bool,
    sink: &mut Sink<'_, T::Batch>,
) -> SeenFields {
    let mut worker = Worker::new(hunt);
    loop {
        while let Ok(step) = done.try_recv() {
            if !results.add(step, report, sink) {
                return worker.seen;
            }
        }
        // Without a ticket, others are behind: their results are what there is to wait for.
        let step = match tickets.try_send(()) {
            Ok(()) => worker.step(),
            Err(_) => done.recv().ok(),
        };
        let Some(step) = step else { break };
        if !results.add(step, report, sink) {
            return worker.seen;
        }
    }
    drop(tickets);
    while let Ok(step) = done.recv() {
        if !results.add(step, report, sink) {
            break;
        }
    }
    worker.seen
}

type Matched<B> = (Found, Outcome, Vec<(Option<ClassId>, u64)>, B);

impl<T: Tap> Worker<'_, T> {
    /// What a batch holds; none if reading it panicked.
    fn matched(&mut self, batch: &Batch) -> Option<Matched<T::Batch>> {
        let Self { hunt, decoder, scratch, facts, seen, memory, .. } = self;
        let Hunt { engine, settings, control, tap, .. } = *hunt;
        let mut found = Found::default();
        let mut tapped = T::Batch::default();
        let mut classes: Vec<(Option<ClassId>, u64)> = Vec::new();
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            decoder.decode(batch, &mut |record, event| {
                let (class, rules) = engine.run(event, scratch);
                // Neighbours are mostly of few classes: a list beats a map.
                match classes.iter_mut().find(|(other, _)| *other == class) {
                    Some((_, count)) => *count += 1,
                    None => classes.push((class, 1)),
                }
                tap.event(Tapped { engine, class, rules, record, event, facts }, memory, &mut tapped);
                if !rules.is_empty() {
                    found.add(rules, record, event, facts, settings, tap);
                }
                seen.note(engine, class, event);
                !control.stop.load(Ordering::Relaxed)
            })
        }));
        decoded.ok().map(|outcome| (found, outcome, classes, tapped))
    }
}

/// Puts results in order and hands them on.
struct Results<B> {
    /// Gives back the ticket of a step that has been reported.
    tickets: Receiver<()>,
    waiting: BTreeMap<u64, Done<B>>,
    next: u64,
    counter: Counter,
}

impl<B> Results<B> {
    /// Takes a step's result; false if the hunt is to end.
    fn add(
        &mut self,
        (number, result): (u64, Done<B>),
        report: &mut dyn FnMut(Report<'_>) -> bool,
        sink: &mut Sink<'_, B>,
    ) -> bool {
        self.waiting.insert(number, result);
        while let Some(result) = self.waiting.remove(&self.next) {
            self.next += 1;
            let _ = self.tickets.try_recv();
            if !hand_out(result, &mut self.counter, report, sink) {
                return false;
            }
        }
        true
    }
}

/// Records of the current log so far: batches come in order, so that one count is enough.
#[derive(Default)]
struct Counter {
    path: Option<Arc<Member>>,
    records: u64,
}

impl Counter {
    /// The number of the first record of a batch.
    fn base(&mut self, member: &Arc<Member>, records: u64) -> u64 {
        if !self.path.as_ref().is_some_and(|path| Arc::ptr_eq(path, member)) {
            self.path = Some(Arc::clone(member));
            self.records = 0;
        }
        let base = self.records;
        self.records += records;
        base
    }
}

fn hand_out<B>(
    done: Done<B>,
    counter: &mut Counter,
    report: &mut dyn FnMut(Report<'_>) -> bool,
    sink: &mut Sink<'_, B>,
) -> bool {
    match done {
        Done::Unknown { path, tried } => report(Report::Unknown { path, tried }),
        Done::Failed { path, offset, error } => report(Report::Failed { path, offset, error }),
        Done::Batch { member, found, outcome, classes, tapped } => {
            let base = counter.base(&member, outcome.records);
            sink(&member, base, tapped);
            for hit in found.hits(&member, base) {
                if !report(Report::Hit(hit)) {
                    return false;
                }
            }
            report(Report::Read { path: member.path.clone(), shape: member.shape.name, outcome, classes })
        }
    }
}
