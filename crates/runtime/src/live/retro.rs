//! A hunt over stored events with the ids and the content that the live path gives.
//!
//! Events come in any order: matches of single events are told as they come, everything that rules above read waits until all
//! events are there and then runs through the correlator in canonical order (E7). What comes out is what a machine that ran all
//! the time has (E42, E43).

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{At, Detection, Hit, Id, Machine, Status};
use sigyn_engine::{ClassId, Engine};
use sigyn_event::Event;
use sigyn_ir::ItemId;

use super::arrival::Rules;
use super::history::KeptHit;
use super::signal::Signal;
use crate::chain::OnDetections;
use crate::feed::{Copies, Gatherer};
use crate::program::Program;
use crate::spool::{Spool, Store};

/// Hits that wait in memory; they take about 200 bytes each.
const HITS_MAX: usize = 500_000;
/// Hits between two steps of the correlator: what it holds beside them stays small.
const HITS_PER_STEP: usize = 4_096;

/// What to hunt for.
#[derive(Debug)]
pub struct Retro {
    rules: Arc<Rules>,
    /// Rules whose detections are told.
    wanted: HashSet<ItemId>,
    /// Rules whose matches matter: those and all that they read.
    useful: HashSet<ItemId>,
    interval: Range<i64>,
    feed: Range<i64>,
}

/// What came of a hunt beside signals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetroOutcome {
    /// Rules that held too much at a time and had to forget something, by their uids.
    pub degraded: Vec<Arc<str>>,
    /// Signals that are nobody's result and evidence of others.
    pub hidden: Vec<Signal>,
}

/// Takes events of a hunt.
pub struct Gathering<'r> {
    retro: &'r Retro,
    gatherer: Gatherer,
    spool: Spool<'r>,
}

impl Retro {
    /// A hunt for detections with a time in an interval, of rules by their uids; of all if there are none.
    pub fn new(program: Arc<Program>, rules: &[String], interval: Range<i64>) -> Self {
        let all = Arc::new(Rules::new(program));
        let (plan, names) = (&all.plan, &all.names);
        let wanted: HashSet<ItemId> = match rules {
            [] => plan.rules().iter().copied().collect(),
            named => named.iter().filter_map(|uid| names.item(uid)).collect(),
        };
        let above: Vec<ItemId> = wanted.iter().copied().collect();
        let useful = super::repair::below(plan, &above);
        let correlations: Vec<ItemId> =
            above.iter().copied().filter(|rule| !plan.children(*rule).is_empty()).collect();
        let feed = plan.feed(&correlations, &interval);
        Self { wanted, useful, interval, feed, rules: all }
    }

    /// The events that it needs, in event time.
    pub fn feed(&self) -> Range<i64> {
        self.feed.clone()
    }

    /// What matches events.
    pub fn engine(&self) -> &Engine {
        &self.rules.program.engine
    }

    /// Whether anything is made of matches of a rule at a time.
    pub fn is_useful(&self, rule: ItemId, ts: i64) -> bool {
        let plan = &self.rules.plan;
        self.useful.contains(&rule) && (plan.is_read(rule) || self.is_told(rule, ts))
    }

    /// Whether anything is made of matches of a rule at some time.
    pub fn is_ever_useful(&self, rule: ItemId) -> bool {
        let plan = &self.rules.plan;
        self.useful.contains(&rule)
            && (plan.is_read(rule) || (self.wanted.contains(&rule) && plan.is_signal(rule)))
    }

    /// Whether a match of a rule at a time is a result by itself.
    pub fn is_told(&self, rule: ItemId, ts: i64) -> bool {
        self.wanted.contains(&rule) && self.rules.plan.is_signal(rule) && self.interval.contains(&ts)
    }

    /// Whether a time is one that results are wanted of.
    pub fn is_wanted(&self, ts: i64) -> bool {
        self.interval.contains(&ts)
    }

    /// Whether rules above read matches of a rule.
    pub fn is_read(&self, rule: ItemId) -> bool {
        self.useful.contains(&rule) && self.rules.plan.is_read(rule)
    }

    /// Whether a match of a rule is known by the rule and its event's place alone: nothing reads values of it.
    pub fn is_bare(&self, rule: ItemId) -> bool {
        self.rules.plan.reads(rule).is_empty()
    }

    /// The id of the signal that a match of a [bare](Self::is_bare) rule is by itself, if nothing else is made of it.
    pub fn id_alone(&self, rule: ItemId, at: &At) -> Option<Id> {
        let plan = &self.rules.plan;
        let is_alone = self.is_told(rule, at.ts) && !plan.is_read(rule);
        if is_alone { plan.id_of_hit(rule, at.eid) } else { None }
    }

    /// The uid of a rule.
    pub fn uid(&self, rule: ItemId) -> Option<Arc<str>> {
        self.rules.names.uid(rule)
    }

    /// Runs a hunt: `work` hands over all events of [`feed`](Self::feed) that some [useful](Self::is_useful) rule matches, in any
    /// order; then `tell` is called with what several of them say together. All events before `seen_until` are among them: what
    /// is decided later is not told. `store` takes matches that find no room in memory.
    ///
    /// # Errors
    /// Those of `work`, and of the store.
    pub fn run(
        &self,
        seen_until: i64,
        store: &mut Store<'_>,
        work: &mut dyn FnMut(&mut Gathering<'_>) -> io::Result<()>,
        tell: &mut dyn FnMut(Signal),
    ) -> io::Result<RetroOutcome> {
        let plan = &self.rules.plan;
        let mut gathering = Gathering {
            retro: self,
            gatherer: Gatherer::default(),
            spool: Spool::new(plan, HITS_MAX, store),
        };
        work(&mut gathering)?;
        let Gathering { spool, .. } = gathering;
        let mut machine = Machine::new(plan.clone());
        machine.activate(self.feed.start);
        let mut matching = OnDetections::new(&self.rules.program, plan);
        let (mut out, mut found) = (Vec::new(), BTreeMap::new());
        let (mut count, mut copies) = (0_usize, Copies::default());
        spool.finish(&mut |hit| {
            if copies.is_copy(&hit.at) {
                return;
            }
            count += 1;
            if count.is_multiple_of(HITS_PER_STEP) {
                machine.advance(hit.at.ts, &mut matching, &mut out);
                take(&mut out, &mut found);
            }
            machine.push(hit);
        })?;
        machine.advance(self.feed.end.min(seen_until), &mut matching, &mut out);
        take(&mut out, &mut found);
        // What goes on has grown since it was told.
        machine.open(&mut out);
        take(&mut out, &mut found);
        let mut hidden = Vec::new();
        let mut all: Vec<Detection> = found.into_values().collect();
        all.sort_by_key(|one| (one.ts, one.stratum, one.id));
        for detection in all {
            let is_told = detection.is_signal
                && self.wanted.contains(&detection.rule)
                && self.interval.contains(&detection.ts);
            let Some(signal) = Signal::of(detection, plan, &self.rules.names) else { continue };
            if is_told { tell(signal) } else { hidden.push(signal) }
        }
        let degraded = machine.degraded().iter().filter_map(|one| self.uid(ItemId(one.rule))).collect();
        Ok(RetroOutcome { degraded, hidden })
    }
}

/// The last that is said of a detection is what holds.
fn take(out: &mut Vec<Detection>, found: &mut BTreeMap<Id, Detection>) {
    for detection in out.drain(..) {
        match detection.status {
            Status::Retracted => found.remove(&detection.id),
            _ => found.insert(detection.id, detection),
        };
    }
}

impl Gathering<'_> {
    /// Takes an event with the rules that match it; `tell` is called with each signal that it is by itself.
    ///
    /// # Errors
    /// The store failed.
    pub fn event(
        &mut self,
        at: &At,
        event: Event<'_>,
        class: Option<ClassId>,
        matched: &[ItemId],
        tell: &mut dyn FnMut(Signal),
    ) -> io::Result<()> {
        let retro = self.retro;
        for rule in matched.iter().copied().filter(|rule| retro.is_useful(*rule, at.ts)) {
            let values = self.gatherer.values(&retro.rules.plan, retro.engine(), class, rule, event);
            self.hit(Hit { rule, at: at.clone(), values }, tell)?;
        }
        Ok(())
    }

    /// Takes a match of a [bare](Retro::is_bare) rule, of which nobody needs the event.
    ///
    /// # Errors
    /// The store failed.
    pub fn bare(&mut self, at: &At, rule: ItemId, tell: &mut dyn FnMut(Signal)) -> io::Result<()> {
        let values = self.gatherer.nothing();
        self.hit(Hit { rule, at: at.clone(), values }, tell)
    }

    fn hit(&mut self, hit: Hit, tell: &mut dyn FnMut(Signal)) -> io::Result<()> {
        let (retro, plan) = (self.retro, &self.retro.rules.plan);
        if retro.is_told(hit.rule, hit.at.ts)
            && let Some(detection) = plan.detection_of(&hit)
            && let Some(signal) = Signal::of(detection, plan, &retro.rules.names)
        {
            tell(signal);
        }
        if plan.is_read(hit.rule) {
            self.spool.add(hit)?;
        }
        Ok(())
    }
}

/// Hits of stored events as the driver keeps them for repairs, worked out anew.
#[derive(Debug)]
pub struct Recalled {
    rules: Arc<Rules>,
    scratch: sigyn_engine::Scratch,
    gatherer: Gatherer,
}

impl Recalled {
    /// Hits of all rules that others read.
    pub fn new(program: Arc<Program>) -> Self {
        let rules = Arc::new(Rules::new(program));
        Self { scratch: rules.program.engine.scratch(), rules, gatherer: Gatherer::default() }
    }

    /// Calls `take` with the hits of an event.
    pub fn event(&mut self, at: &At, event: Event<'_>, take: &mut dyn FnMut(KeptHit)) {
        let Self { rules, scratch, gatherer } = self;
        let engine = &rules.program.engine;
        let (class, matched) = engine.run(event, scratch);
        for rule in matched.iter().copied().filter(|rule| rules.plan.is_read(*rule)) {
            let Some(key) = rules.key(rule) else { continue };
            let values = gatherer.values(&rules.plan, engine, class, rule, event);
            take(KeptHit { rule: key, at: at.clone(), values });
        }
    }
}
