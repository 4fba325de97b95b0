//! Silences: signals that nobody is told of for a time.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sigyn_node::now;
use sigyn_respond::Silence;
use utoipa::ToSchema;

use super::DONE;
use super::documents::{self, Conditions, Made, Meta};
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::Moment;

/// A silence. It concerns messages alone: signals are there and blocks happen all the same.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SilenceBody {
    /// Which signals; at least one condition.
    when: Conditions,
    /// From when; from now if it is left out.
    since: Option<Moment>,
    /// Until when.
    until: Moment,
    /// Why.
    reason: String,
}

/// A silence as it is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct SilenceRow {
    #[serde(flatten)]
    meta: Meta,
    /// Which signals.
    when: Conditions,
    /// From when.
    since: Moment,
    /// Until when.
    until: Moment,
    /// Why.
    reason: String,
    /// Who made it.
    made_by: String,
    /// Whether it is in force now.
    is_active: bool,
}

/// Lists the silences, also those that are over
#[utoipa::path(get, path = "/api/v1/silences", tag = "alerts", operation_id = "silences",
    security(("session" = ["read"]), ("key" = ["read"])), responses((status = 200, body = Vec<SilenceRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<SilenceRow>>> {
    let now = now();
    let row = |(meta, silence): (Meta, Silence)| {
        Ok(SilenceRow {
            meta,
            when: documents::shown(&silence.when)?,
            since: Moment(silence.since),
            until: Moment(silence.until),
            is_active: silence.since <= now && now < silence.until,
            reason: silence.reason,
            made_by: silence.made_by,
        })
    };
    let silences = documents::list::<Silence>(&app).await?;
    Ok(Json(silences.into_iter().map(row).collect::<Answer<_>>()?))
}

/// Makes a silence
#[utoipa::path(post, path = "/api/v1/silences", tag = "alerts", operation_id = "add_silence",
    security(("session" = ["triage"]), ("key" = ["triage"])), request_body = SilenceBody,
    responses((status = 200, body = Made), (status = 400, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(sent): Json<SilenceBody>,
) -> Answer<Json<Made>> {
    let silence = Silence {
        when: documents::shown(&sent.when)?,
        since: sent.since.map_or_else(now, |Moment(since)| since),
        until: sent.until.0,
        reason: sent.reason,
        made_by: caller.name.clone(),
    };
    silence.check().map_err(Problem::invalid)?;
    Ok(Json(documents::add(&app, caller, &silence).await?))
}

/// Ends a silence now; one that is over or has not begun is removed
#[utoipa::path(delete, path = "/api/v1/silences/{id}", tag = "alerts", operation_id = "end_silence",
    security(("session" = ["triage"]), ("key" = ["triage"])),
    params(("id" = String, Path, description = "the silence's id")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn end(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    let (meta, silence) = documents::get::<Silence>(&app, &id).await?;
    let now = now();
    if now >= silence.until || now <= silence.since {
        return documents::remove::<Silence>(&app, caller, id).await;
    }
    let ended = Silence { until: now, ..silence };
    documents::put(&app, caller, (id, Some(meta.version)), &ended).await?;
    Ok(DONE)
}
