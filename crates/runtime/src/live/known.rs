//! Which signals stand and can still change.

use std::collections::{BTreeMap, HashMap, HashSet};

use sigyn_correlate::Id;

use super::Signal;

/// Signals that are not final. Bounded by the episodes that are open and by what is told ahead of the watermark.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Confirmed by the machine, and still growing.
    pub(super) open: HashSet<Id>,
    /// Told, but not by the machine behind the watermark: provisional ones, and after a restart those that were told since
    /// the snapshot. The watermark will say whether they hold.
    claimed: BTreeMap<(i64, Id), Claimed>,
    times: HashMap<Id, i64>,
    groups: HashMap<Id, HashSet<(i64, Id)>>,
    /// Confirmed at the very instant of the watermark or behind it: not to be claimed by a restart.
    pub(super) at_edge: BTreeMap<Id, i64>,
}

#[derive(Debug)]
struct Claimed {
    signal: Signal,
    group: Id,
    superseded_by: Option<Id>,
}

impl Known {
    /// Whether it is told and not confirmed.
    pub(super) fn is_claimed(&self, id: Id) -> bool {
        self.times.contains_key(&id)
    }

    /// A signal is told and not confirmed.
    pub(super) fn claim(&mut self, signal: Signal) {
        let (key, group) = ((signal.ts, signal.id), signal.group_key());
        self.times.insert(signal.id, signal.ts);
        self.groups.entry(group).or_default().insert(key);
        self.claimed.insert(key, Claimed { signal, group, superseded_by: None });
    }

    /// The machine says that a signal holds; gives it as it was told if it was not confirmed. Another one of its group, of
    /// another anchor, is replaced by it.
    pub(super) fn confirm(&mut self, id: Id, group: impl FnOnce() -> Id) -> Option<Signal> {
        if let Some(ts) = self.times.get(&id).copied() {
            return self.take((ts, id)).map(|claimed| claimed.signal);
        }
        if !self.groups.is_empty()
            && let Some(others) = self.groups.get(&group())
        {
            for other in others {
                if let Some(claimed) = self.claimed.get_mut(other) {
                    claimed.superseded_by = Some(id);
                }
            }
        }
        None
    }

    /// Takes the signals that the watermark has passed without a confirmation.
    pub(super) fn refuted(&mut self, watermark: i64) -> Vec<Signal> {
        let passed: Vec<(i64, Id)> =
            self.claimed.range(..(watermark, Id::default())).map(|(key, _)| *key).collect();
        let taken = passed.into_iter().filter_map(|key| self.take(key));
        taken.map(|claimed| Signal { superseded_by: claimed.superseded_by, ..claimed.signal }).collect()
    }

    fn take(&mut self, key: (i64, Id)) -> Option<Claimed> {
        let claimed = self.claimed.remove(&key)?;
        self.times.remove(&key.1);
        if let Some(others) = self.groups.get_mut(&claimed.group) {
            others.remove(&key);
            if others.is_empty() {
                self.groups.remove(&claimed.group);
            }
        }
        Some(claimed)
    }
}
