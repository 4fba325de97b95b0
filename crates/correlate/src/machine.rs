//! The machine: hits in, detections out.

mod carry;
pub(crate) mod entries;
mod repair;
mod scope;
mod snapshot;

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_ir::{ItemId, Revisions};

pub use repair::{Change, History};
pub use scope::Scope;
pub use snapshot::SnapshotError;

use crate::detection::Detection;
use crate::group;
use crate::input::{Pending, Ref, Sources, Waiting};
use crate::keys::Keys;
use crate::plan::{Node, NodeKind, Operator, Plan, Shape};
use crate::state::{Cx, Output, Seen};
use crate::{Hit, ValuesWriter};

/// The caller's way to match detections: rules of log source `product: sigyn`, `service: detection` are ordinary
/// detection rules, and evaluating those is the engine's work.
pub trait Matcher {
    /// Adds to `matched` which of `rules` match the event that a detection is ([`Detection::fields`]).
    fn matches(&mut self, detection: &Detection, rules: &[ItemId], matched: &mut Vec<ItemId>);
}

/// A matcher for plans without rules on detections.
#[derive(Clone, Copy, Debug)]
pub struct NoMatcher;

impl Matcher for NoMatcher {
    fn matches(&mut self, _: &Detection, _: &[ItemId], _: &mut Vec<ItemId>) {}
}

/// What became of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for the watermark.
    Taken,
    /// It lies before the watermark: it must be repaired (E39), and was not taken.
    Late,
    /// No correlation and no rule on detections reads this rule's hits.
    Unread,
}

/// An interval in which a rule's results may be wrong, because it had to forget something (E48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Degraded {
    /// The rule's place in the set.
    pub rule: u32,
    /// From here on: nanoseconds UTC.
    pub from: i64,
    /// Up to here, exclusive.
    pub to: i64,
}

/// Correlations and chains at work: a state machine without clock, threads or I/O.
///
/// Hits go in with [`push`](Self::push), in any order. [`advance`](Self::advance) asserts that all events before an
/// instant are there (E9); what that decides comes out. The result depends on the set of hits alone, not on their
/// order, nor on how often the watermark moves (E2).
#[derive(Debug)]
pub struct Machine {
    plan: Arc<Plan>,
    sources: Sources,
    /// For each correlation of the plan.
    rules: Vec<Option<Correlating>>,
    /// Hits that rules on detections are to see.
    watched: Pending,
    watermark: i64,
    /// The instant from which inventories are judged.
    active: Option<i64>,
    /// The latest event pushed.
    latest: i64,
    degraded: Vec<Degraded>,
}

/// A correlation at work.
#[derive(Debug, Default)]
struct Correlating {
    pending: Pending,
    keys: Keys,
    /// The start of the first bucket that the inventory is judged in.
    inventory_from: Option<i64>,
    /// Where it matters, all groups that had an input.
    visited: Option<HashSet<Box<[u8]>>>,
}

impl Machine {
    /// A machine that has seen nothing.
    pub fn new(plan: Arc<Plan>) -> Self {
        let rules = (0..plan.len()).map(|at| {
            let item = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
            operator(&plan, item).map(|_| Correlating::default())
        });
        Self {
            rules: rules.collect(),
            sources: Sources::default(),
            watched: Pending::default(),
            watermark: i64::MIN,
            active: None,
            latest: i64::MIN,
            degraded: Vec::new(),
            plan,
        }
    }

    /// Says from when on the rules are in force (E44). Only inventories need it: without it they are judged from the
    /// window of the first input on.
    pub fn activate(&mut self, from: i64) {
        self.active = Some(from);
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The watermark: all events before it have been seen.
    pub fn watermark(&self) -> i64 {
        self.watermark
    }

    /// Intervals in which rules had to forget something. They stay until they are taken.
    pub fn degraded(&self) -> &[Degraded] {
        &self.degraded
    }

    /// As [`degraded`](Self::degraded), and forgets them: the caller repairs them.
    pub fn take_degraded(&mut self) -> Vec<Degraded> {
        std::mem::take(&mut self.degraded)
    }

    /// Groups that are held, over all rules.
    pub fn groups(&self) -> usize {
        self.rules.iter().flatten().map(|rule| rule.keys.len()).sum()
    }

    /// Takes a hit of a rule on events.
    pub fn push(&mut self, hit: Hit) -> Pushed {
        let plan = &self.plan;
        let Some(node) = plan.node(hit.rule).filter(|_| plan.is_read(hit.rule)) else {
            return Pushed::Unread;
        };
        if hit.at.ts < self.watermark {
            return Pushed::Late;
        }
        self.latest = self.latest.max(hit.at.ts);
        let at = Ref {
            ts: hit.at.ts,
            seq: hit.at.seq,
            eid: hit.at.eid,
            source: self.sources.number(&hit.at.source),
            stratum: 0,
            child: 0,
        };
        let waiting = Waiting { at, rule: hit.rule.0, uid_rank: node.uid_rank, values: hit.values };
        if !node.watchers.is_empty() {
            self.watched.push(waiting.clone());
        }
        deliver(plan, &mut self.rules, node, waiting, |_| true);
        Pushed::Taken
    }

    /// Moves the watermark: every event with `ts < watermark` has been pushed. Adds to `out` what that decides, in
    /// canonical order: detections that are final, and those that opened, or grew to twice what was told, as they are
    /// now. An id may come again, with a higher revision, until it is final; [`open`](Self::open) gives the present
    /// state at any time. A watermark that does not move does nothing.
    pub fn advance(&mut self, watermark: i64, matcher: &mut dyn Matcher, out: &mut Vec<Detection>) {
        if watermark <= self.watermark {
            return;
        }
        self.watermark = watermark;
        let plan = self.plan.clone();
        let from = out.len();
        self.watch(watermark, matcher, out);
        for item in plan.rules() {
            if let (Some(node), Some(operator)) = (plan.node(*item), operator(&plan, *item)) {
                self.step(node, operator, watermark, matcher, out);
            }
        }
        let rank = |detection: &Detection| plan.node(detection.rule).map_or(0, |node| node.uid_rank);
        // By keys: detections are large, and each moves once.
        out[from..].sort_by_cached_key(|it| (it.ts, it.stratum, it.id, rank(it), it.revision, it.status));
    }

    /// Ends: no event comes any more. Everything that is open closes.
    pub fn finish(&mut self, matcher: &mut dyn Matcher, out: &mut Vec<Detection>) {
        self.advance(i64::MAX, matcher, out);
    }

    /// Adds all detections that can still change, as they are now.
    pub fn open(&mut self, out: &mut Vec<Detection>) {
        let plan = self.plan.clone();
        let from = out.len();
        for item in plan.rules() {
            let (Some(node), Some(operator)) = (plan.node(*item), operator(&plan, *item)) else { continue };
            let Some(Some(rule)) = self.rules.get_mut(item.0 as usize) else { continue };
            let mut output = Output::default();
            let mut cx = Cx { plan: &plan, node, operator, sources: &self.sources, out: &mut output };
            rule.keys.publish_open(true, &mut cx);
            out.append(&mut output.published);
        }
        out[from..].sort_by_key(|it| (it.ts, it.stratum, it.id));
    }

    /// One step of one correlation.
    fn step(
        &mut self,
        node: &Node,
        operator: &Operator,
        watermark: i64,
        matcher: &mut dyn Matcher,
        out: &mut Vec<Detection>,
    ) {
        let plan = self.plan.clone();
        let Some(Some(rule)) = self.rules.get_mut(node.item.0 as usize) else { return };
        let taken = rule.pending.take(watermark, &self.sources);
        let mut output = Output { wants_revisions: wants_revisions(&plan, node), ..Output::default() };
        let mut cx = Cx { plan: &plan, node, operator, sources: &self.sources, out: &mut output };
        // At the end there is no watermark that says how long nothing has happened.
        let end = if watermark == i64::MAX { after(operator, self.latest) } else { watermark };
        rule.keep_inventory(taken.first().map(|first| first.at.ts), self.active, end, &mut cx);
        let mut budget = Budget { limits: plan.limits, from: i64::MAX, to: i64::MIN };
        let mut places = Vec::new();
        entries::for_each(&taken, operator, &plan.limits, |block| {
            rule.keys.look_up(block, &mut places);
            if let Some(visited) = &mut rule.visited {
                visited.extend(block.keys().map(Into::into));
            }
            for (group, entry, place) in block.members(&places) {
                budget.make_room(&mut rule.keys, group, entry.at.ts, &mut cx);
                rule.keys.input(group, place, entry, &mut cx);
                budget.shrink(&mut rule.keys, group);
            }
        });
        for key in &operator.inventory {
            rule.keys.settle_group(&group::key(key.iter().map(String::as_str)), end, &mut cx);
        }
        rule.keys.settle(watermark, &mut cx);
        rule.keys.publish_open(false, &mut cx);
        if budget.from < budget.to {
            let reach = plan.reach(node.item, budget.from..budget.to);
            self.degrade(Degraded { rule: node.item.0, from: reach.start, to: reach.end });
        }
        out.append(&mut output.published);
        for seen in output.seen {
            self.show(node, seen, matcher, out);
        }
    }

    fn degrade(&mut self, more: Degraded) {
        match self.degraded.iter_mut().find(|known| known.rule == more.rule) {
            Some(known) => {
                known.from = known.from.min(more.from);
                known.to = known.to.max(more.to);
            }
            None => self.degraded.push(more),
        }
    }

    /// Shows hits of rules on events, as the detections that they are, to rules on detections.
    fn watch(&mut self, watermark: i64, matcher: &mut dyn Matcher, out: &mut Vec<Detection>) {
        let plan = self.plan.clone();
        for waiting in self.watched.take(watermark, &self.sources) {
            let at = crate::At {
                ts: waiting.at.ts,
                source: self.sources.name(waiting.at.source),
                seq: waiting.at.seq,
                eid: waiting.at.eid,
            };
            let hit = Hit { rule: ItemId(waiting.rule), at, values: waiting.values };
            if let Some(detection) = plan.detection_of(&hit) {
                self.select(detection, matcher, out);
            }
        }
    }

    /// Shows a correlation's detection to those who read it.
    fn show(&mut self, node: &Node, seen: Seen, matcher: &mut dyn Matcher, out: &mut Vec<Detection>) {
        let plan = self.plan.clone();
        let at = self.reference(node, seen.ts, seen.eid);
        let waiting = Waiting { at, rule: node.item.0, uid_rank: node.uid_rank, values: seen.values };
        deliver(&plan, &mut self.rules, node, waiting, |operator| {
            !seen.is_revision || operator.revisions == Revisions::Each
        });
        if let Some(detection) = seen.detection {
            self.select(*detection, matcher, out);
        }
    }

    /// Where a detection of a rule stands among inputs.
    fn reference(&mut self, node: &Node, ts: i64, eid: crate::Id) -> Ref {
        let stratum = u16::try_from(node.stratum).unwrap_or(u16::MAX);
        Ref { ts, seq: 0, eid, source: self.sources.nameless(), stratum, child: 0 }
    }

    /// Lets rules on detections look at a detection, and those at what that gives.
    fn select(&mut self, detection: Detection, matcher: &mut dyn Matcher, out: &mut Vec<Detection>) {
        let plan = self.plan.clone();
        let mut to_see = vec![detection];
        let mut matched = Vec::new();
        while let Some(detection) = to_see.pop() {
            let Some(producer) = plan.node(detection.rule).filter(|node| !node.watchers.is_empty()) else {
                continue;
            };
            matched.clear();
            matcher.matches(&detection, &producer.watchers, &mut matched);
            for item in &producer.watchers {
                let Some(node) = plan.node(*item).filter(|_| matched.contains(item)) else { continue };
                let mut writer = ValuesWriter::default();
                crate::own::write_read_of(&mut writer, &node.reads, producer, &detection);
                let values = writer.finish();
                // A hit stands where its event stands, which is the detection.
                let event = self.reference(producer, detection.ts, detection.id);
                let waiting =
                    Waiting { at: event, rule: item.0, uid_rank: node.uid_rank, values: values.clone() };
                deliver(&plan, &mut self.rules, node, waiting, |_| true);
                let at = crate::At { ts: detection.ts, source: "".into(), seq: 0, eid: detection.id };
                let hit = Hit { rule: *item, at, values };
                if let Some(made) = plan.detection_of(&hit) {
                    out.push(made.clone());
                    to_see.push(made);
                }
            }
        }
    }
}

impl Correlating {
    /// Sees to it that the keys of an inventory are judged up to an instant (E35).
    fn keep_inventory(&mut self, first_input: Option<i64>, active: Option<i64>, end: i64, cx: &mut Cx<'_>) {
        if cx.operator.shape != Shape::Bucket || cx.operator.inventory.is_empty() {
            return;
        }
        let first = match active {
            // The first bucket that ends in time.
            Some(active) => Some(active.saturating_sub(1)),
            None => first_input,
        };
        let Some(from) = self.inventory_from.or(first.map(|first| cx.operator.buckets.start(first))) else {
            return;
        };
        self.inventory_from = Some(from);
        for key in &cx.operator.inventory {
            let group = group::key(key.iter().map(String::as_str));
            self.keys.judge_always(&group, from, end, cx);
        }
    }
}

/// What a step may hold, and what it had to forget.
struct Budget {
    limits: crate::Limits,
    from: i64,
    to: i64,
}

impl Budget {
    /// Makes room for a group, unless it is there.
    fn make_room(&mut self, keys: &mut Keys, group: &[u8], now: i64, cx: &mut Cx<'_>) {
        while keys.len() >= self.limits.groups_max.max(1) && !keys.holds(group) {
            match keys.evict(cx) {
                Some((ts, is_whole)) => self.forgot(ts, if is_whole { now } else { ts }),
                None => return,
            }
        }
    }

    /// Shortens the window of a group that has just grown.
    fn shrink(&mut self, keys: &mut Keys, group: &[u8]) {
        while keys.inputs() > self.limits.inputs_max.max(1) {
            match keys.drop_oldest(group) {
                Some(ts) => self.forgot(ts, ts),
                None => return,
            }
        }
    }

    /// Inputs from one instant to another, inclusive, are forgotten.
    fn forgot(&mut self, from: i64, to: i64) {
        self.from = self.from.min(from);
        self.to = self.to.max(to.max(from).saturating_add(1));
    }
}

/// Gives an input to the correlations that list its rule.
fn deliver(
    plan: &Plan,
    rules: &mut [Option<Correlating>],
    node: &Node,
    waiting: Waiting,
    wants: impl Fn(&Operator) -> bool,
) {
    let mut give = |consumer: &ItemId, mut waiting: Waiting, child: u16| {
        if operator(plan, *consumer).is_some_and(&wants)
            && let Some(Some(rule)) = rules.get_mut(consumer.0 as usize)
        {
            waiting.at.child = child;
            rule.pending.push(waiting);
        }
    };
    if let Some(((last, child), others)) = node.consumers.split_last() {
        others.iter().for_each(|(consumer, child)| give(consumer, waiting.clone(), *child));
        give(last, waiting, *child);
    }
}

/// The end of the window that holds an instant.
fn after(operator: &Operator, ts: i64) -> i64 {
    match operator.shape {
        Shape::Bucket => operator.buckets.end(ts),
        _ => ts,
    }
}

fn wants_revisions(plan: &Plan, node: &Node) -> bool {
    let wants = |item: &ItemId| operator(plan, *item).is_some_and(|it| it.revisions == Revisions::Each);
    node.consumers.iter().any(|(item, _)| wants(item))
}

/// The operator of a rule, if it is a correlation.
fn operator(plan: &Plan, item: ItemId) -> Option<&Operator> {
    match plan.node(item).map(|node| &node.kind) {
        Some(NodeKind::Correlation(operator)) => Some(operator),
        _ => None,
    }
}
