//! Many signals at once: chosen, counted, changed, and back again.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_node::notice::Notice;
use sigyn_store::Id;
use utoipa::ToSchema;

use super::signal::SignalChange;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::Query;

/// Signals of a selection at most.
const SELECTION_MAX: u64 = 1_000_000;
/// Signals that are picked one by one at most.
const PICKED_MAX: usize = 10_000;

/// Which signals: those of a filter, or these.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SelectionRequest {
    /// A filter, as in the address of the list: `status=open&level=high`.
    query: Option<String>,
    /// Ids.
    ids: Option<Vec<String>>,
}

/// Signals as they were chosen; what comes later is not among them.
#[derive(Serialize, ToSchema)]
pub(crate) struct SelectionMade {
    /// Its number.
    selection: i64,
    /// How many.
    count: u64,
}

/// What a change of many did.
#[derive(Serialize, ToSchema)]
pub(crate) struct BulkDone {
    /// Its number, to undo it by.
    action: i64,
    /// How many it changed.
    changed: u64,
}

/// What undoing did.
#[derive(Serialize, ToSchema)]
pub(crate) struct UndoDone {
    /// How many are again as they were.
    restored: u64,
    /// How many somebody has changed since: they stay as they are.
    skipped: u64,
}

/// Freezes the signals that a filter finds now, or some that were picked
#[utoipa::path(post, path = "/api/v1/selections", tag = "signals",
    security(("session" = ["triage"]), ("key" = ["triage"])), request_body = SelectionRequest,
    responses((status = 200, body = SelectionMade), (status = 400, body = Problem)))]
pub(crate) async fn select(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<SelectionRequest>,
) -> Answer<Json<SelectionMade>> {
    let made = match (request.query, request.ids) {
        (Some(query), None) => {
            let filter = Query::parse(&query)?.filter()?;
            app.write(move |tx, at| tx.select_signals(&filter, SELECTION_MAX, &caller.actor(at))).await?
        }
        (None, Some(ids)) if ids.len() <= PICKED_MAX => {
            let ids: Option<Vec<Id>> = ids.iter().map(|id| Id::parse(id)).collect();
            let ids = ids.ok_or_else(|| Problem::invalid("an id has 32 hexadecimal digits"))?;
            app.write(move |tx, at| tx.pick_signals(&ids, &caller.actor(at))).await?
        }
        (None, Some(_)) => return Err(Problem::invalid(format!("at most {PICKED_MAX} ids; use a query"))),
        _ => return Err(Problem::invalid("give either `query` or `ids`")),
    };
    Ok(Json(SelectionMade { selection: made.number, count: made.count }))
}

/// Changes all signals of a selection
#[utoipa::path(post, path = "/api/v1/selections/{selection}/changes", tag = "signals",
    security(("session" = ["triage"]), ("key" = ["triage"])), request_body = SignalChange,
    params(("selection" = i64, Path, description = "the selection's number")),
    responses((status = 200, body = BulkDone), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(selection): Path<i64>,
    caller: Caller,
    Json(change): Json<SignalChange>,
) -> Answer<Json<BulkDone>> {
    change.check()?;
    let done = app
        .write(move |tx, at| {
            let done = tx.change_selection(selection, &change.change(), &caller.actor(at))?;
            let detail = json!({ "action": done.action, "changed": done.changed, "change": change });
            caller.audit(tx, at, "signals.change", &format!("selection:{selection}"), &detail)?;
            Ok(done)
        })
        .await?;
    app.node().notices().tell(&Notice::SignalsChanged);
    Ok(Json(BulkDone { action: done.action, changed: done.changed }))
}

/// Puts the signals of a change of many back as they were
#[utoipa::path(post, path = "/api/v1/actions/{action}/undo", tag = "signals",
    security(("session" = ["triage"]), ("key" = ["triage"])),
    params(("action" = i64, Path, description = "the number of what is to be undone")),
    responses((status = 200, body = UndoDone), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    Path(action): Path<i64>,
    caller: Caller,
) -> Answer<Json<UndoDone>> {
    let done = app
        .write(move |tx, at| {
            let done = tx.undo_action(action, &caller.actor(at))?;
            let detail = json!({ "restored": done.restored, "skipped": done.skipped });
            caller.audit(tx, at, "signals.undo", &format!("action:{action}"), &detail)?;
            Ok(done)
        })
        .await?;
    app.node().notices().tell(&Notice::SignalsChanged);
    Ok(Json(UndoDone { restored: done.restored, skipped: done.skipped }))
}
