//! A hunt: inputs through readers and the engine on several threads, results in the order of the inputs.
//!
//! One thread reads and cuts, the others decode and match, the caller's thread puts results back in order. What is
//! under way is bounded by tickets, so that memory does not grow with the input. The order of results depends on
//! nothing but the order of the inputs.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sigyn_engine::{ClassId, Engine, SeenFields};
use sigyn_event::Timestamp;
use sigyn_readers::{Batch, Decoder, Facts, Flaw, Member, Outcome, Reader, Step, Tried};

use crate::found::{Found, Hit};

/// Batches under way per thread: one in hand, the others waiting so that no thread ever does.
const TICKETS_PER_THREAD: usize = 3;

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

struct Job {
    number: u64,
    batch: Batch,
}

enum Done {
    Batch { member: Arc<Member>, found: Found, outcome: Outcome, classes: Vec<(Option<ClassId>, u64)> },
    Unknown { path: String, tried: Vec<Tried> },
    Failed { path: String, offset: u64, error: io::Error },
}

/// Hunts. `report` is called on this thread, in order; it ends the hunt by returning false.
pub fn run(
    engine: &Engine,
    inputs: Vec<Input>,
    settings: Settings,
    control: &Control,
    report: &mut dyn FnMut(Report<'_>) -> bool,
) {
    let threads = settings.threads.max(1);
    let tickets = threads * TICKETS_PER_THREAD;
    let (ticket_in, ticket_out) = sync_channel::<()>(tickets);
    let (job_in, job_out) = sync_channel::<Job>(tickets);
    let (done_in, done_out) = channel::<(u64, Done)>();
    let job_out = Mutex::new(job_out);
    thread::scope(|scope| {
        let reader_done = done_in.clone();
        scope.spawn(move || read(inputs, control, &ticket_in, &job_in, &reader_done));
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (jobs, done) = (&job_out, done_in.clone());
                scope.spawn(move || work(engine, settings, control, jobs, &done))
            })
            .collect();
        drop(done_in);
        collect(&done_out, &ticket_out, report);
        // Whatever is still under way ends without anyone to tell.
        control.stop.store(true, Ordering::Relaxed);
        drop(ticket_out);
        let mut seen = SeenFields::default();
        workers.into_iter().filter_map(|worker| worker.join().ok()).for_each(|other| seen.merge(other));
        report(Report::Fields(seen));
    });
}

/// Reads and cuts all inputs.
fn read(
    inputs: Vec<Input>,
    control: &Control,
    tickets: &SyncSender<()>,
    jobs: &SyncSender<Job>,
    done: &Sender<(u64, Done)>,
) {
    let mut number = 0;
    for input in inputs {
        let steps: Box<dyn Iterator<Item = Step>> = match (input.open)() {
            Ok(bytes) => Box::new(Reader::new(input.path, bytes)),
            Err(error) => Box::new(std::iter::once(Step::Failed { path: input.path, offset: 0, error })),
        };
        for step in steps {
            // A ticket is taken for each step and given back when it has been reported.
            if control.stop.load(Ordering::Relaxed) || tickets.send(()).is_err() {
                return;
            }
            let is_sent = match step {
                Step::Batch(batch) => jobs.send(Job { number, batch }).is_ok(),
                Step::Unknown { path, tried } => done.send((number, Done::Unknown { path, tried })).is_ok(),
                Step::Failed { path, offset, error } => {
                    done.send((number, Done::Failed { path, offset, error })).is_ok()
                }
            };
            if !is_sent {
                return;
            }
            number += 1;
        }
        control.bytes.fetch_add(input.bytes, Ordering::Relaxed);
    }
}

/// Decodes and matches batches until there are none; gives the fields that their events had.
fn work(
    engine: &Engine,
    settings: Settings,
    control: &Control,
    jobs: &Mutex<Receiver<Job>>,
    done: &Sender<(u64, Done)>,
) -> SeenFields {
    let mut seen = SeenFields::default();
    let mut decoder = Decoder::new(settings.now);
    let mut scratch = engine.scratch();
    let mut facts = Facts::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { number, batch }) = job else { return seen };
        let mut found = Found::default();
        let mut classes: Vec<(Option<ClassId>, u64)> = Vec::new();
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            decoder.decode(&batch, &mut |record, event| {
                let (class, rules) = engine.run(event, &mut scratch);
                // Neighbours are mostly of few classes: a list beats a map.
                match classes.iter_mut().find(|(other, _)| *other == class) {
                    Some((_, count)) => *count += 1,
                    None => classes.push((class, 1)),
                }
                if !rules.is_empty() {
                    found.add(rules, record, event, &mut facts, settings);
                }
                seen.note(engine, class, event);
                !control.stop.load(Ordering::Relaxed)
            })
        }));
        // A defect of ours must not cost the rest of the hunt.
        let outcome = decoded.unwrap_or_else(|_| {
            (decoder, scratch) = (Decoder::new(settings.now), engine.scratch());
            let flaw =
                Flaw { offset: Some(batch.offset), why: "a defect in Sigyn stopped reading here".to_owned() };
            Outcome { records: 0, damaged: 1, flaws: vec![flaw] }
        });
        let member = Arc::clone(&batch.member);
        if done.send((number, Done::Batch { member, found, outcome, classes })).is_err() {
            return seen;
        }
    }
}

/// Puts results in order and hands them on.
fn collect(done: &Receiver<(u64, Done)>, tickets: &Receiver<()>, report: &mut dyn FnMut(Report<'_>) -> bool) {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    let mut counter = Counter::default();
    while let Ok((number, result)) = done.recv() {
        waiting.insert(number, result);
        while let Some(result) = waiting.remove(&next) {
            next += 1;
            let _ = tickets.try_recv();
            if !hand_out(result, &mut counter, report) {
                return;
            }
        }
    }
    for (_, result) in waiting {
        if !hand_out(result, &mut counter, report) {
            return;
        }
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

fn hand_out(done: Done, counter: &mut Counter, report: &mut dyn FnMut(Report<'_>) -> bool) -> bool {
    match done {
        Done::Unknown { path, tried } => report(Report::Unknown { path, tried }),
        Done::Failed { path, offset, error } => report(Report::Failed { path, offset, error }),
        Done::Batch { member, found, outcome, classes } => {
            let base = counter.base(&member, outcome.records);
            for hit in found.hits(&member, base) {
                if !report(Report::Hit(hit)) {
                    return false;
                }
            }
            report(Report::Read { path: member.path.clone(), shape: member.shape.name, outcome, classes })
        }
    }
}
