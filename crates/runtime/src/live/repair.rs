//! Late events: what they change is worked out from what was, and told (E39–E41).

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{Change as Repaired, Detection, History as Past, Hit, Id, Plan, Scope, Status, Values};
use sigyn_ir::ItemId;

use super::driver::Live;
use super::history::History;
use super::matcher::Matching;
use super::signal::{Change, Signal};
use super::{LiveError, arrival::Rules};

/// What was, read before the machine is touched, so that an unreadable store changes nothing.
#[derive(Debug, Default)]
struct Read {
    hits: Vec<Hit>,
    detections: HashMap<ItemId, Vec<Detection>>,
}

impl Past for Read {
    fn hits(&mut self, interval: Range<i64>, visit: &mut dyn FnMut(Hit)) {
        std::mem::take(&mut self.hits)
            .into_iter()
            .filter(|hit| interval.contains(&hit.at.ts))
            .for_each(visit);
    }

    fn detections(&mut self, rule: ItemId, interval: Range<i64>, visit: &mut dyn FnMut(Detection)) {
        let all = self.detections.remove(&rule).unwrap_or_default();
        all.into_iter().filter(|one| interval.contains(&one.ts)).for_each(visit);
    }
}

impl Live {
    /// Repairs all late hits together.
    pub(super) fn repair(&mut self, history: &mut dyn History) -> Result<(), LiveError> {
        if self.late.is_empty() {
            return Ok(());
        }
        // What is told is what the history must know before it is asked.
        if !self.untold.is_empty() {
            history.tell(&self.untold)?;
            self.given.append(&mut self.untold);
        }
        let scope = self.machine.scope(self.late.clone());
        let Some(mut read) = self.read(&scope, history)? else {
            let why = "late events need a look back at more matches than the limit allows";
            self.degrade(scope.affected(), why);
            self.late.clear();
            self.late_since = None;
            return Ok(());
        };
        self.late.clear();
        self.late_since = None;
        let mut matching = Matching { rules: &self.rules, memory: &mut self.memory };
        let changes = self.machine.repair_scope(scope, &mut read, &mut matching);
        self.tell_taken();
        changes.into_iter().for_each(|change| self.repaired(change));
        self.note_degraded();
        Ok(())
    }

    /// What a repair needs of the past; none if that is too much.
    fn read(&self, scope: &Scope, history: &mut dyn History) -> Result<Option<Read>, LiveError> {
        let plan = &self.rules.plan;
        let rules: Vec<ItemId> = scope.affected().iter().map(|(rule, _)| *rule).collect();
        let max = self.settings.repair_hits_max;
        let wants = |rule: ItemId, values: &Values| scope.wants(rule, values);
        let found = past_hits(&self.rules, &below(plan, &rules), scope.interval(), &wants, max, history)?;
        let Some(hits) = found else { return Ok(None) };
        let mut read = Read { hits, detections: HashMap::new() };
        for (rule, range) in scope.affected().iter().filter(|(rule, _)| !plan.children(*rule).is_empty()) {
            let Some(uid) = plan.uid(*rule) else { continue };
            let detections = read.detections.entry(*rule).or_default();
            let is_wanted = |group: &[(Arc<str>, Option<String>)]| scope.concerns(*rule, group);
            history.signals_of(uid, range.clone(), &is_wanted, &mut |signal| {
                // What is told ahead of the watermark is no result yet.
                if !self.known.is_claimed(signal.id) {
                    detections.extend(signal.detection(&self.rules.names));
                }
            })?;
        }
        Ok(Some(read))
    }

    fn repaired(&mut self, change: Repaired) {
        let (Repaired::Add(detection) | Repaired::Update(detection) | Repaired::Retract(detection)) = &change;
        if !self.is_active(detection) {
            return;
        }
        let (id, is_open) = (detection.id, detection.status == Status::Open);
        if is_open {
            self.known.open.insert(id);
        } else {
            self.known.open.remove(&id);
        }
        match change {
            Repaired::Add(detection) => {
                let signal = Signal::of(detection.clone(), &self.rules.plan, &self.rules.names);
                // It was told ahead of the watermark, and now holds.
                let told = signal.and_then(|signal| self.known.confirm(id, || signal.group_key()));
                let how = if told.is_some() { Change::Update } else { Change::Add };
                self.change(detection, how);
            }
            Repaired::Update(detection) => self.change(detection, Change::Update),
            Repaired::Retract(detection) => self.change(detection, Change::Retract),
        }
    }

    /// Results of rules may be wrong.
    pub(super) fn degrade(&mut self, rules: &[(ItemId, Range<i64>)], why: &str) {
        for (rule, range) in rules {
            let is_above = !self.rules.plan.children(*rule).is_empty();
            if let Some(health) = self.health.get_mut(rule.0 as usize).filter(|_| is_above) {
                health.degrade(range.clone());
                health.error = Some(why.to_owned());
            }
        }
    }
}

/// All rules below some, themselves included.
pub(super) fn below(plan: &Plan, rules: &[ItemId]) -> HashSet<ItemId> {
    let mut below: HashSet<ItemId> = HashSet::new();
    let mut to_see = rules.to_vec();
    while let Some(rule) = to_see.pop() {
        if below.insert(rule) {
            to_see.extend(plan.children(rule));
        }
    }
    below
}

/// What the hits of rules that are read are kept under.
pub(super) fn by_key(rules: &Rules, wanted: &HashSet<ItemId>) -> HashMap<Id, ItemId> {
    let read = wanted.iter().filter(|rule| rules.plan.is_read(**rule));
    read.filter_map(|rule| Some((rules.key(*rule)?, *rule))).collect()
}

/// Hits of rules in an interval, as far as they are wanted; none if there are more than the limit.
pub(super) fn past_hits(
    rules: &Rules,
    wanted: &HashSet<ItemId>,
    interval: Range<i64>,
    wants: &dyn Fn(ItemId, &Values) -> bool,
    max: usize,
    history: &mut dyn History,
) -> Result<Option<Vec<Hit>>, LiveError> {
    let by_key = by_key(rules, wanted);
    let keys: HashSet<Id> = by_key.keys().copied().collect();
    let mut hits = Vec::new();
    history.hits(&keys, interval, &mut |kept| {
        if let Some(rule) = by_key.get(&kept.rule).filter(|rule| wants(**rule, &kept.values)) {
            hits.push(Hit { rule: *rule, at: kept.at, values: kept.values });
        }
        hits.len() <= max
    })?;
    Ok((hits.len() <= max).then_some(hits))
}
