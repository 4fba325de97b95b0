//! From matches of single events to what the correlator takes: who, when, and the values that rules above read.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use sigyn_correlate::{At, Hit, Id, Plan, Values, ValuesWriter};
use sigyn_engine::{ClassId, Engine};
use sigyn_event::{Event, write_scalar};
use sigyn_hunt::{Tap, Tapped};
use sigyn_ir::ItemId;
use sigyn_readers::Facts;

use crate::fields::Fields;
use crate::program::Program;

/// A thread's memory for reading values.
#[derive(Debug, Default)]
pub(crate) struct Gatherer {
    fields: Fields,
    writer: ValuesWriter,
    text: String,
    pub(crate) naming: Naming,
}

impl Gatherer {
    /// The values of an event that rules above read of hits of a rule.
    pub(crate) fn values(
        &mut self,
        plan: &Plan,
        engine: &Engine,
        class: Option<ClassId>,
        rule: ItemId,
        event: Event<'_>,
    ) -> Values {
        for field in plan.reads(rule) {
            self.writer.field();
            let (writer, text) = (&mut self.writer, &mut self.text);
            self.fields.read(engine, class, field, event, &mut |value| {
                text.clear();
                write_scalar(text, value);
                writer.value(text);
            });
        }
        self.writer.finish()
    }
}

impl Gatherer {
    /// The values of a hit of which nothing is read.
    pub(crate) fn nothing(&mut self) -> Values {
        self.writer.finish()
    }
}

/// The events of a log, by name and number: where they stand among all (E4). What the producer calls an event names it, if it
/// does; then it is the same event in every copy. Else its number in its log does, because logs are read from front to
/// back and do not change meanwhile.
pub(crate) fn at(source: &Arc<str>, number: u64, ts: i64, name: Option<Id>) -> At {
    let eid = name.unwrap_or_else(|| Id::of(&[source.as_bytes(), &number.to_le_bytes()]));
    At { ts, source: source.clone(), seq: number, eid }
}

/// Finds what producers call their events; a thread's memory for it.
#[derive(Debug, Default)]
pub(crate) struct Naming(String);

impl Naming {
    /// The id of an event that its producer names.
    pub(crate) fn of(&mut self, event: Event<'_>, facts: &mut Facts) -> Option<Id> {
        self.0.clear();
        facts.record_id(event, &mut self.0).then(|| Id::of(&[b"record", self.0.as_bytes(), b""]))
    }
}

/// Tells copies of events that come in canonical order: of one time, and of one id, but of another log.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    ts: i64,
    seen: HashMap<Id, (Arc<str>, u64)>,
    /// How many hits of copies there were.
    pub(crate) hits: u64,
}

impl Copies {
    /// Whether an event stands somewhere before it too. The first in the order is the event (E6), whichever file was read
    /// first.
    pub(crate) fn is_copy(&mut self, at: &At) -> bool {
        if at.ts != self.ts {
            self.seen.clear();
            self.ts = at.ts;
        }
        let first = self.seen.entry(at.eid).or_insert_with(|| (at.source.clone(), at.seq));
        let is_copy = first.1 != at.seq || first.0 != at.source;
        self.hits += u64::from(is_copy);
        is_copy
    }
}

/// A match that something above reads, not yet placed among all.
#[derive(Debug)]
pub(crate) struct Taken {
    rule: ItemId,
    record: u64,
    /// None: the event has none, and so has every event before it in its batch.
    ts: Option<i64>,
    /// What its producer calls the event.
    name: Option<Id>,
    values: Values,
}

/// What a batch gives.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    taken: Vec<Taken>,
    /// The time of the last event that has one.
    last: Option<i64>,
    /// The latest time of any.
    newest: Option<i64>,
}

/// Takes matches that something above reads, on the threads that match.
#[derive(Debug)]
pub(crate) struct Feed<'p> {
    program: &'p Program,
    plan: &'p Plan,
}

impl<'p> Feed<'p> {
    pub(crate) fn new(program: &'p Program, plan: &'p Plan) -> Self {
        Self { program, plan }
    }
}

impl Tap for Feed<'_> {
    type Memory = Gatherer;
    type Batch = Batch;

    fn memory(&self) -> Gatherer {
        Gatherer::default()
    }

    #[inline]
    fn event(&self, tapped: Tapped<'_>, memory: &mut Gatherer, batch: &mut Batch) {
        // An event without a time has that of the one before it, whatever matched that (E5).
        if let Some(time) = tapped.facts.time(tapped.event) {
            batch.last = Some(time.0);
            batch.newest = batch.newest.max(batch.last);
        }
        let mut name = None;
        for rule in tapped.rules.iter().copied().filter(|rule| self.plan.is_read(*rule)) {
            let name = *name.get_or_insert_with(|| memory.naming.of(tapped.event, tapped.facts));
            let values = memory.values(self.plan, tapped.engine, tapped.class, rule, tapped.event);
            batch.taken.push(Taken { rule, record: tapped.record, ts: batch.last, name, values });
        }
    }

    fn is_shown(&self, rule: ItemId) -> bool {
        self.program.is_shown(rule)
    }
}

/// Puts what batches gave in its place, log by log. Batches of a log come in order, those of different logs may not
/// be mixed.
#[derive(Debug, Default)]
pub(crate) struct Placing {
    log: Option<Arc<str>>,
    last: Option<i64>,
    /// The latest time of any event.
    pub(crate) newest: Option<i64>,
    /// Matches without a time, in logs in which nothing before them has one.
    pub(crate) untimed: u64,
}

impl Placing {
    /// Takes a batch of a log with the number of records before it.
    pub(crate) fn add(
        &mut self,
        log: &str,
        base: u64,
        batch: Batch,
        take: &mut dyn FnMut(Hit) -> io::Result<()>,
    ) -> io::Result<()> {
        let source = match &self.log {
            Some(source) if **source == *log => source.clone(),
            _ => {
                let source: Arc<str> = log.into();
                (self.log, self.last) = (Some(source.clone()), None);
                source
            }
        };
        for taken in batch.taken {
            match taken.ts.or(self.last) {
                Some(ts) => {
                    let at = at(&source, base + taken.record + 1, ts, taken.name);
                    take(Hit { rule: taken.rule, at, values: taken.values })?;
                }
                None => self.untimed += 1,
            }
        }
        self.last = batch.last.or(self.last);
        self.newest = self.newest.max(batch.newest);
        Ok(())
    }
}
