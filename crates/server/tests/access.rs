//! Who may call what: every endpoint of the document with every role, with keys, and with nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sigyn_node::{Node, Settings, now};
use sigyn_server::{App, Config, document, router};
use sigyn_store::catalog::{NewApiKey, Role};
use tower::ServiceExt;

/// Each role with its scopes, written down a second time.
const ROLES: &[(Role, &str, &[&str])] = &[
    (Role::Viewer, "viewer", &["read"]),
    (Role::Analyst, "analyst", &["read", "triage"]),
    (Role::Engineer, "engineer", &["read", "triage", "rules"]),
    (Role::Responder, "responder", &["read", "triage", "respond"]),
    (Role::Admin, "admin", &["read", "triage", "rules", "respond", "admin", "ingest"]),
    (Role::Ingest, "ingest", &["ingest"]),
];

/// What needs no session: nothing else may.
const OPEN: &[&str] = &[
    "GET /api/v1/setup",
    "POST /api/v1/setup",
    "POST /api/v1/session",
    "GET /health/live",
    "GET /health/ready",
];

struct Place {
    node: Arc<Node>,
    router: Router,
    token: Option<String>,
    _folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    let rule = "title: Shell\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001\nlogsource:\n  category: process_creation\n  product: windows\n\
                detection:\n  sel:\n    Image|endswith: sh.exe\n  condition: sel\nlevel: high\n";
    std::fs::write(rules.join("shell.yml"), rule).unwrap();
    std::fs::write(rules.join("broken.yml"), "title: Broken\ndetection: [\n").unwrap();
    let data = folder.path().join("data");
    let settings = Settings { rules: vec![rules], salt: 1, ..Settings::of(&data) };
    let node = Arc::new(Node::open(settings).unwrap());
    let (app, setup) = App::new(Arc::clone(&node), Config { is_secure: false }).unwrap();
    Place { node, router: router(&app), token: setup.token, _folder: folder }
}

/// A session of a new user with a role; its token.
fn session(place: &Place, role: Role, name: &str, number: usize) -> String {
    let (user, token) = (format!("{name}{number}"), format!("token-{name}-{number}"));
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let write = place.node.catalog().write(|tx| {
        tx.add_user(&user, "", role, now())?;
        tx.add_session(&hash, &user, now(), i64::MAX, "test")
    });
    write.unwrap();
    token
}

fn request(method: &str, path: &str) -> Request<Body> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(path).body(Body::from("{}")).unwrap();
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    request
}

fn with(mut request: Request<Body>, headers: &[(&'static str, &str)]) -> Request<Body> {
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

/// Method, path, and the scopes that it asks for; none if it is open.
fn endpoints() -> Vec<(String, String, Option<Vec<String>>)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security =
                operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path} says nothing"));
            let scopes = security[0].as_object().unwrap().get("session").map(|scopes| {
                let scopes = scopes.as_array().unwrap().iter();
                scopes.map(|scope| scope.as_str().unwrap().to_owned()).collect()
            });
            found.push((method.to_ascii_uppercase(), path.clone(), scopes));
        }
    }
    assert!(found.len() > 40, "the document lacks endpoints");
    found
}

async fn status(router: &Router, request: Request<Body>) -> StatusCode {
    router.clone().oneshot(request).await.unwrap().status()
}

async fn answer(router: &Router, request: Request<Body>) -> (StatusCode, String, Value) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let cookie = response.headers().get("set-cookie").map_or("", |value| value.to_str().unwrap()).to_owned();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, cookie, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Parameters filled in with something that is not there.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_refuses_whom_its_description_refuses() {
    let place = place();
    let mut number = 0;
    for (method, path, scopes) in endpoints() {
        let name = format!("{method} {path}");
        let called = || request(&method, &filled(&path));
        let Some(scopes) = scopes else {
            assert!(OPEN.contains(&name.as_str()), "{name} is open");
            continue;
        };
        assert!(!OPEN.contains(&name.as_str()), "{name} is closed");
        for credentials in [
            &[][..],
            &[("authorization", "Bearer a:b")],
            &[("cookie", "sigyn_session=x")],
            &[("authorization", "nonsense")],
        ] {
            assert_eq!(
                status(&place.router, with(called(), credentials)).await,
                401,
                "{name} {credentials:?}"
            );
        }
        for (role, word, own) in ROLES {
            number += 1;
            let token = session(&place, *role, word, number);
            let cookie = format!("other=1; sigyn_session={token}");
            let is_read = method == "GET";
            if !is_read {
                let got = status(&place.router, with(called(), &[("cookie", &cookie)])).await;
                assert_eq!(got, 403, "{name} as {word} without the header");
                let foreign =
                    [("cookie", &*cookie), ("x-sigyn-request", "1"), ("sec-fetch-site", "cross-site")];
                assert_eq!(
                    status(&place.router, with(called(), &foreign)).await,
                    403,
                    "{name} as {word} from elsewhere"
                );
            }
            let got =
                status(&place.router, with(called(), &[("cookie", &*cookie), ("x-sigyn-request", "1")]))
                    .await;
            let may = scopes.iter().all(|scope| own.contains(&scope.as_str()));
            assert_eq!(matches!(got.as_u16(), 401 | 403), !may, "{name} as {word}: {got}");
            assert!(got.as_u16() < 500, "{name} as {word}: {got}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_good_for_their_scopes_until_they_are_not() {
    let place = place();
    let hash: [u8; 32] = Sha256::digest(b"secret").into();
    let add = |id: &'static str, scopes: &'static [&'static str], expires: Option<i64>| {
        let key = NewApiKey { id, hash: &hash, name: "", owner: "", scopes, made: 0, expires };
        place.node.catalog().write(|tx| tx.add_api_key(&key)).unwrap();
    };
    add("reader", &["read"], None);
    add("sender", &["ingest"], None);
    add("old", &["read", "ingest"], Some(1));
    add("taken", &["read", "ingest"], None);
    place.node.catalog().write(|tx| tx.revoke_api_key("taken", 1)).unwrap();
    let cases = [
        ("reader", "secret", "GET", "/api/v1/signals", 200),
        ("reader", "secret", "POST", "/api/v1/events", 403),
        ("reader", "secret", "POST", "/_bulk", 403),
        ("reader", "wrong", "GET", "/api/v1/signals", 401),
        ("sender", "secret", "GET", "/api/v1/signals", 403),
        ("sender", "secret", "POST", "/api/v1/events", 200),
        ("sender", "secret", "GET", "/_license", 200),
        ("old", "secret", "GET", "/api/v1/signals", 401),
        ("taken", "secret", "GET", "/api/v1/signals", 401),
        ("nobody", "secret", "GET", "/api/v1/signals", 401),
    ];
    for (id, secret, method, path, expect) in cases {
        let bearer = format!("Bearer {id}:{secret}");
        let got = status(&place.router, with(request(method, path), &[("authorization", &*bearer)])).await;
        assert_eq!(got.as_u16(), expect, "{id}:{secret} {method} {path}");
    }
    for path in
        ["/_bulk", "/es/_bulk", "/os/_bulk", "/x/_bulk", "/_ilm/policy/x", "/es/", "/", "/x/_doc", "/metrics"]
    {
        let method = if path.ends_with("bulk") || path.ends_with("_doc") { "POST" } else { "GET" };
        assert_eq!(status(&place.router, request(method, path)).await, 401, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_made_once_and_logs_in() {
    let place = place();
    let token = place.token.clone().unwrap();
    let post = |path: &str, body: Value| {
        let mut request = request("POST", path);
        *request.body_mut() = Body::from(body.to_string());
        request
    };
    let with_token = |token: &str| json!({ "token": token, "name": "ann", "password": "a long password" });
    let (got, _, _) = answer(&place.router, post("/api/v1/setup", with_token("wrong"))).await;
    assert_eq!(got, 403);
    let (got, _, problem) = answer(&place.router, post("/api/v1/setup", json!({ "name": "ann" }))).await;
    assert_eq!(u64::from(got.as_u16()), problem["status"].as_u64().unwrap());
    assert!(got.is_client_error() && problem["detail"].as_str().unwrap().contains("`token`"), "{problem}");
    let (got, cookie, me) = answer(&place.router, post("/api/v1/setup", with_token(&token))).await;
    assert_eq!((got.as_u16(), &me["role"]), (200, &json!("admin")));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let (got, _, _) = answer(&place.router, post("/api/v1/setup", with_token(&token))).await;
    assert_eq!(got, 403);
    // Two wrong and two right uses of the token, and one of these: five of a minute.
    let login = |password: &str| post("/api/v1/session", json!({ "name": "ann", "password": password }));
    let (got, _, _) = answer(&place.router, login("a wrong password")).await;
    assert_eq!(got, 401);
    let (got, cookie, _) = answer(&place.router, login("a long password")).await;
    assert_eq!(got, 200);
    let session = cookie.split(';').next().unwrap().to_owned();
    let own = [("cookie", &*session), ("x-sigyn-request", "1")];
    let (got, _, me) = answer(&place.router, with(request("GET", "/api/v1/session"), &own)).await;
    assert_eq!((got.as_u16(), &me["name"]), (200, &json!("ann")));
    let (got, _, rules) = answer(&place.router, with(request("GET", "/api/v1/rules"), &own)).await;
    assert_eq!((got.as_u16(), rules["items"].as_array().unwrap().len()), (200, 1));
    assert_eq!(rules["refused"].as_array().unwrap().len(), 1, "{rules}");
    assert_eq!(status(&place.router, with(request("DELETE", "/api/v1/session"), &own)).await, 204);
    assert_eq!(status(&place.router, with(request("GET", "/api/v1/session"), &own)).await, 401);
    let mut last = StatusCode::OK;
    for _ in 0..6 {
        last = status(&place.router, login("a wrong password")).await;
    }
    assert_eq!(last, 429);
    assert_eq!(place.node.catalog().read(|view| view.verify_audit(None)).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_documented() {
    let place = place();
    let token = session(&place, Role::Viewer, "figures", 0);
    let cookie = format!("sigyn_session={token}");
    let asked = with(request("GET", "/metrics"), &[("cookie", &*cookie)]);
    let response = place.router.clone().oneshot(asked).await.unwrap();
    assert_eq!(response.status(), 200);
    let text = String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    let told: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(told.len() > 10, "{text}");
    let page = include_str!("../../../docs/operating.md");
    let missing: Vec<&&str> = told.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in docs/operating.md: {missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hunts_are_ordered_in_the_words_of_filters_too() {
    let place = place();
    let token = session(&place, Role::Analyst, "hunter", 0);
    let cookie = format!("sigyn_session={token}");
    let (since, until) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    for (body, expect) in [
        (json!({ "from": since, "to": until }), 201),
        (json!({ "since": since, "until": until }), 201),
        (json!({ "until": until }), 422),
        (json!({ "since": since, "from": since }), 422),
    ] {
        let mut asked =
            with(request("POST", "/api/v1/hunts"), &[("cookie", &*cookie), ("x-sigyn-request", "1")]);
        *asked.body_mut() = Body::from(body.to_string());
        let (got, _, hunt) = answer(&place.router, asked).await;
        assert_eq!(got.as_u16(), expect, "{body}: {hunt}");
        if got == 201 {
            assert_eq!((&hunt["from"], &hunt["to"]), (&json!(since), &json!(until)), "{body}");
        }
    }
}
