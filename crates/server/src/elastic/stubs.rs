//! What clients ask for before they send: answered so that none needs a special setting.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::App;

/// Shippers compare it with their own: a lower one stops them. Ours is higher than what there is.
const VERSION: &str = "9.9.0";
/// What `/os` says: clients of OpenSearch ask for the distribution.
const OPEN_SEARCH: &str = "3.9.0";
/// Names of templates, pipelines and policies that are remembered.
const KEPT_MAX: usize = 10_000;

/// What was set up, so that who asks for it later finds it. It has no effect: what an event is, its content says.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashSet<String>>);

pub(super) async fn banner(is_open_search: bool) -> Json<Value> {
    let version = if is_open_search {
        json!({ "distribution": "opensearch", "number": OPEN_SEARCH, "build_type": "tar" })
    } else {
        json!({ "number": VERSION, "build_flavor": "default", "build_type": "tar" })
    };
    let mut version = version;
    version["lucene_version"] = json!("10.3.0");
    version["minimum_wire_compatibility_version"] = json!("8.19.0");
    version["minimum_index_compatibility_version"] = json!("8.0.0");
    Json(json!({
        "name": "sigyn",
        "cluster_name": "sigyn",
        "cluster_uuid": "sigyn",
        "version": version,
        "tagline": "You Know, for Search",
    }))
}

pub(super) async fn license() -> Json<Value> {
    Json(json!({ "license": { "status": "active", "uid": "sigyn", "type": "basic", "issued_to": "sigyn" } }))
}

pub(super) async fn xpack() -> Json<Value> {
    let feature = json!({ "available": true, "enabled": true });
    Json(json!({
        "license": { "status": "active", "type": "basic", "mode": "basic" },
        "features": { "ilm": feature, "security": feature },
    }))
}

pub(super) async fn health() -> Json<Value> {
    Json(json!({ "cluster_name": "sigyn", "status": "green", "timed_out": false, "number_of_nodes": 1 }))
}

pub(super) async fn settings() -> Json<Value> {
    Json(json!({ "acknowledged": true, "persistent": {}, "transient": {} }))
}

pub(super) async fn nodes() -> Json<Value> {
    Json(
        json!({ "_nodes": { "total": 1, "successful": 1, "failed": 0 }, "cluster_name": "sigyn", "nodes": {} }),
    )
}

pub(super) async fn cat() -> &'static str {
    ""
}

pub(super) async fn empty() -> Json<Value> {
    Json(json!({}))
}

pub(super) async fn acknowledged() -> Json<Value> {
    Json(json!({ "acknowledged": true }))
}

/// Templates, pipelines, policies: what was put is there.
pub(super) async fn kept(State(app): State<App>, method: Method, OriginalUri(uri): OriginalUri) -> Response {
    // The same below `/es` and `/os`.
    let path = uri.path().trim_start_matches("/es/").trim_start_matches("/os/").trim_matches('/').to_owned();
    let mut kept = app.kept().0.lock().unwrap_or_else(PoisonError::into_inner);
    match method {
        Method::PUT | Method::POST => {
            if kept.len() < KEPT_MAX {
                kept.insert(path);
            }
            Json(json!({ "acknowledged": true })).into_response()
        }
        Method::DELETE => {
            kept.remove(&path);
            Json(json!({ "acknowledged": true })).into_response()
        }
        _ if kept.contains(&path) => {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            Json(json!({ name: {} })).into_response()
        }
        _ => (StatusCode::NOT_FOUND, Json(json!({}))).into_response(),
    }
}
