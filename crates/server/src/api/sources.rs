//! Who sends events, and how they are doing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use sigyn_node::notice::Notice;
use sigyn_node::now;
use utoipa::ToSchema;

use super::DONE;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::{Moment, seconds};

/// A source that was silent for so many times its usual gap is silent.
const GAPS: f64 = 2.0;
/// No source is silent sooner, in seconds; and of one that has been heard for less nobody knows what is usual.
const SILENT_MIN: f64 = 60.0;
/// Nor of one that has sent fewer events: a few that came at once say nothing of when the next is due.
const KNOWN_MIN: u64 = 20;

/// Who sends events.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceRow {
    /// Its name.
    name: String,
    /// `http`, `bulk`, `syslog`, `file`.
    kind: String,
    /// Events that came.
    events: u64,
    /// Bytes that came.
    bytes: u64,
    /// Events that could not be taken, as far as that is known.
    dropped: u64,
    /// Events that could not be read and wait.
    dead_letters: u64,
    /// Events per second, over the last minute.
    rate: f64,
    /// When the first came.
    first_heard: Moment,
    /// When the last came.
    last_heard: Moment,
    /// The greatest time of its events.
    last_event: Option<Moment>,
    /// How long the last event took from happening to arriving, in seconds.
    lag_seconds: Option<f64>,
    /// How long it is usually silent between events, in seconds; none while too little came to know.
    usual_gap_seconds: Option<f64>,
    /// Whether it is silent for longer than that.
    is_silent: bool,
    /// What is wrong with it.
    error: Option<String>,
}

/// Lists who sends events
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Vec<SourceRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<SourceRow>>> {
    let (sources, dead) = app.read(|view| Ok((view.sources()?, view.count_dead_letters()?))).await?;
    let now = now();
    let rows = sources.into_iter().map(|source| {
        let dead = dead.iter().filter(|(name, _, _)| *name == source.name).map(|(_, _, count)| count).sum();
        let lasted = seconds(source.last_heard.saturating_sub(source.first_heard));
        let gap = usual_gap(source.events, lasted);
        let silent = seconds(now.saturating_sub(source.last_heard));
        SourceRow {
            rate: app.node().rate(&source.name),
            dead_letters: dead,
            first_heard: Moment(source.first_heard),
            last_heard: Moment(source.last_heard),
            last_event: source.last_event.map(Moment),
            lag_seconds: source.last_event.map(|ts| seconds(source.last_heard.saturating_sub(ts))),
            is_silent: gap.is_some_and(|gap| silent > (gap * GAPS).max(SILENT_MIN)),
            usual_gap_seconds: gap,
            name: source.name,
            kind: source.kind,
            events: source.events,
            bytes: source.bytes,
            dropped: source.dropped,
            error: source.error,
        }
    });
    Ok(Json(rows.collect()))
}

/// How long a source is usually silent between events, from how many came in how many seconds. Events come in bursts; what counts
/// is how long nothing comes: not less than the mean distance.
fn usual_gap(events: u64, lasted: f64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a mean that people read")]
    let gap = || lasted / (events - 1) as f64;
    (events >= KNOWN_MIN && lasted >= SILENT_MIN).then(gap)
}

/// Forgets a source; if it sends again it is there again
#[utoipa::path(delete, path = "/api/v1/sources/{name}", tag = "sources",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    params(("name" = String, Path, description = "the source's name")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn forget(
    State(app): State<App>,
    Path(name): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    let is_there = app
        .write(move |tx, at| {
            caller.audit(tx, at, "source.forget", &name, &json!({}))?;
            tx.forget_source(&name)
        })
        .await?;
    app.node().notices().tell(&Notice::Sources);
    if is_there { Ok(DONE) } else { Err(Problem::missing("there is no such source")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_known_after_a_while() {
        // Two lines of a file that came at once are no feed of 44 ms.
        for (events, lasted, expect) in
            [(1, 0.0, None), (2, 0.044, None), (500, 2.0, None), (19, 900.0, None), (21, 100.0, Some(5.0))]
        {
            assert_eq!(usual_gap(events, lasted), expect, "{events} in {lasted} s");
        }
    }
}
