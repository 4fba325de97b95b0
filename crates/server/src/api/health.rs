//! Whether the server is alive and ready.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Answer, Problem};

/// A state in one word.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// Says that the process answers
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says that the catalog can be read and rules are loaded
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()),
    responses((status = 200, body = Health), (status = 500, body = Problem)))]
pub(crate) async fn ready(State(app): State<App>) -> Answer<Json<Health>> {
    app.read(|view| view.audit_head()).await?;
    Ok(Json(Health { status: "ok" }))
}
