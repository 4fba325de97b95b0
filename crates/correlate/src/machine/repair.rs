//! Repair: late events are put where they belong, and what they change is told (E39–E41).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use sigyn_ir::ItemId;

use super::{Correlating, Machine, Matcher, Scope};
use crate::detection::{Anchor, Status};
use crate::input::Waiting;
use crate::plan::Plan;
use crate::{Detection, Hit, Id};

/// What was stored: hits of events, and detections as they were last published.
pub trait History {
    /// Calls `visit` with every hit of a rule on events whose time lies in an interval, in any order. Late hits that are
    /// about to be repaired may be among them.
    fn hits(&mut self, interval: Range<i64>, visit: &mut dyn FnMut(Hit));

    /// Calls `visit` with every detection of a rule whose time lies in an interval, as it was published last; without
    /// those that were retracted.
    fn detections(&mut self, rule: ItemId, interval: Range<i64>, visit: &mut dyn FnMut(Detection));
}

/// What late events change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A detection that was not there.
    Add(Detection),
    /// A detection that is otherwise than it was published; the id is the same.
    Update(Detection),
    /// A detection that is taken back; its status says so.
    Retract(Detection),
}

impl Machine {
    /// Repairs late hits: afterwards the machine is as if they had come in time, and the changes turn what was published
    /// into what would have been. Changes stand in the order in which rules run, then by time.
    ///
    /// Only rules that the hits can reach are run again, for the groups that the hits touch where groups can be told apart
    /// ([`Scope`]), and from as far back as they need (E42). Collect late hits and repair them together.
    pub fn repair(
        &mut self,
        late: Vec<Hit>,
        history: &mut dyn History,
        matcher: &mut dyn Matcher,
    ) -> Vec<Change> {
        let scope = self.scope(late);
        self.repair_scope(scope, history, matcher)
    }

    /// As [`Self::repair`], for callers that have asked what is needed: of [`History::hits`] only those that the scope
    /// [wants](Scope::wants), of [`History::detections`] those that it [concerns](Scope::concerns).
    pub fn repair_scope(
        &mut self,
        mut scope: Scope,
        history: &mut dyn History,
        matcher: &mut dyn Matcher,
    ) -> Vec<Change> {
        if scope.is_empty() {
            return Vec::new();
        }
        let now = self.watermark;
        let running = scope.running();
        let mut replay = Machine::new(self.plan.clone());
        for (at, rule) in replay.rules.iter_mut().enumerate() {
            let item = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
            match rule {
                Some(rule) if running.contains(&item) => {
                    rule.visited = (!scope.is_whole(item)).then(HashSet::new);
                }
                _ => *rule = None,
            }
        }
        replay.sources = self.sources.clone();
        replay.active = self.active;
        let late = std::mem::take(&mut scope.late);
        // What rules on detections say of a late event is new; what they say of others stands.
        let mut compare =
            Compare { new: ids_as_detections(&self.plan, &late), old: HashSet::new(), changes: Vec::new() };
        for hit in late {
            replay.push(hit);
        }
        history.hits(scope.interval(), &mut |hit| {
            if scope.wants(hit.rule, &hit.values) {
                replay.push(hit);
            }
        });
        replay.latest = replay.latest.max(self.latest);
        let mut found = Vec::new();
        replay.advance(now, matcher, &mut found);
        let mut by_rule: HashMap<ItemId, Vec<Detection>> = HashMap::new();
        found.into_iter().for_each(|it| by_rule.entry(it.rule).or_default().push(it));
        for (rule, range) in scope.affected() {
            // Hits of rules on events are the caller's to publish.
            if !self.plan.children(*rule).is_empty() {
                compare.rule(&scope, *rule, range, by_rule.remove(rule).unwrap_or_default(), history);
            }
        }
        self.take_over(replay, &scope);
        compare.changes
    }

    /// Takes over the state of rules from a machine that has run them again.
    fn take_over(&mut self, mut replay: Machine, scope: &Scope) {
        let plan = self.plan.clone();
        self.sources = replay.sources;
        for (rule, _) in scope.affected() {
            let place = rule.0 as usize;
            let (Some(Some(own)), Some(Some(new)), Some(operator)) =
                (self.rules.get_mut(place), replay.rules.get_mut(place), plan.correlation(*rule))
            else {
                continue;
            };
            let Correlating { pending, mut keys, inventory_from, visited } = std::mem::take(new);
            let concerns =
                |waiting: &Waiting| visited.is_none() || scope.concerns_input(operator, *rule, waiting);
            match &visited {
                None => own.keys = keys,
                Some(groups) => {
                    // Groups of events have had more inputs now than then. Of detections that are gone there may be groups
                    // that have had none.
                    if plan.children(*rule).iter().any(|child| !plan.children(*child).is_empty()) {
                        own.keys.forget_groups(|group| {
                            !groups.contains(group) && scope.concerns_key(operator, *rule, group)
                        });
                    }
                    for group in groups.iter().filter(|group| scope.concerns_key(operator, *rule, group)) {
                        own.keys.move_from(&mut keys, group);
                    }
                }
            }
            own.inventory_from = own.inventory_from.or(inventory_from);
            // Events that wait came here; detections that wait were made again.
            own.pending.retain(|waiting| waiting.at.stratum == 0 || !concerns(waiting));
            for waiting in pending.iter().filter(|waiting| waiting.at.stratum > 0 && concerns(waiting)) {
                own.pending.push(waiting.clone());
            }
        }
        for degraded in replay.degraded {
            self.degrade(degraded);
        }
    }
}

/// The ids of hits of rules on events as the detections that rules on detections see.
fn ids_as_detections(plan: &Plan, hits: &[Hit]) -> HashSet<Id> {
    let nodes = hits.iter().filter_map(|hit| Some((plan.node(hit.rule)?, hit)));
    let watched = nodes.filter(|(node, _)| !node.watchers.is_empty());
    watched.map(|(node, hit)| node.detection_id(&[], Anchor::Event(hit.at.eid))).collect()
}

/// What a repair finds out, rule by rule.
struct Compare {
    /// Detections that were looked at as they are now, and as they were: what stands on them is looked at too.
    new: HashSet<Id>,
    old: HashSet<Id>,
    changes: Vec<Change>,
}

impl Compare {
    /// Compares what a rule gives now with what it gave.
    fn rule(
        &mut self,
        scope: &Scope,
        rule: ItemId,
        range: &Range<i64>,
        found: Vec<Detection>,
        history: &mut dyn History,
    ) {
        let is_selecting = !scope.is_whole(rule) && scope.is_on_detections(rule);
        let stands_on =
            |it: &Detection, ids: &HashSet<Id>| it.evidence.iter().any(|one| ids.contains(&one.eid));
        let is_looked_at = |it: &Detection, ids: &HashSet<Id>| match is_selecting {
            true => stands_on(it, ids),
            false => scope.concerns(rule, &it.group),
        };
        // Of several states of one detection the last counts. The id says which detection it is: a late event can move its time.
        let mut new: BTreeMap<Id, Detection> = BTreeMap::new();
        for detection in found {
            if range.contains(&detection.ts) && is_looked_at(&detection, &self.new) {
                new.insert(detection.id, Detection { is_late: true, ..detection });
            }
        }
        let mut old: BTreeMap<Id, Detection> = BTreeMap::new();
        history.detections(rule, range.clone(), &mut |detection| {
            if new.contains_key(&detection.id) || is_looked_at(&detection, &self.old) {
                old.insert(detection.id, detection);
            }
        });
        self.new.extend(new.keys());
        self.old.extend(old.keys());
        tell(new, old, &mut self.changes);
    }
}

/// Tells how detections differ from what they were.
fn tell(new: BTreeMap<Id, Detection>, mut old: BTreeMap<Id, Detection>, changes: &mut Vec<Change>) {
    let mut told: Vec<(i64, Id, Change)> = Vec::new();
    for (id, detection) in new {
        let ts = detection.ts;
        match old.remove(&id) {
            None => told.push((ts, id, Change::Add(detection))),
            Some(known) if is_same(&known, &detection) => {}
            Some(known) => {
                let revision = detection.revision.max(known.revision.saturating_add(1));
                told.push((ts, id, Change::Update(Detection { revision, ..detection })));
            }
        }
    }
    for (id, detection) in old {
        let revision = detection.revision.saturating_add(1);
        let status = Status::Retracted;
        let detection = Detection { status, revision, is_late: true, ..detection };
        told.push((detection.ts, id, Change::Retract(detection)));
    }
    told.sort_by_key(|(ts, id, _)| (*ts, *id));
    changes.extend(told.into_iter().map(|(_, _, change)| change));
}

/// Whether two states are one, but for what describes how they became known (E2).
fn is_same(a: &Detection, b: &Detection) -> bool {
    let plain = |it: &Detection| Detection { revision: 0, is_late: false, ..it.clone() };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, base, correlation};
    use crate::{NoMatcher, Pushed};

    struct Store(Vec<Hit>, Vec<Detection>);

    impl History for Store {
        fn hits(&mut self, interval: Range<i64>, visit: &mut dyn FnMut(Hit)) {
            self.0.iter().filter(|hit| interval.contains(&hit.at.ts)).cloned().for_each(visit);
        }

        fn detections(&mut self, rule: ItemId, interval: Range<i64>, visit: &mut dyn FnMut(Detection)) {
            let all = self.1.iter().filter(|it| it.rule == rule && interval.contains(&it.ts));
            all.cloned().for_each(visit);
        }
    }

    /// Of a group above, all inputs can be detections that a late event takes back: then nothing is run for it again, and
    /// it must go all the same.
    #[test]
    fn groups_go_with_the_detections_that_made_them() {
        let few = |rules: &str, span: &str| {
            format!(
                "type: event_count, rules: [{rules}], group-by: [u], timespan: {span}, condition: {{lt: 2}}"
            )
        };
        let text =
            base(&["a"]) + &correlation("c", &few("a", "2s"), "") + &correlation("d", &few("c", "10s"), "");
        let it = Bench::new(&text);
        for other in ["", "a@1 u=y"] {
            let mut machine = Machine::new(it.plan.clone());
            let mut store = Store(it.hits(&["a@1 u=x", "a@1.5 u=z"]), Vec::new());
            store.0.extend((!other.is_empty()).then(|| it.hit(other)));
            store.0.iter().for_each(|hit| assert_eq!(machine.push(hit.clone()), Pushed::Taken));
            machine.advance(3_000_000_000, &mut NoMatcher, &mut store.1);
            let late = it.hit("a@0 u=x");
            assert_eq!(machine.push(late.clone()), Pushed::Late);
            let changes = machine.repair(vec![late], &mut store, &mut NoMatcher);
            assert!(matches!(&changes[..], [Change::Retract(it)] if it.ts == 2_000_000_000), "{changes:?}");
            let mut out = Vec::new();
            machine.finish(&mut NoMatcher, &mut out);
            let users: Vec<_> = out.iter().filter(|found| found.rule == it.item("d")).collect();
            assert_eq!(users.len(), if other.is_empty() { 1 } else { 2 }, "{users:?}");
            assert!(users.iter().all(|found| found.group[0].1.as_deref() != Some("x")), "{users:?}");
        }
    }
}
