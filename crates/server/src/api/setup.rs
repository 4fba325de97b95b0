//! The first admin.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sigyn_store::catalog::{self, NewAudit};
use utoipa::ToSchema;

use super::session::{self, Me};
use crate::access::{SETUP_TOKEN, hash_of, hash_password};
use crate::app::App;
use crate::problem::{Answer, Problem};

/// Whether there is nobody yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetupNeeded {
    /// Whether the first admin is to be made.
    needed: bool,
}

/// The first admin.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetupRequest {
    /// The token that the server printed when it started.
    token: String,
    /// The name to log in with.
    name: String,
    /// Twelve characters or more.
    password: String,
}

/// Says whether the first admin is to be made
#[utoipa::path(get, path = "/api/v1/setup", tag = "session", security(()),
    responses((status = 200, body = SetupNeeded)))]
pub(crate) async fn needed(State(app): State<App>) -> Answer<Json<SetupNeeded>> {
    let needed = app.read(|view| Ok(view.users()?.is_empty())).await?;
    Ok(Json(SetupNeeded { needed }))
}

/// Makes the first admin with the token that the server printed, once, and begins a session
#[utoipa::path(post, path = "/api/v1/setup", tag = "session", security(()), request_body = SetupRequest,
    responses((status = 200, body = Me), (status = 403, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn set_up(
    State(app): State<App>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Json(request): Json<SetupRequest>,
) -> Answer<Response> {
    session::attempt(&app, address)?;
    let SetupRequest { token, name, password } = request;
    let name = checked_name(name)?;
    let wrong = || Problem::forbidden("this is not the setup token, or it has been used");
    // Before a password is hashed: that takes memory, and anybody may call this.
    let given = hash_of(&token);
    let kept = app.read(|view| view.setting(SETUP_TOKEN)).await?;
    if kept.is_none_or(|kept| kept != given) {
        return Err(wrong());
    }
    let hash = app.hash(move || hash_password(&password)).await?;
    let (user, client) = (name.clone(), address.ip().to_string());
    let is_made = app
        .write(move |tx, at| {
            // Of two who try at the same time, one gets it.
            if tx.take_setting(SETUP_TOKEN)?.is_none_or(|kept| kept != given) {
                return Ok(false);
            }
            tx.add_user(&user, &hash, catalog::Role::Admin, at)?;
            let (who, detail) = (user.as_str(), "{\"role\":\"admin\"}");
            tx.record(&NewAudit { at, who, client: &client, action: "user.setup", target: who, detail })?;
            Ok(true)
        })
        .await?;
    if !is_made {
        return Err(wrong());
    }
    session::begin(&app, name, address).await
}

/// A name that may be shown and logged anywhere.
pub(super) fn checked_name(name: String) -> Answer<String> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_fine) {
        return Err(Problem::invalid("a name has up to 64 ASCII letters, digits and `.-_@`"));
    }
    Ok(name)
}
