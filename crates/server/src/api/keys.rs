//! Keys of programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_store::catalog::{ApiKey, NewApiKey};
use utoipa::ToSchema;

use super::DONE;
use crate::access::{Caller, hash_of, random_hex};
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::{Moment, Scope};

/// A key.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyRow {
    /// Its id.
    id: String,
    /// What it is for.
    name: String,
    /// Who made it.
    owner: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// When it was made.
    made: Moment,
    /// Until when it is good.
    expires: Option<Moment>,
    /// When it was last used, to the minute.
    last_used: Option<Moment>,
    /// When it was taken back.
    revoked: Option<Moment>,
}

/// A new key.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewKey {
    /// What it is for.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// Until when it is good; without it until it is taken back.
    expires: Option<Moment>,
}

/// A key that was made: its secret is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyMade {
    /// Its id.
    id: String,
    /// Its secret.
    secret: String,
    /// Both, as they stand behind `Authorization: ApiKey`.
    encoded: String,
}

impl From<ApiKey> for KeyRow {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            owner: key.owner,
            scopes: key.scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
            made: Moment(key.made),
            expires: key.expires.map(Moment),
            last_used: key.last_used.map(Moment),
            revoked: key.revoked_at.map(Moment),
        }
    }
}

/// Lists keys, the good and the others
#[utoipa::path(get, path = "/api/v1/keys", tag = "people", security(("session" = ["admin"]), ("key" = ["admin"])),
    responses((status = 200, body = Vec<KeyRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<KeyRow>>> {
    let keys = app.read(|view| view.api_keys()).await?;
    Ok(Json(keys.into_iter().map(KeyRow::from).collect()))
}

/// Makes a key
#[utoipa::path(post, path = "/api/v1/keys", tag = "people", security(("session" = ["admin"]), ("key" = ["admin"])),
    request_body = NewKey, responses((status = 200, body = KeyMade), (status = 400, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewKey>,
) -> Answer<Json<KeyMade>> {
    if new.name.is_empty() || new.name.chars().count() > 200 {
        return Err(Problem::invalid("say in up to 200 characters what it is for"));
    }
    if new.scopes.is_empty() {
        return Err(Problem::invalid("a key without a scope can do nothing"));
    }
    if let Some(scope) = new.scopes.iter().find(|scope| !caller.may(**scope)) {
        return Err(Problem::forbidden(format!("you do not have the scope `{}` to give", scope.name())));
    }
    let random = || random_hex(32).map_err(|_| Problem::internal());
    let (id, secret) = (random()?[..20].to_owned(), random()?);
    let made = KeyMade {
        encoded: STANDARD.encode(format!("{id}:{secret}")),
        id: id.clone(),
        secret: secret.clone(),
    };
    app.write(move |tx, at| {
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.name()).collect();
        let expires = new.expires.map(|Moment(expires)| expires);
        let hash = hash_of(&secret);
        let key = NewApiKey {
            id: &id,
            hash: &hash,
            name: &new.name,
            owner: &caller.name,
            scopes: &scopes,
            made: at,
            expires,
        };
        tx.add_api_key(&key)?;
        caller.audit(tx, at, "key.add", &id, &json!({ "name": new.name, "scopes": scopes }))
    })
    .await?;
    Ok(Json(made))
}

/// Takes a key back
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "people",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    params(("id" = String, Path, description = "the key's id")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    let was_good = app
        .write(move |tx, at| {
            caller.audit(tx, at, "key.revoke", &id, &json!({}))?;
            tx.revoke_api_key(&id, at)
        })
        .await?;
    if was_good { Ok(DONE) } else { Err(Problem::missing("there is no such key that is good")) }
}
