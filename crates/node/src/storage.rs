//! What is stored: how much, for how long, and whether all of it is as it was written.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sigyn_event::Timestamp;
use sigyn_store::catalog::{NewAudit, SplitQuery, Tx, View};
use sigyn_store::wal::Damage;

use crate::notice::Notice;
use crate::{Error, Node, Result, now};

pub use crate::flush::READER;

/// Where the catalog keeps the policy.
const POLICY: &str = "storage.policy";
/// Where it keeps how many signals have gone by age.
const REMOVED: &str = "storage.signals_removed";
/// Damaged places that are told in words; all are counted.
const TOLD_MAX: usize = 20;
/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;
/// A policy with more days than this is a mistake.
const DAYS_MAX: u32 = 36_500;
/// Signals stay for so many days at least: the risk of hosts and people is that of seven.
const SIGNAL_DAYS_MIN: u32 = 7;

/// How long events and signals stay, and how far back new rules are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Files of the lake whose last event is older go, in days; none: age alone removes nothing.
    pub retention_days: Option<u32>,
    /// The oldest files go until the lake takes no more, in bytes; none: there is no limit.
    pub lake_bytes_max: Option<u64>,
    /// Rules that are new or switched on are hunted for so far back, in hours; 0: not at all.
    pub back_fill_hours: u32,
    /// Closed signals go so many days after they happened and anybody did something with them; none: they stay. Policies that
    /// were kept before there was this say nothing of it.
    #[serde(default)]
    pub signal_retention_days: Option<u32>,
}

impl Policy {
    /// Three months, as many bytes as there are, a day back; signals for ever, because what people made of them cannot be had
    /// again.
    pub fn standard() -> Self {
        Self {
            retention_days: Some(90),
            lake_bytes_max: None,
            back_fill_hours: 24,
            signal_retention_days: None,
        }
    }

    /// Events before this instant go.
    pub(crate) fn since(&self, now: i64) -> Option<i64> {
        self.retention_days.map(|days| now.saturating_sub(DAY.saturating_mul(days.into())))
    }

    /// Closed signals that nothing has happened to since this instant go. It moves once a day, at midnight UTC, and so the
    /// audit trail tells of it once a day and not every ten minutes.
    pub(crate) fn signals_since(&self, now: i64) -> Option<i64> {
        let midnight = now - now.rem_euclid(DAY);
        self.signal_retention_days.map(|days| midnight.saturating_sub(DAY.saturating_mul(days.into())))
    }

    fn check(&self) -> Result<()> {
        if self.retention_days.is_some_and(|days| days == 0 || days > DAYS_MAX) {
            return Err(Error::invalid(format!("events stay for 1 to {DAYS_MAX} days")));
        }
        if self.lake_bytes_max == Some(0) {
            return Err(Error::invalid("a lake of no bytes keeps nothing"));
        }
        let Some(days) = self.signal_retention_days else { return Ok(()) };
        if !(SIGNAL_DAYS_MIN..=DAYS_MAX).contains(&days) {
            return Err(Error::invalid(format!(
                "closed signals stay for {SIGNAL_DAYS_MIN} to {DAYS_MAX} days"
            )));
        }
        // Else a rule that is switched on again would bring back what was closed and has gone, as open signals.
        if days.saturating_mul(24) < self.back_fill_hours {
            let hours = self.back_fill_hours;
            return Err(Error::invalid(format!(
                "closed signals stay at least as long as new rules look back: {hours} hours"
            )));
        }
        Ok(())
    }
}

/// Signals that have gone by age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// How many, ever.
    pub count: u64,
    /// When the last of them went, in nanoseconds UTC.
    pub at: Option<i64>,
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
    /// Signals that are stored.
    pub signals: u64,
    /// How many of them are closed.
    pub signals_closed: u64,
    /// Signals that have gone by age.
    pub signals_removed: Removed,
    /// How long events and signals stay.
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

/// Signals that have gone by age.
///
/// # Errors
/// What the catalog says.
pub fn removed_signals(view: &View<'_>) -> sigyn_store::Result<Removed> {
    let kept = view.setting(REMOVED)?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// Removes those of closed signals that nothing has happened to since an instant, with the line of the audit trail and the
/// count; all or none. Returns how many.
pub(crate) fn remove_signals(node: &Node, before: i64, numbers: &[i64]) -> Result<usize> {
    Ok(node.catalog().write(|tx| {
        let count = tx.remove_outdated(before, numbers)?;
        if count == 0 {
            return Ok(0);
        }
        let (at, before) = (now(), Timestamp(before).to_string());
        let removed = Removed { count: removed_signals(tx)?.count + count as u64, at: Some(at) };
        tx.set_setting(REMOVED, serde_json::to_vec(&removed).ok().as_deref())?;
        let detail = serde_json::json!({ "count": count, "closed_before": before }).to_string();
        let who =
            NewAudit { at, who: "sigyn", client: "", action: "signals.remove", target: "", detail: &detail };
        tx.record(&who)?;
        Ok(count)
    })?)
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
    let ((signals, signals_closed), signals_removed) =
        node.catalog().read(|view| Ok((view.count_stored_signals()?, removed_signals(view)?)))?;
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
        signals,
        signals_closed,
        signals_removed,
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

/// Changes how long events and signals stay; `beside` writes what belongs to it into the same transaction. It takes effect within minutes.
///
/// # Errors
/// If the policy has no meaning, or what the catalog says.
pub fn set_policy(
    node: &Node,
    policy: &Policy,
    beside: impl FnOnce(&Tx<'_>, i64) -> sigyn_store::Result<()>,
) -> Result<()> {
    policy.check()?;
    let bytes = serde_json::to_vec(policy)
        .map_err(|error| Error::invalid(format!("the policy cannot be kept: {error}")))?;
    node.catalog().write(|tx| {
        tx.set_setting(POLICY, Some(&bytes))?;
        beside(tx, now())
    })?;
    node.notices().tell(&Notice::Storage);
    Ok(())
}
