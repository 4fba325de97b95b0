//! What is stored: how much, for how long, and whether all of it is as it was written.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sigyn_store::catalog::{NewAudit, SplitQuery, Tx, View};
use sigyn_store::wal::Damage;

use crate::notice::Notice;
use crate::{Error, Node, Result, now};

pub use crate::flush::READER;

/// Where the catalog keeps the policy.
const POLICY: &str = "storage.policy";
/// Damaged places that are told in words; all are counted.
const TOLD_MAX: usize = 20;
/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;
/// A policy with more days than this is a mistake.
const DAYS_MAX: u32 = 36_500;

/// How long events stay, and how far back new rules are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Files of the lake whose last event is older go, in days; none: age alone removes nothing.
    pub retention_days: Option<u32>,
    /// The oldest files go until the lake takes no more, in bytes; none: there is no limit.
    pub lake_bytes_max: Option<u64>,
    /// Rules that are new or switched on are hunted for so far back, in hours; 0: not at all.
    pub back_fill_hours: u32,
}

impl Policy {
    /// Three months, as many bytes as there are, a day back.
    pub fn standard() -> Self {
        Self { retention_days: Some(90), lake_bytes_max: None, back_fill_hours: 24 }
    }

    /// Events before this instant go.
    pub(crate) fn since(&self, now: i64) -> Option<i64> {
        self.retention_days.map(|days| now.saturating_sub(DAY.saturating_mul(days.into())))
    }
}

/// What there is, and how it does.
#[derive(Clone, Debug)]
pub struct State {
    /// Bytes of the event log on disk.
    pub log_bytes: u64,
    /// Positions of the event log from here on are there.
    pub log_first: u64,
    /// The position behind its last event.
    pub log_end: u64,
    /// Damaged places of it that were met since the node started, or found when it was opened.
    pub log_damaged: u64,
    /// The last of them, in words.
    pub log_damage: Vec<String>,
    /// Bytes of the lake on disk.
    pub lake_bytes: u64,
    /// Its events.
    pub lake_events: u64,
    /// Its files.
    pub lake_files: u64,
    /// When its first event happened, in nanoseconds UTC.
    pub lake_first: Option<i64>,
    /// When its last event happened.
    pub lake_last: Option<i64>,
    /// Damaged or missing files, in words.
    pub lake_damage: Vec<String>,
    /// Events of the log before this position are in the lake.
    pub covered: u64,
    /// When events were last taken over.
    pub taken_over: Option<i64>,
    /// Why none are taken over, if that fails.
    pub error: Option<String>,
    /// Classes with their events and bytes.
    pub classes: Vec<(String, u64, u64)>,
    /// How long events stay.
    pub policy: Policy,
}

/// What is known of the lake beside the catalog.
#[derive(Debug, Default)]
pub(crate) struct Health {
    log: Mutex<Met>,
    lake: Mutex<LakeHealth>,
}

/// Damage to the event log.
#[derive(Debug, Default)]
struct Met {
    count: u64,
    last: VecDeque<String>,
}

#[derive(Debug, Default)]
struct LakeHealth {
    damage: VecDeque<String>,
    taken_over: Option<i64>,
    error: Option<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Health {
    /// Notes damage to the event log.
    pub(crate) fn log_damaged(&self, damage: &Damage) {
        let mut met = locked(&self.log);
        met.count += 1;
        met.last.push_back(format!(
            "{}: {:?} at byte {}, {} bytes",
            damage.segment, damage.kind, damage.offset, damage.length
        ));
        if met.last.len() > TOLD_MAX {
            met.last.pop_front();
        }
    }

    /// Notes damage to the lake, once for each text.
    pub(crate) fn lake_damaged(&self, what: String) {
        let damage = &mut locked(&self.lake).damage;
        if !damage.contains(&what) {
            damage.push_back(what);
        }
        if damage.len() > TOLD_MAX {
            damage.pop_front();
        }
    }

    /// Notes that events were taken over, or why not.
    pub(crate) fn took_over(&self, outcome: std::result::Result<i64, String>) {
        let mut lake = locked(&self.lake);
        match outcome {
            Ok(at) => (lake.taken_over, lake.error) = (Some(at), None),
            Err(why) => lake.error = Some(why),
        }
    }

    /// How many places of the event log were damaged.
    pub(crate) fn log_damage(&self) -> u64 {
        locked(&self.log).count
    }
}

/// The policy that holds.
pub(crate) fn policy(view: &View<'_>) -> sigyn_store::Result<Policy> {
    let kept = view.setting(POLICY)?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_else(Policy::standard))
}

/// What is stored now.
///
/// # Errors
/// What the catalog says.
pub fn state(node: &Node) -> Result<State> {
    let (classes, splits, covered, policy) = node.catalog().read(|view| {
        let splits = view.splits(&SplitQuery::default())?;
        Ok((view.lake_sizes()?, splits, view.progress(crate::flush::READER)?, policy(view)?))
    })?;
    let health = node.health();
    let (log, lake) = (locked(&health.log), locked(&health.lake));
    Ok(State {
        log_bytes: node.log().bytes(),
        log_first: node.log().first().0,
        log_end: node.log().end().0,
        log_damaged: log.count,
        log_damage: log.last.iter().cloned().collect(),
        lake_bytes: splits.iter().map(|split| split.bytes).sum(),
        lake_events: splits.iter().map(|split| split.rows).sum(),
        lake_files: splits.len() as u64,
        lake_first: splits.iter().map(|split| split.first_ts).min(),
        lake_last: splits.iter().map(|split| split.last_ts).max(),
        lake_damage: lake.damage.iter().cloned().collect(),
        covered,
        taken_over: lake.taken_over,
        error: lake.error.clone(),
        classes,
        policy,
    })
}

/// Keeps a policy that was given where the node was started.
///
/// # Errors
/// As [`set_policy`].
pub fn keep_policy(node: &Node, policy: &Policy) -> Result<()> {
    let detail = serde_json::to_string(policy).unwrap_or_default();
    set_policy(node, policy, |tx, at| {
        tx.record(&NewAudit {
            at,
            who: "command line",
            client: "local",
            action: "storage.policy",
            target: "",
            detail: &detail,
        })
    })
}

/// Changes how long events stay; `beside` writes what belongs to it into the same transaction. It takes effect within minutes.
///
/// # Errors
/// If the policy has no meaning, or what the catalog says.
pub fn set_policy(
    node: &Node,
    policy: &Policy,
    beside: impl FnOnce(&Tx<'_>, i64) -> sigyn_store::Result<()>,
) -> Result<()> {
    if policy.retention_days.is_some_and(|days| days == 0 || days > DAYS_MAX) {
        return Err(Error::invalid(format!("events stay for 1 to {DAYS_MAX} days")));
    }
    if policy.lake_bytes_max == Some(0) {
        return Err(Error::invalid("a lake of no bytes keeps nothing"));
    }
    let bytes = serde_json::to_vec(policy)
        .map_err(|error| Error::invalid(format!("the policy cannot be kept: {error}")))?;
    node.catalog().write(|tx| {
        tx.set_setting(POLICY, Some(&bytes))?;
        beside(tx, now())
    })?;
    node.notices().tell(&Notice::Storage);
    Ok(())
}
