//! Rules that come and go while events do (E44).

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{Hit, Id, Machine, Plan, Status};
use sigyn_engine::Scratch;
use sigyn_ir::ItemId;

use super::LiveError;
use super::arrival::{Rules, View};
use super::driver::{Live, Since, health};
use super::history::{History, KeptHit};
use super::matcher::{Matching, Memory};
use super::repair::{below, past_hits};
use super::signal::Change;
use crate::feed::Gatherer;
use crate::program::Program;

/// Rules that wait for their instant.
#[derive(Debug)]
pub(super) struct Next {
    /// The instant.
    pub(super) from: i64,
    pub(super) rules: Arc<Rules>,
    /// Hits of events from there on.
    pub(super) hits: Vec<Hit>,
}

/// What new rules need to stand where they would had they run all the time.
pub(super) struct BackFill {
    pub(super) hits: Vec<Hit>,
    /// Rules whose hits are kept now from an instant on.
    pub(super) kept: HashSet<ItemId>,
    pub(super) from: i64,
    /// Why it is not all.
    pub(super) lack: Option<&'static str>,
}

impl Live {
    /// Puts other rules in force, from an instant in event time on: the one asked for, or the first that no event has
    /// reached yet if that is later. Gives the instant. From then on make intakes with the new [`view`](Self::view).
    ///
    /// What happened before the instant is judged by the old rules, also if it comes later but still in time; detections count
    /// for the rules in force at their own time (E44). When the watermark reaches the instant, rules whose logic is unchanged
    /// keep their state; others are run over as much of the past as they need, and their state is as if they had always been
    /// there. Open detections of rules that are gone are final then. Events that come later still are seen by the rules as
    /// they are now.
    ///
    /// # Errors
    /// Other rules were waiting for their instant; they are put in force for good first, and for that the history failed.
    pub fn replace(
        &mut self,
        program: Arc<Program>,
        at: Option<i64>,
        history: &mut dyn History,
    ) -> Result<i64, LiveError> {
        if let Some(from) = self.next.as_ref().map(|next| next.from) {
            self.repair(history)?;
            self.switch_if_due(from, history)?;
        }
        let reached = self.feeds.newest().map_or(i64::MIN, |newest| newest.saturating_add(1));
        let from = at.unwrap_or(i64::MIN).max(reached).max(self.machine.watermark());
        let rules = Arc::new(Rules::new(program));
        self.view = Arc::new(View {
            number: self.view.number + 1,
            rules: self.rules.clone(),
            next: Some((from, rules.clone())),
            retention: self.settings.retention,
            is_timed: self.settings.lateness.is_adaptive,
        });
        self.next = Some(Next { from, rules, hits: Vec::new() });
        Ok(from)
    }

    /// Puts the rules that wait in force if the watermark reaches their instant.
    pub(super) fn switch_if_due(
        &mut self,
        watermark: i64,
        history: &mut dyn History,
    ) -> Result<(), LiveError> {
        let Some(from) = self.next.as_ref().map(|next| next.from).filter(|from| *from <= watermark) else {
            return Ok(());
        };
        // All that the old rules have to say.
        self.repair(history)?;
        self.advance(from);
        let Some(rules) = self.next.as_ref().map(|next| next.rules.clone()) else { return Ok(()) };
        let fresh = rules.plan.fresh(&self.rules.plan);
        let fill = self.back_fill(&rules, &fresh, from..from, history)?;
        let Some(next) = self.next.take() else { return Ok(()) };
        self.close_gone(&rules);
        let since = since(&rules, &self.rules, &self.since, from, &fill);
        let machine = std::mem::replace(&mut self.machine, Machine::new(rules.plan.clone()));
        self.memory = Memory::new(&rules);
        let mut matching = Matching { rules: &rules, memory: &mut self.memory };
        self.machine = machine.carried(rules.plan.clone(), fill.hits, &mut matching);
        self.memory.taken.clear();
        self.take_over(rules, since);
        self.fork();
        if let Some(why) = fill.lack {
            let ranges: Vec<(ItemId, Range<i64>)> =
                fresh.iter().map(|rule| (*rule, from..i64::MAX)).collect();
            self.degrade(&ranges, why);
        }
        for hit in next.hits {
            self.hit(hit);
        }
        Ok(())
    }

    /// Puts a machine that runs ahead where the other one stands.
    pub(super) fn fork(&mut self) {
        if self.settings.provisional_after.is_none() {
            return;
        }
        // Neither can fail on what was written just now. If it did, nothing would be told ahead of the watermark.
        let bytes = self.machine.snapshot().ok();
        self.ahead = bytes.and_then(|bytes| Machine::restore(self.rules.plan.clone(), &bytes).ok());
    }

    /// Works under other rules.
    fn take_over(&mut self, rules: Arc<Rules>, since: Vec<Since>) {
        let mut old: HashMap<Arc<str>, _> =
            self.health.drain(..).map(|health| (health.rule.clone(), health)).collect();
        self.health = health(&rules);
        for health in &mut self.health {
            if let Some(known) = old.remove(&health.rule) {
                *health = known;
            }
        }
        self.view = Arc::new(View {
            number: self.view.number + 1,
            rules: rules.clone(),
            next: None,
            retention: self.settings.retention,
            is_timed: self.settings.lateness.is_adaptive,
        });
        self.since = since;
        self.rules = rules;
    }

    /// What is open of rules that are gone does not change again.
    fn close_gone(&mut self, rules: &Rules) {
        let kept: HashSet<Id> = names_of_logic(&rules.plan).into_keys().collect();
        let mut open = Vec::new();
        self.machine.open(&mut open);
        for mut detection in open {
            let is_kept =
                logic_name(&self.rules.plan, detection.rule).is_some_and(|name| kept.contains(&name));
            if !is_kept && self.known.open.remove(&detection.id) {
                detection.status = Status::Final;
                self.change(detection, Change::Update);
            }
        }
    }

    /// The hits that rules need which cannot be carried over, from as far back as they need to `interval`'s end, to stand
    /// at its start.
    pub(super) fn back_fill(
        &self,
        rules: &Arc<Rules>,
        fresh: &[ItemId],
        interval: Range<i64>,
        history: &mut dyn History,
    ) -> Result<BackFill, LiveError> {
        let plan = &rules.plan;
        let from = fresh.iter().map(|rule| plan.need(*rule, interval.start)).min().unwrap_or(interval.start);
        let mut fill = BackFill { hits: Vec::new(), kept: HashSet::new(), from, lack: None };
        if fresh.is_empty() && interval.is_empty() {
            return Ok(fill);
        }
        let wanted = match interval.is_empty() {
            true => below(plan, fresh),
            // Whatever waits, for any rule.
            false => plan.rules().iter().copied().collect(),
        };
        let known = kept_since(&self.rules, &self.since);
        let is_kept = |rule: &ItemId| {
            let kept = rules.key(*rule).and_then(|key| known.get(&key));
            kept.is_some_and(|kept| *kept <= from)
        };
        let lacking: HashSet<ItemId> =
            wanted.iter().copied().filter(|rule| plan.is_read(*rule) && !is_kept(rule)).collect();
        let max = self.settings.repair_hits_max;
        let there: HashSet<ItemId> = wanted.difference(&lacking).copied().collect();
        let kept = past_hits(rules, &there, from..interval.end, &|_, _| true, max, history)?;
        let matched = match lacking.is_empty() {
            true => Some(Vec::new()),
            false => rematched(rules, &lacking, from..interval.end, max, history)?,
        };
        match (kept, matched) {
            (Some(kept), Some(matched)) => {
                let rows = matched.iter().filter_map(|hit: &Hit| {
                    let rule = rules.key(hit.rule)?;
                    Some(KeptHit { rule, at: hit.at.clone(), values: hit.values.clone() })
                });
                let rows: Vec<KeptHit> = rows.collect();
                if !rows.is_empty() {
                    history.keep(&rows)?;
                }
                fill.kept = lacking;
                fill.hits = kept;
                fill.hits.extend(matched);
            }
            _ => fill.lack = Some("it begins without the past, which has more matches than the limit allows"),
        }
        Ok(fill)
    }
}

/// Matches of some rules on events that were, none if there are too many.
fn rematched(
    rules: &Arc<Rules>,
    wanted: &HashSet<ItemId>,
    interval: Range<i64>,
    max: usize,
    history: &mut dyn History,
) -> Result<Option<Vec<Hit>>, LiveError> {
    let engine = &rules.program.engine;
    let mut scratch: Scratch = engine.scratch();
    let mut gatherer = Gatherer::default();
    let mut hits = Vec::new();
    history.events(interval, &mut |at, event| {
        let (class, matched) = engine.run(event, &mut scratch);
        for rule in matched.iter().filter(|rule| wanted.contains(rule)) {
            let values = gatherer.values(&rules.plan, engine, class, *rule, event);
            hits.push(Hit { rule: *rule, at: at.clone(), values });
        }
        hits.len() <= max
    })?;
    Ok((hits.len() <= max).then_some(hits))
}

/// A rule's uid and logic in one.
pub(super) fn logic_name(plan: &Plan, rule: ItemId) -> Option<Id> {
    Some(Id::of(&[plan.uid(rule)?.as_bytes(), &plan.logic_hash(rule)?.0]))
}

pub(super) fn names_of_logic(plan: &Plan) -> HashMap<Id, ItemId> {
    plan.rules().iter().filter_map(|rule| Some((logic_name(plan, *rule)?, *rule))).collect()
}

/// Since when hits are kept, by what they are kept under.
pub(super) fn kept_since(rules: &Rules, since: &[Since]) -> HashMap<Id, i64> {
    let keys = rules.keys.iter().zip(since);
    keys.filter_map(|(key, since)| Some(((*key)?, since.kept))).collect()
}

/// Since when the rules of a program count, given those before them.
pub(super) fn since(rules: &Rules, old: &Rules, since: &[Since], from: i64, fill: &BackFill) -> Vec<Since> {
    let kept = kept_since(old, since);
    let known = names_of_logic(&old.plan);
    let active = |rule: ItemId| {
        let old = known.get(&logic_name(&rules.plan, rule)?)?;
        since.get(old.0 as usize).map(|since| since.active)
    };
    let one = |at: usize| {
        let rule = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
        let key = rules.key(rule);
        Since {
            active: active(rule).unwrap_or(from),
            kept: match fill.kept.contains(&rule) {
                true => fill.from,
                false => key.and_then(|key| kept.get(&key)).copied().unwrap_or(from),
            },
        }
    };
    (0..rules.program.set.items.len()).map(one).collect()
}
