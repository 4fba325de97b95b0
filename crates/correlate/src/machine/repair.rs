//! Repair: late events are put where they belong, and what they change is told (E39–E41).

use std::collections::BTreeMap;
use std::ops::Range;

use sigyn_ir::ItemId;

use super::{Correlating, Machine, Matcher};
use crate::{Detection, Hit, Id, Status};

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
    /// Only rules that the hits can reach are run again, from as far back as they need (E42). What that costs is a hunt over that
    /// time; collect late hits and repair them together.
    pub fn repair(
        &mut self,
        late: Vec<Hit>,
        history: &mut dyn History,
        matcher: &mut dyn Matcher,
    ) -> Vec<Change> {
        let late: Vec<Hit> = late.into_iter().filter(|hit| hit.at.ts < self.watermark).collect();
        let events: Vec<(ItemId, Range<i64>)> =
            late.iter().map(|hit| (hit.rule, hit.at.ts..hit.at.ts.saturating_add(1))).collect();
        let affected = self.plan.affected(&events);
        let now = self.watermark;
        let needs = affected.iter().map(|(rule, range)| self.plan.need(*rule, range.start.min(now)));
        let Some(from) = needs.min() else { return Vec::new() };
        let mut replay = Machine::new(self.plan.clone());
        replay.sources = self.sources.clone();
        replay.active = self.active;
        for hit in late {
            replay.push(hit);
        }
        history.hits(from..now, &mut |hit| {
            replay.push(hit);
        });
        replay.latest = replay.latest.max(self.latest);
        let mut found = Vec::new();
        replay.advance(now, matcher, &mut found);
        let mut changes = Vec::new();
        for (rule, range) in &affected {
            let is_single = self.plan.children(*rule).is_empty();
            // Hits of rules on events are the caller's to publish.
            if !is_single {
                compare(*rule, range, &found, history, &mut changes);
            }
        }
        self.take_over(replay, &affected);
        changes
    }

    /// Takes over the state of rules from a machine that has run them again.
    fn take_over(&mut self, mut replay: Machine, rules: &[(ItemId, Range<i64>)]) {
        self.sources = replay.sources;
        for (rule, _) in rules {
            let place = rule.0 as usize;
            let (Some(Some(own)), Some(Some(new))) = (self.rules.get_mut(place), replay.rules.get_mut(place))
            else {
                continue;
            };
            let Correlating { pending, keys, inventory_from } = std::mem::take(new);
            own.keys = keys;
            own.inventory_from = own.inventory_from.or(inventory_from);
            // Events that wait came here; detections that wait were made again.
            own.pending.retain(|waiting| waiting.at.stratum <= 1);
            for waiting in pending.iter().filter(|waiting| waiting.at.stratum > 1) {
                own.pending.push(waiting.clone());
            }
        }
        for degraded in replay.degraded {
            self.degrade(degraded);
        }
    }
}

/// Compares what a rule gives now with what it gave.
fn compare(
    rule: ItemId,
    range: &Range<i64>,
    found: &[Detection],
    history: &mut dyn History,
    changes: &mut Vec<Change>,
) {
    let mut new: BTreeMap<(i64, Id), Detection> = BTreeMap::new();
    for detection in found.iter().filter(|it| it.rule == rule && range.contains(&it.ts)) {
        // Of several states of one detection the last counts.
        let detection = Detection { is_late: true, ..detection.clone() };
        new.insert((detection.ts, detection.id), detection);
    }
    let mut old: BTreeMap<(i64, Id), Detection> = BTreeMap::new();
    history.detections(rule, range.clone(), &mut |detection| {
        old.insert((detection.ts, detection.id), detection);
    });
    for (key, detection) in &new {
        match old.remove(key) {
            None => changes.push(Change::Add(detection.clone())),
            Some(known) if is_same(&known, detection) => {}
            Some(known) => {
                let revision = detection.revision.max(known.revision.saturating_add(1));
                changes.push(Change::Update(Detection { revision, ..detection.clone() }));
            }
        }
    }
    for (_, detection) in old {
        let revision = detection.revision.saturating_add(1);
        let status = Status::Retracted;
        changes.push(Change::Retract(Detection { status, revision, is_late: true, ..detection }));
    }
}

/// Whether two states are one, but for what describes how they became known (E2).
fn is_same(a: &Detection, b: &Detection) -> bool {
    let plain = |it: &Detection| Detection { revision: 0, is_late: false, ..it.clone() };
    plain(a) == plain(b)
}
