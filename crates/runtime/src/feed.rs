//! From matches of single events to what the correlator takes: who, when, and the values that rules above read.

use std::io;
use std::sync::Arc;

use sigyn_correlate::{At, Hit, Id, Plan, Values, ValuesWriter};
use sigyn_engine::{ClassId, Engine};
use sigyn_event::{Event, write_scalar};
use sigyn_hunt::{Tap, Tapped};
use sigyn_ir::ItemId;

use crate::fields::Fields;
use crate::program::Program;

/// A thread's memory for reading values.
#[derive(Debug, Default)]
pub(crate) struct Gatherer {
    fields: Fields,
    writer: ValuesWriter,
    text: String,
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

/// The events of a log, by name and number: where they stand among all (E4). A number names an event of a log, because
/// logs are read from front to back and do not change meanwhile.
pub(crate) fn at(source: &Arc<str>, number: u64, ts: i64) -> At {
    let eid = Id::of(&[source.as_bytes(), &number.to_le_bytes()]);
    At { ts, source: source.clone(), seq: number, eid }
}

/// A match that something above reads, not yet placed among all.
#[derive(Debug)]
pub(crate) struct Taken {
    rule: ItemId,
    record: u64,
    /// None: the event has none, and so has every event before it in its batch.
    ts: Option<i64>,
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
        for rule in tapped.rules.iter().copied().filter(|rule| self.plan.is_read(*rule)) {
            let values = memory.values(self.plan, tapped.engine, tapped.class, rule, tapped.event);
            batch.taken.push(Taken { rule, record: tapped.record, ts: batch.last, values });
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
                    let at = at(&source, base + taken.record + 1, ts);
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
