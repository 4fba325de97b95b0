//! Settings that are documents of the catalog: listed, added, changed and removed alike.
//!
//! What is stored are `sigyn-respond`'s types. Those here have the same JSON and are there for the description of the
//! interface; going from one to the other is reading what the other writes, so that neither can say what the other cannot.

use axum::Json;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sigyn_node::respond::config::{DOCUMENTS_MAX, Kept, ONLY, parse};
use sigyn_store::catalog::Document;
use utoipa::ToSchema;

use super::DONE;
use crate::access::{Caller, random_hex};
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::{Level, Moment};

/// Who has written a setting last.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Meta {
    /// Its id.
    pub(super) id: String,
    /// Grows with every change.
    pub(super) version: u64,
    /// When it was changed last.
    changed: Moment,
    /// By whom.
    changed_by: String,
}

/// The id of something that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct Made {
    /// Its id.
    pub(super) id: String,
    /// Its version.
    pub(super) version: u64,
}

/// Conditions on a signal. All that are given must hold; of a list, one entry must. None given: every signal.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Conditions {
    /// This level or above.
    level_min: Option<Level>,
    /// This risk or above, 0 to 100.
    risk_min: Option<u8>,
    /// One of these rules, by uid; `*` stands for any characters.
    rules: Vec<String>,
    /// The rule has one of these tags, as `attack.t1190`; `*` stands for any characters.
    tags: Vec<String>,
    /// The signal is about one of these.
    entities: Vec<EntityTest>,
}

/// A host, a user or addresses.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntityTest {
    /// `host`, `user` or `address`.
    kind: String,
    /// The value; `*` stands for any characters. For addresses also a network, `10.0.0.0/8`.
    value: String,
}

impl From<&Document> for Meta {
    fn from(document: &Document) -> Self {
        Self {
            id: document.id.clone(),
            version: document.version,
            changed: Moment(document.changed),
            changed_by: document.changed_by.clone(),
        }
    }
}

/// The stored form of what a client sent, if it has a meaning.
pub(super) fn stored<T: Kept>(sent: &impl Serialize) -> Answer<T> {
    let value = serde_json::to_value(sent).map_err(|_| Problem::internal())?;
    let read: T = serde_json::from_value(value).map_err(|error| Problem::invalid(error.to_string()))?;
    read.check().map_err(Problem::invalid)?;
    Ok(read)
}

/// The form for clients of what is stored.
pub(super) fn shown<T: DeserializeOwned>(kept: &impl Serialize) -> Answer<T> {
    let value = serde_json::to_value(kept).map_err(|_| Problem::internal())?;
    serde_json::from_value(value).map_err(|_| Problem::internal())
}

/// All of a kind as rows for clients. `row` is given what is stored in the form for clients.
pub(super) async fn rows<T: Kept + Send + 'static, B: DeserializeOwned, R>(
    app: &App,
    row: impl Fn(Meta, B) -> R,
) -> Answer<Json<Vec<R>>> {
    let all = list::<T>(app).await?;
    all.into_iter().map(|(meta, kept)| Ok(row(meta, shown(&kept)?))).collect::<Answer<_>>().map(Json)
}

/// All of a kind, with what can be read of them.
pub(super) async fn list<T: Kept + Send + 'static>(app: &App) -> Answer<Vec<(Meta, T)>> {
    let documents = app.read(|view| view.documents(T::KIND)).await?;
    Ok(documents.iter().filter_map(|one| parse(one).map(|read| (Meta::from(one), read))).collect())
}

/// One of a kind; none if it is not there.
pub(super) async fn find<T: Kept + Send + 'static>(app: &App, id: &str) -> Answer<Option<(Meta, T)>> {
    let id = id.to_owned();
    let document = app.read(move |view| view.document(T::KIND, &id)).await?;
    Ok(document.and_then(|one| parse(&one).map(|read| (Meta::from(&one), read))))
}

/// One of a kind.
pub(super) async fn get<T: Kept + Send + 'static>(app: &App, id: &str) -> Answer<(Meta, T)> {
    find(app, id).await?.ok_or_else(|| Problem::missing(format!("there is no {} {id}", T::KIND)))
}

/// Adds one.
pub(super) async fn add<T: Kept + Send + 'static>(app: &App, caller: Caller, kept: &T) -> Answer<Made> {
    let count = app.read(|view| view.documents(T::KIND).map(|all| all.len())).await?;
    if count >= DOCUMENTS_MAX {
        return Err(Problem::conflict(format!("there are {DOCUMENTS_MAX} already")));
    }
    let id = random_hex(8).map_err(|_| Problem::internal())?;
    put(app, caller, (id, Some(0)), kept).await
}

/// Writes one over that is there, if it still has the version that `query` names, or has now.
pub(super) async fn change<T: Kept + Send + 'static>(
    app: &App,
    caller: Caller,
    id: String,
    query: Option<&str>,
    kept: &T,
) -> Answer<Json<Made>> {
    let version = version_of(query)?;
    let (meta, _) = get::<T>(app, &id).await?;
    put(app, caller, (id, Some(version.unwrap_or(meta.version))), kept).await.map(Json)
}

/// Writes the one of a kind of which there is one.
pub(super) async fn change_only<T: Kept + Send + 'static>(
    app: &App,
    caller: Caller,
    query: Option<&str>,
    kept: &T,
) -> Answer<Json<Made>> {
    put(app, caller, (ONLY.to_owned(), version_of(query)?), kept).await.map(Json)
}

/// Writes one over, if it still has the version that is given.
pub(super) async fn put<T: Kept + Send + 'static>(
    app: &App,
    caller: Caller,
    (id, version): (String, Option<u64>),
    kept: &T,
) -> Answer<Made> {
    let body = serde_json::to_string(kept).map_err(|_| Problem::internal())?;
    let detail = serde_json::to_value(kept.masked()).map_err(|_| Problem::internal())?;
    let written = id.clone();
    let version = app
        .write(move |tx, at| {
            let now = tx.put_document(T::KIND, &written, &body, version, &caller.actor(at))?;
            let action = format!("{}.{}", T::KIND, if now == 1 { "add" } else { "change" });
            caller.audit(tx, at, &action, &written, &detail)?;
            Ok(now)
        })
        .await?;
    reload(app).await?;
    Ok(Made { id, version })
}

/// Removes one.
pub(super) async fn remove<T: Kept + Send + 'static>(
    app: &App,
    caller: Caller,
    id: String,
) -> Answer<StatusCode> {
    app.write(move |tx, at| {
        tx.remove_document(T::KIND, &id)?;
        caller.audit(tx, at, &format!("{}.remove", T::KIND), &id, &Value::Null)
    })
    .await?;
    reload(app).await?;
    Ok(DONE)
}

/// Puts changed settings in force.
pub(super) async fn reload(app: &App) -> Answer<()> {
    let node = app.node().clone();
    blocking(move || {
        node.respond().reload(node.catalog())?;
        node.notices().tell(&sigyn_node::notice::Notice::Response);
        Ok(())
    })
    .await
}

/// The version that a change expects: `?version=`.
pub(super) fn version_of(text: Option<&str>) -> Answer<Option<u64>> {
    let mut query = Query::parse(text.unwrap_or_default())?;
    query.take_as("version", |text| text.parse().ok())
}

/// Settings that were never written have version 0.
pub(super) fn version_of_one(meta: Option<&Meta>) -> u64 {
    meta.map_or(0, |meta| meta.version)
}
