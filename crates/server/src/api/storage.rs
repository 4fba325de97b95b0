//! What is stored, how long it stays, and whether all of it is as it was written.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_node::storage::{self, Policy};
use utoipa::ToSchema;

use super::DONE;
use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};
use crate::shape::Moment;

/// What is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct StorageAnswer {
    /// The event log: events as they came, until the lake has them.
    log: LogState,
    /// The lake: events by log source and hour.
    lake: LakeState,
    /// Signals.
    signals: SignalsState,
    /// How long events and signals stay.
    policy: StoragePolicy,
}

/// Signals, as they are stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignalsState {
    /// How many.
    stored: u64,
    /// How many of them are closed.
    closed: u64,
    /// How many have gone by age, ever.
    removed: u64,
    /// When the last of those went.
    removed_at: Option<Moment>,
}

/// The event log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogState {
    /// Bytes on disk.
    bytes: u64,
    /// Positions from here on are there.
    first: u64,
    /// The position behind the last event.
    end: u64,
    /// Places that were not as they had been written, since the server was started: each may be an event.
    damaged: u64,
    /// The last of them, in words.
    damage: Vec<String>,
}

/// The lake.
#[derive(Serialize, ToSchema)]
pub(crate) struct LakeState {
    /// Bytes on disk.
    bytes: u64,
    /// Events.
    events: u64,
    /// Files.
    files: u64,
    /// When its first event happened.
    first: Option<Moment>,
    /// When its last event happened.
    last: Option<Moment>,
    /// Events of the log before this position are in it.
    covered: u64,
    /// When events were last taken over.
    taken_over: Option<Moment>,
    /// Why no events are taken over, if that fails.
    error: Option<String>,
    /// Files that are damaged or not there, in words.
    damage: Vec<String>,
    /// By log-source class.
    classes: Vec<LakeClass>,
}

/// A log-source class in the lake.
#[derive(Serialize, ToSchema)]
pub(crate) struct LakeClass {
    /// Its name.
    class: String,
    /// Events.
    events: u64,
    /// Bytes on disk.
    bytes: u64,
}

/// How long events and signals stay, and how far back new rules are tried.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct StoragePolicy {
    /// Events that are older go, in days; none: age alone removes nothing.
    retention_days: Option<u32>,
    /// The oldest go until the lake takes no more, in bytes; none: there is no limit.
    lake_bytes_max: Option<u64>,
    /// A rule that is new or switched on is hunted for so far back, in hours; 0: not at all.
    back_fill_hours: u32,
    /// Closed signals go so many days (7 at least) after they happened and anybody did something with them, with their history;
    /// none: they stay for ever. Not less than `back_fill_hours`. Others never go.
    signal_retention_days: Option<u32>,
}

impl From<Policy> for StoragePolicy {
    fn from(policy: Policy) -> Self {
        Self {
            retention_days: policy.retention_days,
            lake_bytes_max: policy.lake_bytes_max,
            back_fill_hours: policy.back_fill_hours,
            signal_retention_days: policy.signal_retention_days,
        }
    }
}

/// Says what events and signals take, how long they stay, and what is damaged
#[utoipa::path(get, path = "/api/v1/storage", tag = "storage", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = StorageAnswer)))]
pub(crate) async fn show(State(app): State<App>) -> Answer<Json<StorageAnswer>> {
    let state = blocking(move || Ok(storage::state(app.node())?)).await?;
    let class = |(class, events, bytes)| LakeClass { class, events, bytes };
    Ok(Json(StorageAnswer {
        log: LogState {
            bytes: state.log_bytes,
            first: state.log_first,
            end: state.log_end,
            damaged: state.log_damaged,
            damage: state.log_damage,
        },
        lake: LakeState {
            bytes: state.lake_bytes,
            events: state.lake_events,
            files: state.lake_files,
            first: state.lake_first.map(Moment),
            last: state.lake_last.map(Moment),
            covered: state.covered,
            taken_over: state.taken_over.map(Moment),
            error: state.error,
            damage: state.lake_damage,
            classes: state.classes.into_iter().map(class).collect(),
        },
        signals: SignalsState {
            stored: state.signals,
            closed: state.signals_closed,
            removed: state.signals_removed.count,
            removed_at: state.signals_removed.at.map(Moment),
        },
        policy: state.policy.into(),
    }))
}

/// Changes how long events and closed signals stay, and how far back new rules are tried
#[utoipa::path(put, path = "/api/v1/storage/policy", tag = "storage",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = StoragePolicy,
    responses((status = 204), (status = 400, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Json(policy): Json<StoragePolicy>,
) -> Answer<StatusCode> {
    let detail = json!(policy);
    let wanted = Policy {
        retention_days: policy.retention_days,
        lake_bytes_max: policy.lake_bytes_max,
        back_fill_hours: policy.back_fill_hours,
        signal_retention_days: policy.signal_retention_days,
    };
    blocking(move || {
        Ok(storage::set_policy(app.node(), &wanted, |tx, at| {
            caller.audit(tx, at, "storage.policy", "", &detail)
        })?)
    })
    .await?;
    Ok(DONE)
}
