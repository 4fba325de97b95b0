//! Hits by time, in memory: the newest of them, and from when on none is missing.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use sigyn_correlate::Id;

use super::KeptHit;

/// Hits that are kept in memory.
#[derive(Clone, Debug)]
pub struct KeptHits {
    /// By time, rule and event: what comes again is kept once.
    hits: BTreeMap<(i64, Id, Id), KeptHit>,
    max: usize,
    /// All hits at or after this time are there.
    whole_from: i64,
}

impl KeptHits {
    /// At most so many of what comes from now on; one takes about 300 bytes. Nothing has been before.
    pub fn new(max: usize) -> Self {
        Self { hits: BTreeMap::new(), max: max.max(1), whole_from: i64::MIN }
    }

    /// As [`new`](Self::new), where something may have been before.
    pub fn after_others(max: usize) -> Self {
        Self { whole_from: i64::MAX, ..Self::new(max) }
    }

    /// The time from which on no hit is missing; hits that came before it may be there.
    pub fn whole_from(&self) -> i64 {
        self.whole_from
    }

    /// Says that all hits at or after a time are there now, unless they were too many.
    pub fn is_whole_from(&mut self, ts: i64) {
        self.whole_from = self.whole_from.min(ts);
        self.shrink();
    }

    /// Keeps a hit. When they are too many the oldest go.
    pub fn keep(&mut self, hit: &KeptHit) {
        self.hits.entry((hit.at.ts, hit.rule, hit.at.eid)).or_insert_with(|| hit.clone());
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.hits.len() > self.max {
            let Some(((ts, _, _), _)) = self.hits.pop_first() else { return };
            self.whole_from = self.whole_from.max(ts.saturating_add(1));
        }
    }

    /// Calls `visit` with the hits of some rules in an interval until it says no.
    pub fn visit(&self, rules: &HashSet<Id>, interval: Range<i64>, visit: &mut dyn FnMut(KeptHit) -> bool) {
        if interval.is_empty() {
            return;
        }
        let first = Id::default();
        for (_, hit) in self.hits.range((interval.start, first, first)..(interval.end, first, first)) {
            if rules.contains(&hit.rule) && !visit(hit.clone()) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sigyn_correlate::{At, Values};

    use super::*;

    fn hit(ts: i64) -> KeptHit {
        let at = At { ts, source: "a".into(), seq: 0, eid: Id::of(&[&ts.to_le_bytes()]) };
        KeptHit { rule: Id::default(), at, values: Values::default() }
    }

    #[test]
    fn what_goes_is_known_to_be_missing() {
        let mut kept = KeptHits::new(3);
        let all = HashSet::from([Id::default()]);
        let there = |kept: &KeptHits| {
            let mut found = Vec::new();
            kept.visit(&all, 0..100, &mut |hit| {
                found.push(hit.at.ts);
                true
            });
            (found, kept.whole_from())
        };
        [5, 3, 5, 9].into_iter().for_each(|ts| kept.keep(&hit(ts)));
        assert_eq!(there(&kept), (vec![3, 5, 9], i64::MIN), "the same again is kept once");
        kept.keep(&hit(7));
        assert_eq!(there(&kept), (vec![5, 7, 9], 4));
        kept.keep(&hit(1));
        assert_eq!(there(&kept), (vec![5, 7, 9], 4), "what is older than all goes itself");
        let mut kept = KeptHits::after_others(3);
        kept.keep(&hit(5));
        assert_eq!(there(&kept), (vec![5], i64::MAX));
        kept.is_whole_from(2);
        assert_eq!(there(&kept), (vec![5], 2));
    }
}
