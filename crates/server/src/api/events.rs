//! Events in, one JSON object or line of text a line.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use serde::Serialize;
use sigyn_node::Given;
use utoipa::ToSchema;

use crate::app::{App, blocking};
use crate::body;
use crate::problem::{Answer, Problem};
use crate::query::Query;

/// Characters of a source's name at most.
const SOURCE_MAX: usize = 200;

/// What became of the events of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsTaken {
    /// How many are on disk now, those put aside included.
    accepted: usize,
    /// How many were too long and are put aside.
    put_aside: usize,
}

/// Takes events: one JSON object or line of any known log on each line, plain, gzip, zstd or deflate
///
/// What is answered with 200 is on disk. What cannot be read as an event shows among the dead letters. 429 means that nothing
/// of the request was taken; send it again.
#[utoipa::path(post, path = "/api/v1/events", tag = "sources",
    security(("session" = ["ingest"]), ("key" = ["ingest"])),
    params(("source" = Option<String>, Query, description = "who sends it: a name for its log; `events` if left out")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = EventsTaken), (status = 400, body = Problem), (status = 413, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn take(
    State(app): State<App>,
    RawQuery(text): RawQuery,
    headers: HeaderMap,
    content: Body,
) -> Answer<Json<EventsTaken>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let source = source_name("http", query.take("source").as_deref().unwrap_or("events"))?;
    let bytes = body::read(&app, &headers, content).await?;
    blocking(move || {
        let lines =
            bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let (fit, long): (Vec<&[u8]>, Vec<&[u8]>) =
            lines.partition(|line| line.len() <= body::EVENT_BYTES_MAX);
        let given: Vec<Given<'_>> =
            fit.iter().map(|bytes| Given { source: &source, id: None, bytes }).collect();
        // These first: put aside twice they are there once, so that a request that fails behind them does no harm.
        for line in &long {
            app.node().put_aside(&source, "it is too long", line)?;
        }
        if !given.is_empty() {
            app.node().take(&given)?;
        }
        Ok(Json(EventsTaken { accepted: given.len() + long.len(), put_aside: long.len() }))
    })
    .await
}

/// The name of a source: what it is, and what its sender calls it.
pub(crate) fn source_name(kind: &str, name: &str) -> Answer<String> {
    if name.is_empty() || name.chars().count() > SOURCE_MAX || name.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "a source's name has 1 to {SOURCE_MAX} characters, none of them control"
        )));
    }
    Ok(format!("{kind}:{name}"))
}
