//! Hunts: the detections of an interval, from hits that lie in store (E42, E43).

use std::ops::Range;
use std::sync::Arc;

use sigyn_ir::ItemId;

use crate::{Detection, Hit, Machine, Matcher, Plan, Status};

impl Plan {
    /// The events that decide all detections of some rules with `ts` in an interval, their totals and evidence too (E43).
    pub fn feed(&self, rules: &[ItemId], interval: &Range<i64>) -> Range<i64> {
        let from = rules.iter().map(|rule| self.need(*rule, interval.start)).min();
        let to = rules.iter().map(|rule| self.settle(*rule, interval.end)).max();
        from.unwrap_or(interval.start)..to.unwrap_or(interval.end)
    }
}

/// The detections of all rules with `ts` in `[A, B)`, in canonical order, as a machine that ran all the time has them.
///
/// `hits` are those of all events in [`Plan::feed`], in any order; others are left out. Detections that can still change
/// with events from the end of the feed on are [`Status::Open`]; that is so only where `hits` end before.
pub fn hunt(
    plan: &Arc<Plan>,
    hits: impl IntoIterator<Item = Hit>,
    interval: Range<i64>,
    matcher: &mut dyn Matcher,
) -> Vec<Detection> {
    let feed = plan.feed(plan.rules(), &interval);
    let mut machine = Machine::new(plan.clone());
    machine.activate(feed.start);
    for hit in hits {
        if feed.contains(&hit.at.ts) {
            machine.push(hit);
        }
    }
    let mut found = Vec::new();
    machine.advance(feed.end, matcher, &mut found);
    found.retain(|detection| interval.contains(&detection.ts) && detection.status != Status::Provisional);
    found
}
