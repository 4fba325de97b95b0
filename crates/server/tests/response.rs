//! Alerts and response over the interface: what is stored, what is shown, what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sigyn_node::{Node, Settings, now};
use sigyn_server::{App, Config, router};
use sigyn_store::catalog::{BlockState, Role};
use tower::ServiceExt;

struct Place {
    node: Arc<Node>,
    router: Router,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules");
        std::fs::create_dir(&rules).unwrap();
        let data = folder.path().join("data");
        let settings = Settings { rules: vec![rules], salt: 1, ..Settings::of(&data) };
        let node = Arc::new(Node::open(settings).unwrap());
        let (app, _) = App::new(Arc::clone(&node), Config { is_secure: false }).unwrap();
        let hash: [u8; 32] = Sha256::digest(b"token").into();
        node.catalog()
            .write(|tx| {
                tx.add_user("anna", "", Role::Admin, now())?;
                tx.add_session(&hash, "anna", now(), i64::MAX, "80.1.2.3")
            })
            .unwrap();
        Self { router: router(&app), node, _folder: folder }
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.call_through([80, 1, 2, 4], "", method, path, body).await
    }

    /// Calls over a connection from an address, with what it says for whom it speaks.
    async fn call_through(
        &self,
        peer: [u8; 4],
        forwarded: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header("content-type", "application/json")
            .header("cookie", "sigyn_session=token")
            .header("x-sigyn-request", "1")
            .header("x-forwarded-for", forwarded)
            .body(Body::from(body.to_string()))
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Calls, and expects success.
    async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, &body).await;
        assert!(status < 300, "{method} {path} {body}: {status} {answer}");
        answer
    }

    /// Calls, and expects a refusal that says this.
    async fn refused(&self, method: &str, path: &str, body: Value, expect: (u16, &str)) {
        let (status, answer) = self.call(method, path, &body).await;
        let said = answer["detail"].as_str().unwrap_or_default();
        assert!(status == expect.0 && said.contains(expect.1), "{method} {path} {body}: {status} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_keep_their_secrets() {
    let place = Place::new();
    let hook = |url: &str| json!({ "name": "hook", "destination": { "kind": "webhook", "url": url } });
    let made = place.ok("POST", "channels", hook("https://hook.example/")).await;
    let (id, secret) = (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    assert!(secret.starts_with("whsec_") && secret.len() > 40);
    let slack = "https://hooks.slack.com/services/T/B/very-secret";
    place
        .ok("POST", "channels", json!({ "name": "chat", "destination": { "kind": "slack", "url": slack } }))
        .await;
    place
        .ok(
            "POST",
            "channels",
            json!({ "name": "mail", "destination": { "kind": "email", "host": "mx.example", "port": 587,
                "security": "starttls", "user": "u", "password": "very-secret", "from": "a@b.example", "to": ["c@d.example"] } }),
        )
        .await;
    // Shown without their secrets, and changed without them.
    let rows = place.ok("GET", "channels", Value::Null).await;
    assert!(rows.as_array().unwrap().iter().all(|row| row["has_secret"] == json!(true)), "{rows}");
    let own = rows.as_array().unwrap().iter().find(|row| row["id"] == id.as_str()).unwrap();
    assert_eq!(
        (&own["place"], &own["version"], &own["waiting"]),
        (&json!("hook.example"), &json!(1), &json!(0))
    );
    let path = format!("channels/{id}");
    let mut renamed = hook("https://hook.example/");
    renamed["name"] = json!("renamed");
    assert_eq!(place.ok("PUT", &format!("{path}?version=1"), renamed.clone()).await["version"], 2);
    place.refused("PUT", &format!("{path}?version=1"), renamed, (409, "version 2")).await;
    place.refused("PUT", &path, hook("https://evil.example/"), (400, "give the secret again")).await;
    place.refused("PUT", "channels/none", hook("https://x.example/"), (404, "no channel")).await;
    let kept = place.node.respond().config();
    let stored = serde_json::to_string(&kept.channels[&id]).unwrap();
    assert!(stored.contains(&secret), "the secret is kept");
    let audit = place.ok("GET", "audit", Value::Null).await;
    for shown in
        [rows.to_string(), audit.to_string(), place.ok("GET", "deliveries", Value::Null).await.to_string()]
    {
        assert!(!shown.contains("very-secret") && !shown.contains(&secret), "{shown}");
    }
    // A test is a message like others.
    let key = place.ok("POST", &format!("{path}/test"), json!({})).await["key"].clone();
    let list = place.ok("GET", &format!("deliveries?channel={id}&state=waiting"), Value::Null).await;
    assert_eq!((&list["items"][0]["key"], &list["items"][0]["is_test"]), (&key, &json!(true)));
    place.ok("POST", &format!("deliveries/{}/retry", list["items"][0]["number"]), json!({})).await;
    place.refused("POST", "deliveries/999/retry", json!({}), (404, "no such message")).await;
    place.ok("DELETE", &path, Value::Null).await;
    assert_eq!(place.ok("GET", "deliveries", Value::Null).await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_is_refused_with_a_reason() {
    let place = Place::new();
    let channel =
        json!({ "name": "hook", "destination": { "kind": "webhook", "url": "https://hook.example/" } });
    let id = place.ok("POST", "channels", channel).await["id"].clone();
    let rule = |when: Value| json!({ "name": "r", "channels": [id], "when": when });
    let made = place.ok("POST", "alert-rules", rule(json!({ "level_min": "high" }))).await;
    let row = &place.ok("GET", "alert-rules", Value::Null).await[0];
    assert_eq!(
        (&row["id"], &row["group_by"], &row["quiet_seconds"]),
        (&made["id"], &json!(["rule", "entity"]), &json!(3600))
    );
    let path = format!("alert-rules/{}", made["id"].as_str().unwrap());
    place.ok("PUT", &path, json!({ "name": "all", "channels": [id], "age_seconds_max": null })).await;
    assert_eq!(place.ok("GET", "alert-rules", Value::Null).await[0]["age_seconds_max"], Value::Null);
    place
        .refused("POST", "alert-rules", json!({ "name": "r", "channels": ["x"] }), (400, "no channel x"))
        .await;
    place
        .refused("POST", "alert-rules", json!({ "name": "r", "channels": [] }), (400, "1 to 20 channels"))
        .await;
    place.refused("POST", "alert-rules", rule(json!({ "risk_min": 101 })), (400, "0 to 100")).await;
    let silence = |when: Value, reason: &str| json!({ "when": when, "until": "2100-01-01T00:00:00Z", "reason": reason });
    place.refused("POST", "silences", silence(json!({}), "x"), (400, "silence everything")).await;
    place.refused("POST", "silences", silence(json!({ "rules": ["a"] }), ""), (400, "say why")).await;
    let made = place.ok("POST", "silences", silence(json!({ "rules": ["a"] }), "pentest")).await;
    let row = &place.ok("GET", "silences", Value::Null).await[0];
    assert_eq!((&row["made_by"], &row["is_active"]), (&json!("anna"), &json!(true)));
    let path = format!("silences/{}", made["id"].as_str().unwrap());
    place.ok("DELETE", &path, Value::Null).await;
    assert_eq!(place.ok("GET", "silences", Value::Null).await[0]["is_active"], json!(false));
    place.ok("DELETE", &path, Value::Null).await;
    assert_eq!(place.ok("GET", "silences", Value::Null).await, json!([]));
    let targets = |network: &str| json!({ "page": "https://sigyn.example", "targets": [{ "network": network, "port": 25 }] });
    place.refused("PUT", "alerting", targets("169.254.169.254"), (400, "never connected to")).await;
    place.refused("PUT", "alerting", targets("0.0.0.0/0"), (400, "no network of one's own")).await;
    place.ok("PUT", "alerting", targets("10.0.0.5")).await;
    assert_eq!(place.ok("GET", "alerting", Value::Null).await["targets"][0]["network"], json!("10.0.0.5/32"));
    let policy = |when: Value, seconds: u64| json!({ "name": "p", "when": when, "seconds": seconds });
    place.refused("POST", "response/policies", policy(json!({}), 900), (400, "any signal")).await;
    place
        .refused("POST", "response/policies", policy(json!({ "level_min": "low" }), 1), (400, "lasts 10 to"))
        .await;
    let template = json!({ "name": "t", "destination": { "kind": "slack", "url": "https://hooks.slack.com/x" },
        "template": { "text": "{{ nothing }}" } });
    place.refused("POST", "channels", template, (400, "template")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_by_hand_mind_the_mode_the_list_and_who_is_there() {
    let place = Place::new();
    let block = |address: &str, is_dry_run: bool| json!({ "address": address, "seconds": 60, "reason": "test", "is_dry_run": is_dry_run });
    let state = place.ok("GET", "response", Value::Null).await;
    assert_eq!(
        (&state["mode"], &state["helper"], &state["version"]),
        (&json!("off"), &Value::Null, &json!(0))
    );
    place.refused("POST", "blocks", block("8.8.8.8", true), (409, "switched off")).await;
    let never = json!([{ "network": "9.9.9.0/24", "note": "office" }]);
    place.ok("PUT", "response", json!({ "mode": "dry_run", "never": never })).await;
    place.refused("POST", "blocks", block("8.8.8.8", false), (409, "dry run")).await;
    place.ok("PUT", "response?version=1", json!({ "mode": "real", "never": never })).await;
    place.refused("PUT", "response?version=1", json!({ "mode": "off" }), (409, "version 2")).await;
    for (address, why) in [
        ("9.9.9.9", "allow-list with 9.9.9.0/24 (office)"),
        ("::ffff:9.9.9.9", "allow-list"),
        ("80.1.2.4", "logged in from"),
        ("127.0.0.1", "of this machine"),
        ("10.0.0.1", "private"),
    ] {
        place.refused("POST", "blocks", block(address, false), (409, why)).await;
    }
    place.refused("POST", "blocks", block("example.org", false), (400, "no address")).await;
    let check = place.ok("GET", "blocks/check?address=9.9.9.9", Value::Null).await;
    assert_eq!((&check["may_block"], &check["is_blocked"]), (&json!(false), &json!(false)));
    let made = place.ok("POST", "blocks", block("8.8.8.8", false)).await;
    assert_eq!(
        (&made["state"], &made["is_dry_run"], &made["made_by"]),
        (&json!("requested"), &json!(false), &json!("anna"))
    );
    place.refused("POST", "blocks", block("8.8.8.8", false), (409, "blocked already")).await;
    let id = made["id"].as_str().unwrap();
    let until = json!({ "until": "2100-01-01T00:00:00Z" });
    place.refused("POST", &format!("blocks/{id}/until"), until, (400, "seconds from now")).await;
    assert_eq!(place.ok("POST", &format!("blocks/{id}/undo"), json!({})).await["state"], json!("undoing"));
    place.ok("POST", "blocks", block("8.8.4.4", true)).await;
    let stopped = place.ok("POST", "response/stop", json!({ "is_undoing": true })).await;
    assert_eq!(stopped["count"], 1);
    assert_eq!(place.ok("GET", "response", Value::Null).await["mode"], json!("off"));
    let undoing = place.node.catalog().read(|view| view.blocks(Some(BlockState::Undoing), 10)).unwrap();
    assert_eq!(undoing.len(), 2);
    let actions = place.ok("GET", "audit", Value::Null).await;
    let actions: Vec<&str> =
        actions["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["response.stop", "block.add", "block.undo", "block.add", "response.change", "response.add"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_behind_a_trusted_proxy_is_known_and_nobody_else_is_believed() {
    let place = Place::new();
    let proxies = json!({ "mode": "dry_run", "trusted_proxies": ["5.5.5.0/24"] });
    place.ok("PUT", "response", proxies).await;
    for (peer, forwarded, expect) in [
        ([5, 5, 5, 5], "1.1.1.1, 80.9.9.9", "80.9.9.9"),
        ([5, 5, 5, 5], "80.9.9.8, 5.5.5.6", "80.9.9.8"),
        ([5, 5, 5, 5], "nonsense", "5.5.5.5"),
        ([80, 1, 2, 5], "1.1.1.1", "80.1.2.5"),
    ] {
        let (status, _) = place.call_through(peer, forwarded, "POST", "rules/reload", &json!({})).await;
        assert_eq!(status, 200);
        let audit = place.node.catalog().read(|view| view.audit(&Default::default(), 1)).unwrap();
        assert_eq!(audit[0].client, expect, "{peer:?} {forwarded}");
        // The session is where it was used last, and not blocked there.
        let clients = place.node.catalog().read(|view| view.session_clients(now())).unwrap();
        assert_eq!(clients, [expect]);
    }
}
