//! From one plan to the next: rules that are the same keep their state (E44).

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_ir::ItemId;

use super::{Degraded, Machine, Matcher, operator};
use crate::hash::Hash;
use crate::input::Waiting;
use crate::plan::{NodeKind, Plan, Shape};
use crate::{Detection, Hit, Id};

impl Plan {
    /// What the state of a rule hangs on: two rules with the same key, of any two plans, have one state after the same
    /// events. Beyond the logic these are the names in ids, and which fields are kept for rules above.
    pub fn state_key(&self, rule: ItemId) -> Option<Id> {
        let node = self.node(rule)?;
        let mut hash = Hash::new();
        hash.text(&node.uid);
        hash.bytes(&node.logic.0);
        hash.number(node.reads.len() as i128);
        node.reads.iter().for_each(|field| hash.text(field));
        if let NodeKind::Correlation(operator) = &node.kind {
            // The names of evidence: what is listed, by name, in the order of the list.
            for child in &operator.children {
                hash.text(self.uid(*child).unwrap_or(""));
            }
            operator.extras.iter().for_each(|field| hash.text(field));
        }
        Some(hash.id())
    }

    /// Whether more events can only keep a rule's condition true (E29), and those of all rules below it, so that it may
    /// be published before the watermark has passed (E10).
    pub fn is_monotone(&self, rule: ItemId) -> bool {
        let Some(node) = self.node(rule) else { return false };
        let is_it = match operator(self, rule) {
            // What is not monotone is judged at closes and deadlines.
            Some(operator) => operator.shape == Shape::Sliding && operator.suppress == 0,
            None => true,
        };
        is_it && node.children().iter().all(|child| self.is_monotone(*child))
    }
}

impl Plan {
    /// Whether a correlation is judged when windows close rather than at each input (E16, E17, E29).
    pub fn is_judged_at_close(&self, rule: ItemId) -> bool {
        operator(self, rule).is_some_and(|it| matches!(it.shape, Shape::Bucket | Shape::Session { .. }))
    }
}

impl Machine {
    /// A machine for another plan. Rules with the same [`Plan::state_key`] go on where they are; `hits` are what the others
    /// need to stand where they would had they run all the time: those of all rules below them from
    /// [`Plan::need`] on, in any order. Detections of the others before the watermark are not told; their consumers see
    /// them.
    ///
    /// Hits that wait for the watermark are dropped: it is for the caller to push those from the watermark on again, because
    /// what a hit must bring can have changed.
    pub fn carried(
        self,
        plan: Arc<Plan>,
        hits: impl IntoIterator<Item = Hit>,
        matcher: &mut dyn Matcher,
    ) -> Self {
        let watermark = self.watermark;
        let mut next = Machine::new(plan.clone());
        next.sources = self.sources;
        next.active = self.active;
        next.latest = self.latest;
        for hit in hits.into_iter().filter(|hit| hit.at.ts < watermark) {
            next.push(hit);
        }
        next.advance(watermark, matcher, &mut Vec::<Detection>::new());
        next.watermark = watermark;
        // By its old number, the number of each rule that is the same.
        let keys = plan.state_keys();
        let same: HashMap<u32, ItemId> = (0..)
            .map(ItemId)
            .take(self.rules.len())
            .filter_map(|old| Some((old.0, *keys.get(&self.plan.state_key(old)?)?)))
            .collect();
        for (old, rule) in (0..).zip(self.rules) {
            let (Some(item), Some(rule)) = (same.get(&old), rule) else { continue };
            let Some(Some(place)) = next.rules.get_mut(item.0 as usize) else { continue };
            place.keys = rule.keys;
            place.inventory_from = rule.inventory_from;
            // Detections of this very instant wait for it to pass. Those of rules that were run again were made again.
            let made_again = |child: u32| !same.values().any(|item| item.0 == child);
            place.pending.retain(|waiting| waiting.at.stratum > 0 && made_again(waiting.rule));
            for waiting in rule.pending.iter().filter(|waiting| waiting.at.stratum > 0) {
                let child = same.get(&waiting.rule).and_then(|item| plan.node(*item));
                if let Some(child) = child {
                    let (rule, uid_rank) = (child.item.0, child.uid_rank);
                    place.pending.push(Waiting { rule, uid_rank, ..waiting.clone() });
                }
            }
        }
        for degraded in self.degraded {
            if let Some(rule) = same.get(&degraded.rule) {
                next.degrade(Degraded { rule: rule.0, ..degraded });
            }
        }
        next
    }
}

impl Plan {
    /// The correlations that [`Machine::carried`] cannot carry over from another plan: they need hits.
    pub fn fresh(&self, old: &Plan) -> Vec<ItemId> {
        let keys = old.state_keys();
        let is_known = |item| self.state_key(item).is_some_and(|key| keys.contains_key(&key));
        let rules = self.rules().iter().copied();
        rules.filter(|item| operator(self, *item).is_some() && !is_known(*item)).collect()
    }

    fn state_keys(&self) -> HashMap<Id, ItemId> {
        self.rules().iter().filter_map(|item| Some((self.state_key(*item)?, *item))).collect()
    }
}
