//! From decoded events to what the driver takes: matched on any thread, under the rules in force when they happened.

use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{At, Hit, Id, Limits, Plan};
use sigyn_engine::{ClassId, Scratch};
use sigyn_event::Event;
use sigyn_ir::ItemId;

use super::delays::Arrivals;
use super::signal::Names;
use super::standing::{Standing, Stored};
use crate::feed::Gatherer;
use crate::program::Program;

/// A program as the driver needs it: with a plan in any case.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) program: Arc<Program>,
    pub(super) plan: Arc<Plan>,
    pub(super) names: Names,
    /// What hits of each rule are kept under.
    pub(super) keys: Vec<Option<Id>>,
}

impl Rules {
    pub(super) fn new(program: Arc<Program>) -> Self {
        let plan = match &program.plan {
            Some(plan) => plan.clone(),
            // Nothing correlates; but matches have ids, and those come of a plan.
            None => Arc::new(Plan::compile(&program.set, &Limits::standard()).0),
        };
        let rules = program.set.items.len();
        let keys =
            (0..rules).map(|at| plan.state_key(ItemId(u32::try_from(at).unwrap_or(u32::MAX)))).collect();
        Self { names: Names::new(&plan, rules), program, plan, keys }
    }

    pub(super) fn key(&self, rule: ItemId) -> Option<Id> {
        self.keys.get(rule.0 as usize).copied().flatten()
    }
}

/// The rules in force, by the time of events; shared by all threads that match. A change of rules gives a new one.
#[derive(Debug)]
pub struct View {
    pub(super) number: u64,
    pub(super) rules: Arc<Rules>,
    /// Rules that come into force at an instant (E44).
    pub(super) next: Option<(i64, Arc<Rules>)>,
    /// Events that happened longer before their arrival have the time of their arrival (E5), in nanoseconds.
    pub(super) retention: i64,
    /// Whether batches tell how late their events came (E9).
    pub(super) is_timed: bool,
}

impl View {
    /// Whether the rules in force are those of a program.
    pub fn is_of(&self, program: &Arc<Program>) -> bool {
        Arc::ptr_eq(&self.rules.program, program)
    }

    pub(super) fn at(&self, ts: i64) -> &Arc<Rules> {
        match &self.next {
            Some((from, rules)) if ts >= *from => rules,
            _ => &self.rules,
        }
    }
}

/// Where the time of an event comes from (E5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSource {
    /// The event.
    Event,
    /// Its arrival: it has no time, or one that cannot be.
    Ingest,
    /// The event before it.
    Previous,
}

/// What an event is.
#[derive(Debug)]
pub struct Seen<'s> {
    /// Where it stands among all; none if neither it nor its arrival has a time.
    pub at: Option<At>,
    /// Where its time comes from.
    pub time: TimeSource,
    /// Its class.
    pub class: Option<ClassId>,
    /// The rules that match it.
    pub rules: &'s [ItemId],
}

/// Events of one feed, one behind the other, as the driver takes them: only what matches takes room.
#[derive(Clone, Debug)]
pub struct Gathered {
    pub(super) view: u64,
    pub(super) feed: Arc<str>,
    pub(super) offsets: Range<u64>,
    /// The latest time of any event.
    pub(super) newest: Option<i64>,
    /// How late they came, if that is asked for.
    pub(super) arrivals: Arrivals,
    pub(super) events: u64,
    pub(super) untimed: u64,
    pub(super) retimed: u64,
    /// The hits of an event stand together.
    pub(super) hits: Vec<Hit>,
}

impl Gathered {
    /// The feed.
    pub fn feed(&self) -> &Arc<str> {
        &self.feed
    }

    /// The offsets of its events, those between them that hold none included.
    pub fn offsets(&self) -> Range<u64> {
        self.offsets.clone()
    }
}

/// Matches events; one for each thread.
#[derive(Debug)]
pub struct Intake {
    view: Arc<View>,
    scratch: Scratch,
    next: Option<Scratch>,
    standing: Standing,
    gatherer: Gatherer,
}

impl Intake {
    /// An intake under some rules.
    pub fn new(view: Arc<View>) -> Self {
        Self {
            scratch: view.rules.program.engine.scratch(),
            next: view.next.as_ref().map(|(_, rules)| rules.program.engine.scratch()),
            standing: Standing::new(view.retention),
            view,
            gatherer: Gatherer::default(),
        }
    }

    /// The view that it works with. When the driver has another one, make a new intake.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// Begins a batch: events of a feed from an offset on.
    ///
    /// A feed is whatever hands out events in one order with offsets that stay: a file, a partition, a connection's log. Its
    /// name is the events' source (E4).
    pub fn begin(&mut self, feed: &Arc<str>, offset: u64) -> Gathered {
        self.standing.begin();
        Gathered {
            view: self.view.number,
            feed: feed.clone(),
            offsets: offset..offset,
            newest: None,
            arrivals: Arrivals::default(),
            events: 0,
            untimed: 0,
            retimed: 0,
            hits: Vec::new(),
        }
    }

    /// Takes an event into a batch. `offset` is not below that of the event before. `arrived` is when it was first accepted
    /// (`ingest_ts`); none for events that have no arrival, such as those of old logs: they keep the time that they have, and
    /// one without has that of the event before it in its batch (E5).
    pub fn event(
        &mut self,
        batch: &mut Gathered,
        offset: u64,
        event: Event<'_>,
        arrived: Option<i64>,
    ) -> Seen<'_> {
        self.stored(batch, offset, None, event, arrived)
    }

    /// As [`event`](Self::event), for one that has an id in store: the same again is the same event, wherever it stands.
    pub fn stored(
        &mut self,
        batch: &mut Gathered,
        offset: u64,
        id: Option<Id>,
        event: Event<'_>,
        arrived: Option<i64>,
    ) -> Seen<'_> {
        batch.offsets.end = offset.saturating_add(1).max(batch.offsets.end);
        batch.events += 1;
        let (at, time) = self.standing.of(event, Stored { feed: &batch.feed, offset, id, arrived });
        let Some(at) = at else {
            batch.untimed += 1;
            return Seen { at: None, time, class: None, rules: &[] };
        };
        let ts = at.ts;
        batch.retimed += u64::from(time == TimeSource::Ingest);
        if self.view.is_timed {
            batch.arrivals.add(ts, batch.newest);
        }
        batch.newest = batch.newest.max(Some(ts));
        let rules = self.view.at(ts).clone();
        let is_next = !Arc::ptr_eq(&rules, &self.view.rules);
        let scratch = match &mut self.next {
            Some(next) if is_next => next,
            _ => &mut self.scratch,
        };
        let engine = &rules.program.engine;
        let (class, matched) = engine.run(event, scratch);
        for rule in matched.iter().copied() {
            if rules.plan.is_read(rule) || rules.plan.is_signal(rule) {
                let values = self.gatherer.values(&rules.plan, engine, class, rule, event);
                batch.hits.push(Hit { rule, at: at.clone(), values });
            }
        }
        Seen { at: Some(at), time, class, rules: matched }
    }

    /// Ends a batch: the next one of the feed begins at `offset`. Without it a batch ends behind its last event.
    pub fn end(&self, batch: &mut Gathered, offset: u64) {
        batch.offsets.end = batch.offsets.end.max(offset);
    }
}
