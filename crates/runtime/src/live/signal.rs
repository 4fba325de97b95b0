//! What the driver tells: signals, by names that hold when rules come and go, and how they change.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_correlate::{Anchor, Detection, Evidence, Id, Outcome, Plan, Status, Value, Values};
use sigyn_ir::{ItemId, Level};

/// A detection as it is kept and shown. Rules are named by their uid (E3), because their places change with every reload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The same for the same rule, logic, group and anchor, in every run (E3). Of a rule on single events: of the rule,
    /// its logic and the event.
    pub id: Id,
    /// The rule's uid: its id, else from its name, else from its title and logic.
    pub rule: Arc<str>,
    /// The hash of the logic that found it.
    pub logic: Id,
    /// The anchor's time, or the instant at which it was decided: nanoseconds UTC.
    pub ts: i64,
    /// The earliest input that contributed.
    pub first_seen: i64,
    /// The last input at which it held.
    pub last_seen: i64,
    /// What it hangs on.
    pub anchor: Anchor,
    /// The names and values of its group; none for a field that the events lack.
    pub group: Vec<(Arc<str>, Option<String>)>,
    /// What was counted or measured at the anchor; none for rules on single events.
    pub value: Option<Value>,
    /// How many inputs contributed.
    pub total: u64,
    /// How many had at the anchor.
    pub total_at_anchor: u64,
    /// The oldest and the newest inputs that contributed.
    pub evidence: Vec<Reference>,
    /// Whether there are more inputs than that.
    pub is_truncated: bool,
    /// Whether an event that contributed would have been in more groups than the limit allows (E13).
    pub is_fanout_truncated: bool,
    /// Named values over all that contributed.
    pub outcomes: Vec<Outcome>,
    /// The same at the anchor.
    pub outcomes_at_anchor: Vec<Outcome>,
    /// What rules above read of it, in the order of [`Plan::reads`].
    pub values: Values,
    /// 0 to 100.
    pub risk: u8,
    /// The rule's level.
    pub level: Option<Arc<str>>,
    /// How many detections of the group were left out behind it.
    pub suppressed: u64,
    /// How many rules stand one on the other below it, itself included.
    pub stratum: u32,
    /// Whether it can still change.
    pub status: Status,
    /// How often it has changed.
    pub revision: u32,
    /// Whether an event that came late made or changed it.
    pub is_late: bool,
    /// Whether it is for people; others are there for the evidence of those above them.
    pub is_shown: bool,
    /// Of a provisional signal that was retracted: the one that stands in its place, of the same rule and group (E10).
    pub superseded_by: Option<Id>,
}

/// An input of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its time.
    pub ts: i64,
    /// The uid of the rule that matched.
    pub rule: Arc<str>,
    /// The event's feed; empty for signals.
    pub source: Arc<str>,
    /// The event's place in its feed.
    pub seq: u64,
    /// The event's or the signal's id.
    pub eid: Id,
    /// Whether [`Self::eid`] names a signal.
    pub is_signal: bool,
}

/// A change of what is known. Whoever keeps signals by id and applies all changes in order has the right set; to apply one
/// twice does no harm, and after a restart some come twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// A signal that was not there.
    Add(Signal),
    /// A signal that is otherwise than it was.
    Update(Signal),
    /// A signal that is taken back; its status says so.
    Retract(Signal),
}

impl Change {
    /// The signal as it is now.
    pub fn signal(&self) -> &Signal {
        match self {
            Change::Add(signal) | Change::Update(signal) | Change::Retract(signal) => signal,
        }
    }
}

impl Signal {
    /// A detection by lasting names; none if the plan has no such rule.
    pub(super) fn of(detection: Detection, plan: &Plan, names: &Names) -> Option<Self> {
        let rule = names.uid(detection.rule)?;
        let reference = |one: Evidence| Reference {
            ts: one.ts,
            rule: names.uid(one.rule).unwrap_or_else(|| "".into()),
            source: one.source,
            seq: one.seq,
            eid: one.eid,
            is_signal: one.is_detection,
        };
        Some(Self {
            id: detection.id,
            rule,
            logic: plan.logic_hash(detection.rule)?,
            ts: detection.ts,
            first_seen: detection.first_seen,
            last_seen: detection.last_seen,
            anchor: detection.anchor,
            group: detection.group,
            value: detection.value,
            total: detection.total,
            total_at_anchor: detection.total_at_anchor,
            evidence: detection.evidence.into_iter().map(reference).collect(),
            is_truncated: detection.is_truncated,
            is_fanout_truncated: detection.is_fanout_truncated,
            outcomes: detection.outcomes,
            outcomes_at_anchor: detection.outcomes_at_anchor,
            values: detection.values,
            risk: detection.risk,
            level: detection.level.map(|level| level.as_str().into()),
            suppressed: detection.suppressed,
            stratum: detection.stratum,
            status: detection.status,
            revision: detection.revision,
            is_late: detection.is_late,
            is_shown: detection.is_signal,
            superseded_by: None,
        })
    }

    /// The detection of a plan that it is; none if the plan has no such rule.
    pub(super) fn detection(self, names: &Names) -> Option<Detection> {
        let rule = names.item(&self.rule)?;
        let evidence = |one: Reference| Evidence {
            ts: one.ts,
            // A rule that is gone is no rule of this plan: the two differ then, and the new one is told.
            rule: names.item(&one.rule).unwrap_or(ItemId(u32::MAX)),
            source: one.source,
            seq: one.seq,
            eid: one.eid,
            is_detection: one.is_signal,
        };
        Some(Detection {
            id: self.id,
            rule,
            ts: self.ts,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            anchor: self.anchor,
            group: self.group,
            value: self.value,
            total: self.total,
            total_at_anchor: self.total_at_anchor,
            evidence: self.evidence.into_iter().map(evidence).collect(),
            is_truncated: self.is_truncated,
            is_fanout_truncated: self.is_fanout_truncated,
            outcomes: self.outcomes,
            outcomes_at_anchor: self.outcomes_at_anchor,
            values: self.values,
            risk: self.risk,
            level: self.level.and_then(|level| Level::parse(&level)),
            suppressed: self.suppressed,
            stratum: self.stratum,
            status: self.status,
            revision: self.revision,
            is_late: self.is_late,
            is_signal: self.is_shown,
        })
    }

    /// What a group of a rule is called.
    pub(super) fn group_key(&self) -> Id {
        let mut parts: Vec<&[u8]> = vec![self.rule.as_bytes()];
        for (_, value) in &self.group {
            parts.push(value.as_ref().map_or(&b"0"[..], |_| b"1"));
            parts.push(value.as_deref().unwrap_or("").as_bytes());
        }
        Id::of(&parts)
    }
}

/// The uids of a plan's rules, both ways.
#[derive(Debug, Default)]
pub(super) struct Names {
    uids: Vec<Option<Arc<str>>>,
    items: HashMap<Arc<str>, ItemId>,
}

impl Names {
    pub(super) fn new(plan: &Plan, rules: usize) -> Self {
        let mut names = Self { uids: vec![None; rules], items: HashMap::new() };
        for item in plan.rules() {
            let uid: Option<Arc<str>> = plan.uid(*item).map(Into::into);
            if let (Some(uid), Some(slot)) = (uid, names.uids.get_mut(item.0 as usize)) {
                names.items.insert(uid.clone(), *item);
                *slot = Some(uid);
            }
        }
        names
    }

    pub(super) fn uid(&self, item: ItemId) -> Option<Arc<str>> {
        self.uids.get(item.0 as usize)?.clone()
    }

    pub(super) fn item(&self, uid: &str) -> Option<ItemId> {
        self.items.get(uid).copied()
    }
}
