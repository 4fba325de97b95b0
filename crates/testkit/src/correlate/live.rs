//! The crate `correlate` at work: events become hits, hits go into a machine as some order of arrival says, and what comes
//! out is what the evaluator's detections are held against.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sigyn_correlate as real;
use sigyn_engine::{Engine, Scratch};
use sigyn_event::EventBuf;
use sigyn_ir::{ItemId, Rule, RuleItem, RuleSet};

use super::random::Round;
use super::row::Row;
use super::strata::reads_detections;
use super::{Anchor, Component, Event, Id, Ids, OwnIds, Time};
use crate::evaluator::{self, Evaluator};
use crate::{json, matching};

/// Rules, compiled, with what they make of some events.
#[derive(Debug)]
pub struct Rules {
    /// The rules as loaded.
    pub set: RuleSet,
    /// The rules as compiled.
    pub plan: Arc<real::Plan>,
}

/// What happens to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An event arrives.
    Event(usize),
    /// The watermark moves.
    Watermark(Time),
    /// The machine is killed and begins again from its snapshot.
    Restart,
}

impl Rules {
    /// Compiles what a text holds.
    ///
    /// # Errors
    /// What is refused.
    pub fn of_text(text: &str) -> Result<Self, String> {
        Self::of_set(matching::load(text).set)
    }

    /// Compiles rules.
    ///
    /// # Errors
    /// What is refused.
    pub fn of_set(set: RuleSet) -> Result<Self, String> {
        let (plan, found) = real::Plan::compile(&set, &real::Limits::standard());
        match found.iter().find(|found| found.is_error()) {
            Some(error) => Err(error.message.clone()),
            None => Ok(Self { set, plan: Arc::new(plan) }),
        }
    }

    /// The rules of a round, if they load and compile.
    pub fn of_round(round: &Round) -> Option<Self> {
        Self::of_text(&round.text()).ok()
    }

    /// The hits of each event, by the evaluator of single events.
    ///
    /// # Errors
    /// A rule cannot be evaluated.
    pub fn hits(&self, events: &[Event]) -> Result<Vec<Vec<real::Hit>>, String> {
        let evaluator = Evaluator::default();
        events
            .iter()
            .map(|event| {
                let buf = json::of_map(&event.fields);
                let mut hits = Vec::new();
                for (item, rule) in self.over_events() {
                    let is_hit = evaluator.evaluate(rule, buf.event(""), &|_| Vec::new());
                    if is_hit.map_err(|error| format!("{error:?}"))? {
                        let texts = |field: &Arc<str>| evaluator::texts(buf.event(""), field);
                        hits.push(self.hit(item, event, texts));
                    }
                }
                Ok(hits)
            })
            .collect()
    }

    /// A hit of a rule on an event, with the values that its readers want.
    pub fn hit(&self, rule: ItemId, event: &Event, texts: impl Fn(&Arc<str>) -> Vec<String>) -> real::Hit {
        real::Hit {
            rule,
            at: real::At {
                ts: event.ts,
                source: event.source.as_str().into(),
                seq: event.seq,
                eid: real::Id(event.eid),
            },
            values: real::Values::new(self.plan.reads(rule).iter().map(texts)),
        }
    }

    fn over_events(&self) -> impl Iterator<Item = (ItemId, &Rule)> {
        (0..).map(ItemId).zip(&self.set.items).filter_map(|(item, rule)| match rule {
            RuleItem::Rule(rule) if !reads_detections(rule) => Some((item, rule)),
            _ => None,
        })
    }

    /// Runs a machine through some steps to its end.
    ///
    /// # Errors
    /// The machine breaks a promise: a detection changes after it was final, a snapshot cannot be restored.
    pub fn run(
        &self,
        hits: &[Vec<real::Hit>],
        steps: &[Step],
        matcher: &mut dyn real::Matcher,
    ) -> Result<Run, String> {
        let run = self.run_from(None, hits, steps, matcher, true)?;
        if let Some(degraded) = run.degraded.first() {
            return Err(format!("degraded: {degraded:?}"));
        }
        let open = run.latest.values().find(|detection| detection.status != real::Status::Final);
        match open {
            Some(open) => Err(format!("not final at the end: {open:?}")),
            None => Ok(run),
        }
    }

    /// Runs a machine that is active from an instant on, with or without its end.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_from(
        &self,
        active: Option<Time>,
        hits: &[Vec<real::Hit>],
        steps: &[Step],
        matcher: &mut dyn real::Matcher,
        finishes: bool,
    ) -> Result<Run, String> {
        let mut run = Run::default();
        let mut machine = real::Machine::new(self.plan.clone());
        if let Some(active) = active {
            machine.activate(instant(active));
        }
        let mut out = Vec::new();
        for step in steps {
            match step {
                Step::Event(event) => {
                    for hit in &hits[*event] {
                        if machine.push(hit.clone()) == real::Pushed::Late && !run.arrived.contains(event) {
                            return Err(format!("event {event} is late"));
                        }
                    }
                    run.arrived.push(*event);
                }
                Step::Watermark(watermark) => {
                    machine.advance(instant(*watermark), matcher, &mut out);
                }
                Step::Restart => machine = self.restarted(machine)?,
            }
            run.degraded.extend(machine.take_degraded());
            run.take(&mut out)?;
        }
        if finishes {
            machine.finish(matcher, &mut out);
            run.degraded.extend(machine.take_degraded());
            run.take(&mut out)?;
        }
        Ok(run)
    }

    fn restarted(&self, machine: real::Machine) -> Result<real::Machine, String> {
        let bytes = machine.snapshot().map_err(|error| format!("no snapshot: {error}"))?;
        real::Machine::restore(self.plan.clone(), &bytes).map_err(|error| format!("not restored: {error}"))
    }

    /// Runs a machine to its end; what comes late waits until so many others are late too, and is repaired from what
    /// was stored.
    ///
    /// # Errors
    /// A snapshot cannot be restored, a change does not fit what was published.
    pub fn run_with_repair(
        &self,
        hits: &[Vec<real::Hit>],
        steps: &[Step],
        matcher: &mut dyn real::Matcher,
        waiting_max: usize,
    ) -> Result<Vec<Row>, String> {
        let mut machine = real::Machine::new(self.plan.clone());
        let mut store = Store::default();
        let (mut out, mut late) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Event(event) => {
                    for hit in &hits[*event] {
                        store.hits.push(hit.clone());
                        if machine.push(hit.clone()) == real::Pushed::Late {
                            late.push(hit.clone());
                        }
                    }
                }
                Step::Watermark(watermark) => machine.advance(instant(*watermark), matcher, &mut out),
                Step::Restart => machine = self.restarted(machine)?,
            }
            store.published.extend(out.drain(..).map(|detection| (detection.id.0, detection)));
            if late.len() > waiting_max {
                let changes = machine.repair(std::mem::take(&mut late), &mut store, matcher);
                store.change(changes)?;
            }
        }
        let changes = machine.repair(late, &mut store, matcher);
        store.change(changes)?;
        machine.finish(matcher, &mut out);
        store.published.extend(out.drain(..).map(|detection| (detection.id.0, detection)));
        Ok(store.published.values().map(row).collect())
    }

    /// A matcher that asks the evaluator of single events.
    pub fn matcher(&self) -> Naive<'_> {
        Naive { rules: self, evaluator: Evaluator::default() }
    }

    /// What a run found, and the detections that the hits themselves are.
    pub fn rows(&self, hits: &[Vec<real::Hit>], run: &Run) -> Vec<Row> {
        let of_hits = hits.iter().flatten().filter_map(|hit| self.plan.detection_of(hit));
        of_hits.map(|detection| row(&detection)).chain(run.rows()).collect()
    }
}

/// What a run gave.
#[derive(Debug, Default)]
pub struct Run {
    latest: BTreeMap<Id, real::Detection>,
    arrived: Vec<usize>,
    /// What the machine declared degraded.
    pub degraded: Vec<real::Degraded>,
}

impl Run {
    fn take(&mut self, out: &mut Vec<real::Detection>) -> Result<(), String> {
        for detection in out.drain(..) {
            let before = self.latest.get(&detection.id.0);
            if let Some(before) = before {
                let is_kept = before.ts == detection.ts
                    && before.rule == detection.rule
                    && before.group == detection.group
                    && before.anchor == detection.anchor;
                if before.status == real::Status::Final || !is_kept || detection.revision < before.revision {
                    return Err(format!("{before:?} became {detection:?}"));
                }
            }
            self.latest.insert(detection.id.0, detection);
        }
        Ok(())
    }

    /// The detections as they were at last, in the order of their ids.
    pub fn detections(&self) -> Vec<real::Detection> {
        self.latest.values().cloned().collect()
    }

    /// The same as they are compared.
    pub fn rows(&self) -> Vec<Row> {
        self.latest.values().map(row).collect()
    }
}

/// What a store has: all hits, and detections as they were published last.
#[derive(Debug, Default)]
struct Store {
    hits: Vec<real::Hit>,
    published: BTreeMap<Id, real::Detection>,
}

impl Store {
    fn change(&mut self, changes: Vec<real::Change>) -> Result<(), String> {
        for change in changes {
            let fits = match &change {
                real::Change::Add(detection) => !self.published.contains_key(&detection.id.0),
                real::Change::Update(detection) | real::Change::Retract(detection) => {
                    self.published.contains_key(&detection.id.0)
                }
            };
            if !fits {
                return Err(format!("does not fit what was published: {change:?}"));
            }
            match change {
                real::Change::Add(detection) | real::Change::Update(detection) => {
                    self.published.insert(detection.id.0, detection);
                }
                real::Change::Retract(detection) => {
                    self.published.remove(&detection.id.0);
                }
            }
        }
        Ok(())
    }
}

impl real::History for Store {
    fn hits(&mut self, interval: Range<i64>, visit: &mut dyn FnMut(real::Hit)) {
        self.hits.iter().filter(|hit| interval.contains(&hit.at.ts)).cloned().for_each(visit);
    }

    fn detections(&mut self, rule: ItemId, interval: Range<i64>, visit: &mut dyn FnMut(real::Detection)) {
        let fits = |detection: &&real::Detection| detection.rule == rule && interval.contains(&detection.ts);
        self.published.values().filter(fits).cloned().for_each(visit);
    }
}

/// An instant as the crate takes it.
fn instant(time: Time) -> i64 {
    i64::try_from(time).unwrap_or(if time < 0 { i64::MIN } else { i64::MAX })
}

/// A detection as it is compared.
pub fn row(detection: &real::Detection) -> Row {
    let outcomes = |outcomes: &[real::Outcome]| {
        let texts = outcomes.iter().filter_map(|outcome| {
            let texts = match &outcome.value {
                real::OutcomeValue::None => return None,
                real::OutcomeValue::Number(number) => vec![number.to_string()],
                real::OutcomeValue::Text(text) => vec![text.clone()],
                real::OutcomeValue::Texts(texts) => texts.clone(),
            };
            Some((outcome.name.to_string(), texts))
        });
        texts.collect()
    };
    Row {
        id: detection.id.0,
        rule: detection.rule,
        ts: detection.ts.into(),
        first_seen: detection.first_seen.into(),
        last_seen: detection.last_seen.into(),
        group: detection.group.iter().map(|(_, component)| component.clone()).collect(),
        anchor: match detection.anchor {
            real::Anchor::Event(id) => Anchor::Event(id.0),
            real::Anchor::Window { start, end } => Anchor::Window(start.into(), end.into()),
        },
        // A hit of a rule counts one thing.
        value: detection.value.map_or_else(|| "1".to_owned(), |value| value.to_string()),
        total: detection.total,
        evidence: detection.evidence.iter().map(|evidence| evidence.eid.0).collect(),
        truncated: detection.is_truncated,
        is_cut: detection.is_fanout_truncated,
        suppressed: detection.suppressed,
        outcomes: outcomes(&detection.outcomes),
        outcomes_at_anchor: outcomes(&detection.outcomes_at_anchor),
    }
}

/// Ids as a machine gave them.
#[derive(Clone, Debug)]
pub struct RealIds(HashMap<(ItemId, Vec<Component>, Anchor), Id>);

impl Ids for RealIds {
    fn id(&self, rule: ItemId, group: &[Component], anchor: Anchor) -> Id {
        let known = self.0.get(&(rule, group.to_vec(), anchor));
        known.copied().unwrap_or_else(|| OwnIds.id(rule, group, anchor))
    }

    fn revision(&self, detection: Id, input: Id) -> Id {
        real::Id::of(&[&detection, &input]).0
    }
}

impl RealIds {
    /// The ids of some detections.
    pub fn of(rows: &[Row]) -> Self {
        Self(rows.iter().map(|row| ((row.rule, row.group.clone(), row.anchor), row.id)).collect())
    }
}

/// Matches detections by the evaluator of single events.
pub struct Naive<'r> {
    rules: &'r Rules,
    evaluator: Evaluator<'r>,
}

impl std::fmt::Debug for Naive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Naive")
    }
}

/// The event that a detection is.
pub fn fields(detection: &real::Detection, plan: &real::Plan) -> Map<String, Value> {
    let texts = detection.fields(plan).into_iter().map(|(name, values)| {
        let texts: Vec<String> = values.iter().map(real::FieldValue::text).collect();
        (name, json!(texts))
    });
    texts.collect()
}

impl real::Matcher for Naive<'_> {
    fn matches(&mut self, detection: &real::Detection, rules: &[ItemId], matched: &mut Vec<ItemId>) {
        let buf = json::of_map(&fields(detection, &self.rules.plan));
        for item in rules {
            let Some(RuleItem::Rule(rule)) = self.rules.set.get(*item) else { continue };
            // What cannot be evaluated is found by the evaluator of correlations too.
            if self.evaluator.evaluate(rule, buf.event(""), &|_| Vec::new()).unwrap_or(false) {
                matched.push(*item);
            }
        }
    }
}

/// Matches detections by the engine.
pub struct Fast<'r> {
    rules: &'r Rules,
    engine: &'r Engine,
    scratch: Scratch,
    buf: EventBuf,
}

impl std::fmt::Debug for Fast<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fast")
    }
}

impl<'r> Fast<'r> {
    /// A matcher; the engine holds the same rules.
    pub fn new(rules: &'r Rules, engine: &'r Engine) -> Self {
        Self { rules, engine, scratch: engine.scratch(), buf: EventBuf::new() }
    }

    /// The hits of each event, by the engine.
    pub fn hits(&mut self, events: &[Event]) -> Vec<Vec<real::Hit>> {
        let hits_of = |event: &Event| {
            json::fill(&mut self.buf, &event.fields);
            let (_, found) = self.engine.run(self.buf.event(""), &mut self.scratch);
            let over_events = found.iter().filter(|rule| !self.rules.plan.is_on_detections(**rule));
            let texts = |field: &Arc<str>| evaluator::texts(self.buf.event(""), field);
            over_events.map(|rule| self.rules.hit(*rule, event, texts)).collect()
        };
        events.iter().map(hits_of).collect()
    }
}

impl real::Matcher for Fast<'_> {
    fn matches(&mut self, detection: &real::Detection, rules: &[ItemId], matched: &mut Vec<ItemId>) {
        json::fill(&mut self.buf, &fields(detection, &self.rules.plan));
        let (_, found) = self.engine.run(self.buf.event(""), &mut self.scratch);
        matched.extend(found.iter().filter(|rule| rules.contains(rule)));
    }
}
