//! A hunt: inputs through readers and the engine on several threads, results in the order of the inputs.
//!
//! Each thread reads and cuts a batch while no other does, then decodes and matches it while it is warm; inputs no larger
//! than a batch it opens and reads alone, because opening them costs more than reading. The caller's
//! thread is one of them, and between two batches puts results back in order. A thread of its own for reading was measured
//! and costs more: batches grow cold on the way, and when the system is busy all others wait for the one. So does one of
//! its own for results: it is woken for every batch and takes a core from a thread that works. What is under way is
//! bounded by tickets, so that memory does not grow with the input. The order of results depends on nothing but the order
//! of the inputs.

mod results;
mod source;

use std::io::{self, BufRead};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sigyn_engine::{ClassId, Engine, Scratch, SeenFields};
use sigyn_event::Timestamp;
use sigyn_readers::{Batch, Decoder, Facts, Filled, Flaw, Member, Outcome, Step, Unread};

use self::results::{Done, Results, Told};
use self::source::{Opened, Source, Turn, locked};
use crate::found::{Found, Hit};
use crate::tap::{NoTap, Tap, Tapped};

/// Turns under way per thread: one in hand, the others waiting for those in front of them to be reported. Only
/// their results are held, so that a thread that falls behind keeps no other from working.
const TICKETS_PER_THREAD: usize = 64;

/// Steps that a thread reports at once from an input that it reads alone. Only packed ones have more.
const STEPS_AT_ONCE: usize = 16;

/// How long a thread sleeps whose packed input yields more while those in front are not done.
const PATIENCE: Duration = Duration::from_millis(1);

/// How an input is opened when its turn comes.
pub type Open = Box<dyn FnOnce() -> io::Result<Box<dyn BufRead + Send>> + Send>;

/// A log to hunt in.
pub struct Input {
    /// What results call it.
    pub path: String,
    /// Its bytes, 0 if that is not known; for progress, and for who reads it.
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
    /// A log whose shape is not known, or that could not be opened or read on.
    Unread(Unread),
    /// At the end: which fields events had.
    Fields(SeenFields),
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
    let (done_in, done_out) = channel::<Told<T::Batch>>();
    let source = Mutex::new(Source::new(inputs));
    let front = AtomicU64::new(0);
    let hunt = Hunt { engine, settings, control, tap, source: &source, front: &front };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| {
                let (tickets, done) = (ticket_in.clone(), done_in.clone());
                scope.spawn(move || work(hunt, &tickets, &done))
            })
            .collect();
        drop(done_in);
        let results = Results::new(ticket_out, &front);
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
    /// The turn whose results come next.
    front: &'h AtomicU64,
}

impl<T> Clone for Hunt<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Hunt<'_, T> {}

/// What a thread keeps from batch to batch.
struct Worker<'h, T: Tap> {
    hunt: Hunt<'h, T>,
    decoder: Decoder,
    scratch: Scratch,
    facts: Facts,
    seen: SeenFields,
    memory: T::Memory,
    /// A batch's memory, to be used again.
    spare: Filled,
    /// The input that this thread is about to read on alone, with its turn.
    alone: Option<(u64, Opened)>,
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
            spare: Filled::default(),
            alone: None,
        }
    }

    /// Does the next turn, if there is one, or goes on with the one at hand.
    fn turn(&mut self) -> Option<Told<T::Batch>> {
        if let Some((number, opened)) = self.alone.take() {
            return Some(self.read(number, opened));
        }
        // The lock is not held beyond this line.
        let (number, turn) = locked(self.hunt.source).next(&mut self.spare, self.hunt.control)?;
        Some(match turn {
            Turn::Step(step) => Told { number, done: vec![self.done(step)], is_last: true },
            Turn::Alone(input) => self.read(number, Opened::new(input)),
        })
    }

    /// Reads an input alone, to its end or as far as is told at once.
    fn read(&mut self, number: u64, mut opened: Opened) -> Told<T::Batch> {
        let control = self.hunt.control;
        let mut done = Vec::new();
        while !control.stop.load(Ordering::Relaxed) {
            let Some(step) = opened.next(&mut self.spare) else {
                control.bytes.fetch_add(opened.size, Ordering::Relaxed);
                break;
            };
            done.push(self.done(step));
            if done.len() == STEPS_AT_ONCE {
                self.alone = Some((number, opened));
                return Told { number, done, is_last: false };
            }
        }
        Told { number, done, is_last: true }
    }

    /// What a step comes to: a batch is decoded and matched.
    fn done(&mut self, step: Step) -> Done<T::Batch> {
        match step {
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
            Step::Unread(unread) => Done::Unread(unread),
        }
    }

    /// Whether the input at hand has told all that may wait: turns in front of it are not done.
    fn is_ahead(&self) -> bool {
        self.alone.as_ref().is_some_and(|(number, _)| *number > self.hunt.front.load(Ordering::Acquire))
    }
}

/// Work of a thread that is not the caller's: turns until there are none; gives the fields that their events had.
fn work<T: Tap>(hunt: Hunt<'_, T>, tickets: &SyncSender<()>, done: &Sender<Told<T::Batch>>) -> SeenFields {
    let mut worker = Worker::new(hunt);
    while worker.alone.is_some() || tickets.send(()).is_ok() {
        while worker.is_ahead() && !hunt.control.stop.load(Ordering::Relaxed) {
            thread::sleep(PATIENCE);
        }
        let Some(told) = worker.turn() else { break };
        if done.send(told).is_err() {
            break;
        }
    }
    worker.seen
}

/// Work of the caller's thread: turns like all others, and results in order.
fn lead<T: Tap>(
    hunt: Hunt<'_, T>,
    tickets: SyncSender<()>,
    done: &Receiver<Told<T::Batch>>,
    mut results: Results<'_, T::Batch>,
    report: &mut dyn FnMut(Report<'_>) -> bool,
    sink: &mut Sink<'_, T::Batch>,
) -> SeenFields {
    let mut worker = Worker::new(hunt);
    loop {
        while let Ok(told) = done.try_recv() {
            if !results.add(told, report, sink) {
                return worker.seen;
            }
        }
        // Without a ticket, or ahead of others, their results are what there is to wait for.
        let may_go_on =
            if worker.alone.is_some() { !worker.is_ahead() } else { tickets.try_send(()).is_ok() };
        let told = if may_go_on { worker.turn() } else { done.recv().ok() };
        let Some(told) = told else { break };
        if !results.add(told, report, sink) {
            return worker.seen;
        }
    }
    drop(tickets);
    while let Ok(told) = done.recv() {
        if !results.add(told, report, sink) {
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
