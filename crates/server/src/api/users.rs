//! People.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{DONE, setup::checked_name};
use crate::access::{Caller, hash_password};
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::{Moment, Role};

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserRow {
    /// The name to log in with.
    name: String,
    /// What they may do.
    role: Role,
    /// Whether they may do nothing.
    is_disabled: bool,
    /// Since when.
    made: Moment,
    /// No login before, after too many wrong passwords.
    locked_until: Option<Moment>,
}

/// A new user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUser {
    /// The name to log in with.
    name: String,
    /// Twelve characters or more.
    password: String,
    /// What they may do.
    role: Role,
}

/// A change of a user. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UserChange {
    /// A new password; all their sessions end.
    password: Option<String>,
    /// What they may do.
    role: Option<Role>,
    /// Whether they may do nothing; all their sessions end.
    is_disabled: Option<bool>,
}

/// Lists users
#[utoipa::path(get, path = "/api/v1/users", tag = "people", security(("session" = ["admin"]), ("key" = ["admin"])),
    responses((status = 200, body = Vec<UserRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<UserRow>>> {
    let users = app.read(|view| view.users()).await?;
    let now = sigyn_node::now();
    let row = |user: sigyn_store::catalog::User| UserRow {
        name: user.name,
        role: user.role.into(),
        is_disabled: user.is_disabled,
        made: Moment(user.made),
        locked_until: (user.locked_until > now).then_some(Moment(user.locked_until)),
    };
    Ok(Json(users.into_iter().map(row).collect()))
}

/// Adds a user
#[utoipa::path(post, path = "/api/v1/users", tag = "people", security(("session" = ["admin"]), ("key" = ["admin"])),
    request_body = NewUser,
    responses((status = 204), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Answer<StatusCode> {
    let (name, role) = (checked_name(new.name)?, new.role);
    let hash = app.hash(move || hash_password(&new.password)).await?;
    app.write(move |tx, at| {
        tx.add_user(&name, &hash, role.into(), at)?;
        caller.audit(tx, at, "user.add", &name, &json!({ "role": role }))
    })
    .await?;
    Ok(DONE)
}

/// Changes a user; the last admin stays one
#[utoipa::path(patch, path = "/api/v1/users/{name}", tag = "people",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = UserChange,
    params(("name" = String, Path, description = "the user's name")),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(name): Path<String>,
    caller: Caller,
    Json(change): Json<UserChange>,
) -> Answer<StatusCode> {
    let UserChange { password, role, is_disabled } = change;
    let hash = match password {
        Some(password) => Some(app.hash(move || hash_password(&password)).await?),
        None => None,
    };
    app.write(move |tx, at| {
        tx.change_user(&name, hash.as_deref(), role.map(Into::into), is_disabled)?;
        let detail = json!({ "role": role, "is_disabled": is_disabled, "password": hash.is_some() });
        caller.audit(tx, at, "user.change", &name, &detail)
    })
    .await?;
    Ok(DONE)
}

/// Removes a user; what they did stays
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "people",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    params(("name" = String, Path, description = "the user's name")),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(name): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    app.write(move |tx, at| {
        tx.remove_user(&name)?;
        caller.audit(tx, at, "user.remove", &name, &json!({}))
    })
    .await?;
    Ok(DONE)
}
