//! `_bulk` and its smaller siblings.

mod answer;
mod request;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sigyn_node::Given;

use crate::app::{App, blocking};
use crate::body::{self, EVENT_BYTES_MAX};
use crate::problem::{Answer, Problem};
use crate::query::Query;
use request::{Action, Request};

/// How long a request that cannot be stored now waits before it is tried again, if its client cannot be told to.
pub(super) const HELD_FOR: Duration = Duration::from_millis(250);
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
/// Where documents go that name no index.
const INDEX: &str = "events";

/// `POST /_bulk`.
pub(super) async fn bulk(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answered(taken(app, INDEX.to_owned(), query, headers, content).await)
}

/// `POST /INDEX/_bulk`.
pub(super) async fn bulk_of(
    State(app): State<App>,
    Path(index): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answered(taken(app, index, query, headers, content).await)
}

/// `POST /INDEX/_doc`.
pub(super) async fn one(
    State(app): State<App>,
    Path(index): Path<String>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answered(document(app, index, None, headers, content).await)
}

/// `PUT /INDEX/_doc/ID` and `PUT /INDEX/_create/ID`.
pub(super) async fn one_named(
    State(app): State<App>,
    Path((index, id)): Path<(String, String)>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answered(document(app, index, Some(id), headers, content).await)
}

/// Errors as clients of Elasticsearch read them.
fn answered(answer: Answer<Response>) -> Response {
    answer.unwrap_or_else(|problem| {
        let status = problem.status();
        let kind = if status == StatusCode::TOO_MANY_REQUESTS {
            "es_rejected_execution_exception"
        } else {
            "sigyn_exception"
        };
        let reason = problem.words().to_owned();
        let error =
            json!({ "type": kind, "reason": reason, "root_cause": [{ "type": kind, "reason": reason }] });
        let body = axum::Json(json!({ "error": error, "status": status.as_u16() }));
        let mut response = (status, body).into_response();
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    })
}

async fn document(
    app: App,
    index: String,
    id: Option<String>,
    headers: HeaderMap,
    content: Body,
) -> Answer<Response> {
    let bytes = body::read(&app, &headers, content).await?;
    blocking(move || {
        let mut request = Request::of(&index, id.as_deref(), &bytes)?;
        store(&app, &mut request)?;
        let status = request.items.first().map_or(201, |item| item.status);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
        Ok((status, [JSON], answer::described(&request)).into_response())
    })
    .await
}

async fn taken(
    app: App,
    index: String,
    query: Option<String>,
    headers: HeaderMap,
    content: Body,
) -> Answer<Response> {
    let start = sigyn_node::now();
    let filter = Query::parse(query.as_deref().unwrap_or_default())?.take("filter_path");
    let is_held = drops_what_is_refused(&headers);
    while is_held && app.room().is_err() {
        tokio::time::sleep(HELD_FOR).await;
    }
    let bytes = Arc::new(body::read(&app, &headers, content).await?);
    loop {
        let (app, index, filter, bytes) = (app.clone(), index.clone(), filter.clone(), Arc::clone(&bytes));
        let answer = blocking(move || {
            let mut request = Request::parse(&bytes, &index)?;
            store(&app, &mut request)?;
            let took = sigyn_node::now().saturating_sub(start) / 1_000_000;
            Ok(([JSON], answer::written(&request, took, filter.as_deref())).into_response())
        });
        match answer.await {
            // It goes on until there is room, or until its client goes.
            Err(problem) if is_held && is_passing(&problem) => tokio::time::sleep(HELD_FOR).await,
            answer => return answer,
        }
    }
}

/// Whether a client throws documents away when it is told to come again: rsyslog 8.2302 takes every answer without a list for
/// the documents' fault. It has no name, but is the only one known that sends this type without one. Instead of being
/// refused it waits, as it does for ever when nobody listens.
pub(super) fn drops_what_is_refused(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    kind.as_deref() == Some(b"application/json; charset=utf-8") && !headers.contains_key(header::USER_AGENT)
}

/// Whether a problem is that of a moment or of the disk, and not of what was sent.
pub(super) fn is_passing(problem: &Problem) -> bool {
    problem.status() == StatusCode::TOO_MANY_REQUESTS || problem.status().is_server_error()
}

/// Stores the documents, all of the request or nothing, and notes what is to be said of each.
fn store(app: &App, request: &mut Request<'_>) -> Answer<()> {
    let (mut given, mut places) = (Vec::with_capacity(request.items.len()), Vec::new());
    let mut refused = Vec::new();
    for (at, item) in request.items.iter().enumerate() {
        let source = &request.index_of(item)?.source;
        if matches!(item.action, Action::Update | Action::Delete) {
            // Events are facts: they do not change and do not go.
            refused.push(at);
        } else if item.document.len() > EVENT_BYTES_MAX {
            // Put aside twice it is there once, so that a request that fails behind it does no harm.
            app.node().put_aside(source, "it is too long", item.document)?;
        } else {
            places.push(at);
            given.push(Given { source, id: item.id.as_deref(), bytes: item.document });
        }
    }
    let duplicates = if given.is_empty() { Vec::new() } else { app.node().take(&given)?.duplicates };
    drop(given);
    for at in refused {
        if let Some(item) = request.items.get_mut(at) {
            (item.status, item.error) = (400, Some("events cannot be changed or deleted"));
        }
    }
    for place in duplicates {
        let Some(item) = places.get(place).and_then(|at| request.items.get_mut(*at)) else { continue };
        match item.action {
            Action::Create => {
                (item.status, item.error) = (409, Some("version conflict, document already exists"))
            }
            _ => item.status = 200,
        }
    }
    Ok(())
}
