//! What could not be read.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::Moment;

/// What could not be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterPage {
    /// How many wait, by source and reason.
    counts: Vec<DeadLetterCount>,
    /// The newest first.
    items: Vec<DeadLetterRow>,
    /// Where the next page begins; none if this is the last.
    next: Option<i64>,
}

/// How many wait.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterCount {
    /// Who sent them.
    source: String,
    /// What is wrong with them.
    reason: String,
    /// How many.
    count: u64,
}

/// Something that could not be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterRow {
    /// Its number.
    number: i64,
    /// When it came.
    time: Moment,
    /// Who sent it.
    source: String,
    /// What is wrong, in few words.
    reason: String,
    /// What is wrong with this one.
    detail: String,
    /// What was sent; what is no text shows as U+FFFD.
    payload: String,
    /// When it was tried again with success.
    replayed: Option<Moment>,
}

/// Lists what could not be read
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "sources",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("source" = Option<String>, Query, description = "those of this source"),
        ("reason" = Option<String>, Query, description = "those of this reason"),
        ("cursor" = Option<i64>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "letters of a page: 100, at most 1,000"),
    ),
    responses((status = 200, body = DeadLetterPage), (status = 400, body = Problem)))]
pub(crate) async fn list(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<DeadLetterPage>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let (source, reason) = (query.take("source"), query.take("reason"));
    let before = query.take_as("cursor", |text| text.parse().ok())?;
    let limit = query.take_limit(100, 1_000)?;
    let (letters, counts) = app
        .read(move |view| {
            let letters = view.dead_letters(reason.as_deref(), source.as_deref(), before, limit)?;
            Ok((letters, view.count_dead_letters()?))
        })
        .await?;
    let next = letters.last().filter(|_| letters.len() == limit).map(|letter| letter.number);
    let items = letters.into_iter().map(|letter| DeadLetterRow {
        number: letter.number,
        time: Moment(letter.at),
        source: letter.source,
        reason: letter.reason,
        detail: letter.detail,
        payload: String::from_utf8_lossy(&letter.payload).into_owned(),
        replayed: letter.replayed_at.map(Moment),
    });
    let count = |(source, reason, count)| DeadLetterCount { source, reason, count };
    Ok(Json(DeadLetterPage { counts: counts.into_iter().map(count).collect(), items: items.collect(), next }))
}

/// Which dead letters are tried again.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReplayRequest {
    /// Those of this source; all if left out.
    source: Option<String>,
    /// Those of this reason; all if left out.
    reason: Option<String>,
}

/// What became of dead letters that were tried again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// How many are events now; the others stay.
    replayed: usize,
}

/// Letters that are tried again at a time.
const REPLAY_MAX: usize = 10_000;

/// Tries dead letters again: those that can be read now become events of their source
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "sources",
    security(("session" = ["rules"]), ("key" = ["rules"])), request_body = ReplayRequest,
    responses((status = 200, body = Replayed), (status = 429, body = Problem)))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<ReplayRequest>,
) -> Answer<Json<Replayed>> {
    let detail = json!({ "source": request.source, "reason": request.reason });
    app.write(move |tx, at| caller.audit(tx, at, "dead_letters.replay", "", &detail)).await?;
    let ReplayRequest { source, reason } = request;
    let node = std::sync::Arc::clone(app.node());
    blocking(move || {
        let replayed = node.replay_dead_letters(reason.as_deref(), source.as_deref(), REPLAY_MAX)?;
        Ok(Json(Replayed { replayed }))
    })
    .await
}
