//! `_bulk` and its smaller siblings.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sigyn_node::Given;

use crate::api::source_name;
use crate::app::{App, blocking};
use crate::body::{self, EVENT_BYTES_MAX};
use crate::problem::{Answer, Problem};
use crate::query::Query;

/// Where documents go that name no index.
const INDEX: &str = "events";

/// The line before a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Index,
    Create,
    Update,
    Delete,
}

impl Action {
    const ALL: &[(Self, &'static str)] = &[
        (Self::Index, "index"),
        (Self::Create, "create"),
        (Self::Update, "update"),
        (Self::Delete, "delete"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(action, _)| *action == self).map_or("", |(_, name)| name)
    }
}

/// What stands beside the name of an action.
#[derive(Debug, Default, Deserialize)]
struct Target {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
}

/// A document of a request.
#[derive(Debug)]
struct Item<'b> {
    action: Action,
    index: String,
    id: Option<String>,
    document: &'b [u8],
    /// What is said of it.
    status: u16,
    error: Option<&'static str>,
}

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
        let action = Action::Index;
        let mut items = [Item { action, index, id, document: &bytes, status: 201, error: None }];
        store(&app, &mut items)?;
        let [item] = &items;
        let status = StatusCode::from_u16(item.status).unwrap_or(StatusCode::CREATED);
        Ok((status, axum::Json(described(item, 0))).into_response())
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
    let bytes = body::read(&app, &headers, content).await?;
    blocking(move || {
        let mut items = parse(&bytes, &index)?;
        store(&app, &mut items)?;
        let took = sigyn_node::now().saturating_sub(start) / 1_000_000;
        let text = written(&items, took, filter.as_deref());
        Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
    })
    .await
}

/// Takes a body apart. Blank lines are tolerated, an action line that is none is not: what follows could be anything.
fn parse<'b>(bytes: &'b [u8], index: &str) -> Answer<Vec<Item<'b>>> {
    let mut lines =
        bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let mut items = Vec::new();
    while let Some(line) = lines.next() {
        let (action, target) = action(line)
            .ok_or_else(|| Problem::invalid(format!("line {} is no action", items.len() * 2 + 1)))?;
        let document = match action {
            Action::Delete => b"",
            _ => lines.next().ok_or_else(|| Problem::invalid("the last action has no document"))?,
        };
        let index = target.index.unwrap_or_else(|| index.to_owned());
        items.push(Item { action, index, id: target.id, document, status: 201, error: None });
    }
    if items.is_empty() {
        return Err(Problem::invalid("request body is required"));
    }
    Ok(items)
}

fn action(line: &[u8]) -> Option<(Action, Target)> {
    let mut found: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let (action, name) = Action::ALL.iter().find(|(_, name)| found.contains_key(*name))?;
    let target =
        found.remove(*name).and_then(|target| serde_json::from_value(target).ok()).unwrap_or_default();
    Some((*action, target))
}

/// Stores the documents: those of a source together, all of the request or nothing. Returns what is to be said of each.
fn store(app: &App, items: &mut [Item<'_>]) -> Answer<()> {
    let mut by_source: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, item) in items.iter_mut().enumerate() {
        if matches!(item.action, Action::Update | Action::Delete) {
            // Events are facts: they do not change and do not go.
            (item.status, item.error) = (400, Some("events cannot be changed or deleted"));
            continue;
        }
        let source = source_name("bulk", &item.index)?;
        match by_source.iter_mut().find(|(known, _)| *known == source) {
            Some((_, places)) => places.push(at),
            None => by_source.push((source, vec![at])),
        }
    }
    for (source, places) in by_source {
        let (fit, long): (Vec<usize>, Vec<usize>) =
            places.into_iter().partition(|at| items[*at].document.len() <= EVENT_BYTES_MAX);
        let given: Vec<Given<'_>> =
            fit.iter().map(|at| Given { id: items[*at].id.as_deref(), bytes: items[*at].document }).collect();
        // If a later source fails, the client sends all again: what has an id is known then, the rest may come twice.
        let taken = app.node().take(&source, &given)?;
        for place in taken.duplicates {
            let Some(item) = fit.get(place).and_then(|at| items.get_mut(*at)) else { continue };
            match item.action {
                Action::Create => {
                    (item.status, item.error) = (409, Some("version conflict, document already exists"))
                }
                _ => item.status = 200,
            }
        }
        for at in long {
            app.node().put_aside(&source, "it is too long", items[at].document)?;
        }
    }
    Ok(())
}

/// What is said of a document.
fn described(item: &Item<'_>, at: usize) -> Value {
    let id = item.id.clone().unwrap_or_else(|| at.to_string());
    let Some(reason) = item.error else {
        let result = if item.status == 200 { "updated" } else { "created" };
        return json!({
            "_index": item.index, "_id": id, "status": item.status, "result": result, "_seq_no": 0,
            "_primary_term": 1, "_version": 1, "_shards": { "total": 1, "successful": 1, "failed": 0 },
        });
    };
    let kind =
        if item.status == 409 { "version_conflict_engine_exception" } else { "illegal_argument_exception" };
    json!({ "_index": item.index, "_id": id, "status": item.status, "error": { "type": kind, "reason": reason } })
}

/// The answer, compact and in this order: some clients look for the text `"errors":false,"items":[`.
fn written(items: &[Item<'_>], took: i64, filter: Option<&str>) -> String {
    let has_errors = items.iter().any(|item| item.error.is_some());
    let wants = |name: &str| {
        filter.is_none_or(|filter| filter.split(',').any(|path| path.split('.').next() == Some(name)))
    };
    let mut parts = Vec::new();
    if wants("took") {
        parts.push(format!("\"took\":{took}"));
    }
    if wants("errors") {
        parts.push(format!("\"errors\":{has_errors}"));
    }
    if wants("items") {
        let keys: Option<Vec<&str>> = filter.map(|filter| {
            filter
                .split(',')
                .filter_map(|path| path.strip_prefix("items."))
                .filter_map(|path| path.split('.').nth(1))
                .collect()
        });
        let told = items.iter().enumerate().map(|(at, item)| {
            let mut all = described(item, at);
            if let (Some(keys), Some(map)) =
                (keys.as_ref().filter(|keys| !keys.is_empty()), all.as_object_mut())
            {
                map.retain(|key, _| keys.iter().any(|wanted| *wanted == key || *wanted == "*"));
            }
            json!({ item.action.name(): all }).to_string()
        });
        parts.push(format!("\"items\":[{}]", told.collect::<Vec<_>>().join(",")));
    }
    format!("{{{}}}", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_clients_write_them() {
        let check = |body: &str, expect: &str| {
            let got = parse(body.as_bytes(), "i").map_or_else(
                |problem| problem.words().to_owned(),
                |items| {
                    let told = items.iter().map(|item| {
                        let document = String::from_utf8_lossy(item.document);
                        format!("{} {} {:?} {document}", item.action.name(), item.index, item.id.as_deref())
                    });
                    told.collect::<Vec<_>>().join("; ")
                },
            );
            assert_eq!(got, expect, "{body}");
        };
        check("{\"create\":{\"_index\":\"x\"}}\n{\"m\":0}\n", "create x None {\"m\":0}");
        // rsyslog ends with a blank line, and some write CRLF.
        check("{\"index\":{\"_index\": \"x\"}}\r\n{\"m\":0}\r\n\n", "index x None {\"m\":0}");
        check(
            "{\"index\":{\"_id\":\"1\"}}\n{}\n{\"delete\":{\"_id\":\"1\"}}\n",
            "index i Some(\"1\") {}; delete i Some(\"1\") ",
        );
        check("{\"m\":0}\n", "line 1 is no action");
        check("{\"index\":{}}\n", "the last action has no document");
        check("\n", "request body is required");
    }

    #[test]
    fn answers_have_what_is_asked_for() {
        let item = Item {
            action: Action::Create,
            index: "x".into(),
            id: None,
            document: b"",
            status: 201,
            error: None,
        };
        let conflict =
            Item { status: 409, error: Some("there"), id: Some("a".into()), index: "x".into(), ..item };
        let check = |filter: Option<&str>, expect: &str| {
            assert!(written(std::slice::from_ref(&conflict), 1, filter).contains(expect), "{filter:?}");
        };
        check(None, "{\"took\":1,\"errors\":true,\"items\":[{\"create\":{\"_index\":\"x\"");
        check(
            Some("errors,items.*.error,items.*.status"),
            "{\"errors\":true,\"items\":[{\"create\":{\"status\":409,\"error\":{",
        );
    }
}
