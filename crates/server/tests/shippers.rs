//! Who may call what shippers call: every endpoint that is made for clients of Elasticsearch, below every prefix.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use sha2::{Digest, Sha256};
use sigyn_node::{Node, Settings};
use sigyn_server::{App, Config, router};
use sigyn_store::catalog::NewApiKey;
use tower::ServiceExt;

/// All of them, written down a second time.
const ENDPOINTS: &[(&str, &str)] = &[
    ("POST", "/_bulk"),
    ("PUT", "/_bulk"),
    ("POST", "/logs/_bulk"),
    ("PUT", "/logs/_bulk"),
    ("POST", "/logs/_doc"),
    ("POST", "/logs/_doc/1"),
    ("PUT", "/logs/_doc/1"),
    ("PUT", "/logs/_create/1"),
    ("POST", "/logs/_create/1"),
    ("GET", "/_license"),
    ("GET", "/_xpack"),
    ("GET", "/_cluster/health"),
    ("GET", "/_cluster/settings"),
    ("PUT", "/_cluster/settings"),
    ("GET", "/_nodes/http"),
    ("GET", "/_cat/indices"),
    ("GET", "/_ilm/policy"),
    ("PUT", "/_ilm/policy/x"),
    ("PUT", "/_index_template/x"),
    ("PUT", "/_component_template/x"),
    ("PUT", "/_template/x"),
    ("PUT", "/_ingest/pipeline/x"),
    ("PUT", "/_data_stream/x"),
    ("PUT", "/_alias/x"),
    ("POST", "/_aliases"),
    ("DELETE", "/_template/x"),
];

#[tokio::test]
async fn only_who_may_send_events_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    let (data, rules) = (folder.path().join("data"), vec![folder.path().join("rules")]);
    let settings = Settings { rules, salt: 1, ..Settings::of(&data) };
    let node = Arc::new(Node::open(settings).unwrap());
    let hash: [u8; 32] = Sha256::digest(b"secret").into();
    for (id, scopes) in
        [("sender", &["ingest"][..]), ("other", &["read", "triage", "rules", "respond", "admin"])]
    {
        let key = NewApiKey { id, hash: &hash, name: "", owner: "", scopes, made: 0, expires: None };
        node.catalog().write(|tx| tx.add_api_key(&key)).unwrap();
    }
    let (app, _) = App::new(node, Config { is_secure: false }).unwrap();
    let router = router(&app);
    let documents = "{\"index\":{}}\n{\"a\":1}\n";
    for prefix in ["", "/es", "/os"] {
        for (method, path) in ENDPOINTS {
            let status = async |key: Option<&str>| {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let mut request = Request::builder()
                    .method(method)
                    .uri(format!("{prefix}{path}"))
                    .body(Body::from(documents));
                let request = request.as_mut().unwrap();
                if let Some(key) = key {
                    request.headers_mut().insert("authorization", key.parse().unwrap());
                }
                router.clone().oneshot(std::mem::take(request)).await.unwrap().status().as_u16()
            };
            let name = format!("{method} {prefix}{path}");
            assert_eq!(status(None).await, 401, "{name}");
            assert_eq!(status(Some("Bearer sender:wrong")).await, 401, "{name}");
            assert_eq!(status(Some("Bearer other:secret")).await, 403, "{name}");
            assert!(matches!(status(Some("Bearer sender:secret")).await, 200 | 201), "{name}");
        }
    }
}
