//! Logging in and out.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_node::now;
use sigyn_store::catalog::{NewAudit, User};
use utoipa::ToSchema;

use super::DONE;
use crate::access::{
    Caller, ENDS_AFTER, check_password, expired_cookie, hash_of, hash_password, random_hex, session_cookie,
};
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::{Moment, Role, Scope};

/// After so many wrong passwords in a row a user waits, longer each time.
const FAILURES_FREE: u32 = 5;
/// At most so long, in nanoseconds.
const LOCK_MAX: i64 = 900 * 1_000_000_000;

/// Name and password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Login {
    /// The name.
    name: String,
    /// The password.
    password: String,
}

/// Who is calling.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user's name, or `key:` with the id of a key.
    name: String,
    /// The role of a person.
    role: Option<Role>,
    /// What they may do.
    scopes: Vec<Scope>,
    /// Until when, if nothing is done before.
    expires: Option<Moment>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordChange {
    /// The one so far.
    current: String,
    /// Twelve characters or more.
    new: String,
}

impl Me {
    fn of(caller: &Caller) -> Self {
        Self {
            name: caller.name.clone(),
            role: caller.role.map(Role::from),
            scopes: caller.scopes.clone(),
            expires: caller.expires.map(Moment),
        }
    }
}

/// Says who is calling
#[utoipa::path(get, path = "/api/v1/session", tag = "session", security(("session" = []), ("key" = [])),
    responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub(crate) async fn me(caller: Caller) -> Json<Me> {
    Json(Me::of(&caller))
}

/// Begins a session: sets its cookie
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(()), request_body = Login,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn log_in(
    State(app): State<App>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Json(login): Json<Login>,
) -> Answer<Response> {
    attempt(&app, address)?;
    let Login { name, password } = login;
    let wanted = name.clone();
    let user = app.read(move |view| view.user(&wanted)).await?;
    let locked_until = user.as_ref().map_or(0, |user| user.locked_until);
    if locked_until > now() {
        let seconds = locked_until.saturating_sub(now()) / 1_000_000_000;
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX).max(1);
        return Err(Problem::too_many("too many wrong passwords", seconds));
    }
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = app.hash(move || Ok(check_password(&password, hash.as_deref()))).await?;
    match user {
        Some(user) if is_right && !user.is_disabled => {
            app.throttle().forget(address.ip());
            begin(&app, user.name, address).await
        }
        user => {
            note_failure(&app, user, name, address).await?;
            Err(Problem::unauthenticated())
        }
    }
}

/// Ends the session
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", security(("session" = []), ("key" = [])),
    responses((status = 204)))]
pub(crate) async fn log_out(State(app): State<App>, caller: Caller) -> Answer<Response> {
    let Some(hash) = caller.session else { return Err(Problem::invalid("a key has no session")) };
    app.write(move |tx, at| {
        tx.end_session(&hash)?;
        caller.audit(tx, at, "session.end", &caller.name, &json!({}))
    })
    .await?;
    Ok((DONE, [(header::SET_COOKIE, expired_cookie())]).into_response())
}

/// Changes one's own password; all sessions end
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session", security(("session" = []), ("key" = [])),
    request_body = PasswordChange,
    responses((status = 204), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn change_password(
    State(app): State<App>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    caller: Caller,
    Json(change): Json<PasswordChange>,
) -> Answer<StatusCode> {
    if caller.session.is_none() {
        return Err(Problem::invalid("a key has no password"));
    }
    attempt(&app, address)?;
    let wanted = caller.name.clone();
    let user = app.read(move |view| view.user(&wanted)).await?;
    let hash = app
        .hash(move || {
            if !check_password(&change.current, user.as_ref().map(|user| user.password_hash.as_str())) {
                return Err(Problem::forbidden("this is not the password"));
            }
            hash_password(&change.new)
        })
        .await?;
    app.write(move |tx, at| {
        tx.change_user(&caller.name, Some(&hash), None, None)?;
        caller.audit(tx, at, "user.password", &caller.name, &json!({}))
    })
    .await?;
    Ok(DONE)
}

/// Counts an attempt at a password.
pub(super) fn attempt(app: &App, address: SocketAddr) -> Answer<()> {
    let attempt = app.throttle().attempt(address.ip(), now());
    attempt.map_err(|seconds| Problem::too_many("too many attempts from this address", seconds))
}

/// Begins a session and answers with its cookie.
pub(super) async fn begin(app: &App, user: String, address: SocketAddr) -> Answer<Response> {
    let token = random_hex(32).map_err(|_| Problem::internal())?;
    let (hash, client) = (hash_of(&token), address.ip().to_string());
    let caller = app
        .write(move |tx, at| {
            let expires = at.saturating_add(ENDS_AFTER);
            tx.note_login(&user, None)?;
            tx.trim_sessions(at)?;
            tx.add_session(&hash, &user, at, expires, &client)?;
            let role = tx.user(&user)?.map(|user| user.role);
            let caller = Caller {
                scopes: role.map_or(Vec::new(), |role| Scope::of(role).to_vec()),
                name: user,
                client,
                session: Some(hash),
                role,
                expires: Some(expires),
            };
            caller.audit(tx, at, "session.begin", &caller.name, &json!({}))?;
            Ok(caller)
        })
        .await?;
    let cookie = session_cookie(&token, app.config().is_secure);
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| Problem::internal())?;
    Ok(([(header::SET_COOKIE, cookie)], Json(Me::of(&caller))).into_response())
}

async fn note_failure(app: &App, user: Option<User>, name: String, address: SocketAddr) -> Answer<()> {
    let client = address.ip().to_string();
    app.write(move |tx, at| {
        if let Some(user) = &user {
            let beyond = (user.failures + 1).saturating_sub(FAILURES_FREE);
            let seconds = if beyond == 0 { 0 } else { 15_i64 << beyond.min(6) };
            tx.note_login(
                &user.name,
                Some(at.saturating_add(seconds.saturating_mul(1_000_000_000).min(LOCK_MAX))),
            )?;
        }
        // What was typed may be a password in the wrong field: only names of users are written down.
        let who = user.map_or_else(|| "somebody".to_owned(), |_| name);
        tx.record(&NewAudit {
            at,
            who: &who,
            client: &client,
            action: "session.refused",
            target: "",
            detail: "{}",
        })
    })
    .await
}
