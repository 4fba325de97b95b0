//! How the server runs, and what is kept for the page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::DONE;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::Moment;

/// Where views are kept, and how many bytes at most.
const VIEWS: &str = "views";
const VIEWS_MAX: usize = 256 * 1_024;

/// How the server runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingsAnswer {
    /// The version of this program.
    version: String,
    /// Since when it runs.
    started: Moment,
    /// Where everything is kept.
    data: String,
    /// Rule files and folders.
    rules: Vec<String>,
    /// Bytes of the event log on disk.
    log_bytes: u64,
    /// Damage that was found when the event log was opened.
    log_damage: Vec<String>,
    /// Whether cookies are for encrypted connections only.
    is_secure: bool,
}

/// A filter with a name.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct SavedView {
    /// Its name.
    name: String,
    /// The page: `signals`, `hunt`, …
    page: String,
    /// The query string of the page's address.
    query: String,
}

/// Says how the server runs
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = SettingsAnswer)))]
pub(crate) async fn show(State(app): State<App>) -> Json<SettingsAnswer> {
    let node = app.node();
    let settings = node.settings();
    Json(SettingsAnswer {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: Moment(node.started()),
        data: settings.data.display().to_string(),
        rules: settings.rules.iter().map(|path| path.display().to_string()).collect(),
        log_bytes: node.log().bytes(),
        log_damage: node
            .opened()
            .damages
            .iter()
            .map(|damage| {
                format!(
                    "{}: {:?} at byte {}, {} bytes",
                    damage.segment, damage.kind, damage.offset, damage.length
                )
            })
            .collect(),
        is_secure: app.config().is_secure,
    })
}

/// Lists the saved views
#[utoipa::path(get, path = "/api/v1/views", tag = "settings", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Vec<SavedView>)))]
pub(crate) async fn views(State(app): State<App>) -> Answer<Json<Vec<SavedView>>> {
    let kept = app.read(|view| view.setting(VIEWS)).await?;
    Ok(Json(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()))
}

/// Keeps the saved views: all of them at once
#[utoipa::path(put, path = "/api/v1/views", tag = "settings",
    security(("session" = ["triage"]), ("key" = ["triage"])), request_body = Vec<SavedView>,
    responses((status = 204), (status = 400, body = Problem)))]
pub(crate) async fn keep_views(
    State(app): State<App>,
    caller: Caller,
    Json(views): Json<Vec<SavedView>>,
) -> Answer<StatusCode> {
    let bytes = serde_json::to_vec(&views).map_err(|_| Problem::internal())?;
    if bytes.len() > VIEWS_MAX {
        return Err(Problem::invalid(format!("views of more than {} KiB", VIEWS_MAX / 1_024)));
    }
    app.write(move |tx, at| {
        tx.set_setting(VIEWS, Some(&bytes))?;
        caller.audit(tx, at, "views.keep", "", &json!({ "count": views.len() }))
    })
    .await?;
    Ok(DONE)
}
