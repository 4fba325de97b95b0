//! What is stored over HTTP: closed signals that go by age, and copies of the catalog while signals are written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sigyn_node::{Node, Pace, Running, Settings, backup, now};
use sigyn_server::{App, Config, router};
use sigyn_store::Id;
use sigyn_store::catalog::{
    Actor, AuditPage, Catalog, Change, Filter, Level, NewSignal, Role, Sort, Status, Tx, Verdict,
};
use tower::ServiceExt;

const DAY: i64 = 86_400 * 1_000_000_000;
const PATIENCE: Duration = Duration::from_secs(30);

struct Place {
    node: Arc<Node>,
    router: Router,
    folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    let data = folder.path().join("data");
    let settings = Settings { rules: vec![folder.path().join("rules")], salt: 1, ..Settings::of(&data) };
    let node = Arc::new(Node::open_with(settings, Pace::restless()).unwrap());
    let (app, _) = App::new(Arc::clone(&node), Config { is_secure: false }).unwrap();
    for (role, name) in [(Role::Admin, "admin"), (Role::Analyst, "analyst")] {
        let hash: [u8; 32] = Sha256::digest(token(name).as_bytes()).into();
        let write = node.catalog().write(|tx| {
            tx.add_user(name, "", role, now())?;
            tx.add_session(&hash, name, now(), i64::MAX, "test")
        });
        write.unwrap();
    }
    Place { node, router: router(&app), folder }
}

fn token(name: &str) -> String {
    format!("the-token-of-{name}")
}

impl Place {
    async fn call(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", format!("sigyn_session={}", token(who)))
            .header("x-sigyn-request", "1")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, to_bytes(response.into_body(), 1 << 28).await.unwrap().to_vec())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.call("admin", "GET", path, json!({})).await;
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).unwrap()
    }

    /// How often something was done, by the audit trail.
    fn audited(&self, action: &str) -> usize {
        let lines = self.node.catalog().read(|view| view.audit(&AuditPage::default(), 1_000)).unwrap();
        lines.iter().filter(|entry| entry.action == action).count()
    }
}

fn put(tx: &Tx<'_>, number: u64, ts: i64) {
    tx.put_signal(&NewSignal {
        id: Id::from(u128::from(number)),
        rule: "rule",
        title: "Shell",
        level: Level::High,
        ts,
        first_seen: ts,
        last_seen: ts,
        group: "",
        tactic: None,
        risk: 50,
        total: 1,
        revision: 0,
        entities: &[("host", "ws1")],
        body: "{}",
    })
    .unwrap();
}

fn numbers(catalog: &Catalog) -> Vec<u64> {
    let page = catalog.read(|view| view.signals(&Filter::default(), Sort::Oldest, None, 1_000_000)).unwrap();
    let mut found: Vec<u64> =
        page.signals.iter().map(|signal| u128::from_be_bytes(signal.id.0) as u64).collect();
    found.sort_unstable();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_signals_go_when_somebody_has_said_so() {
    let place = place();
    let closed =
        Change { status: Some(Status::Closed), verdict: Some(Verdict::BenignTrue), ..Change::default() };
    let seen = Change { status: Some(Status::Acknowledged), ..Change::default() };
    // When it happened, what people made of it and when, both in days ago.
    let cases = [
        (40, Some((&closed, 35))),
        (40, None),
        (40, Some((&seen, 39))),
        (40, Some((&closed, 2))),
        (3, Some((&closed, 2))),
        (90, Some((&closed, 35))),
        (0, None),
    ];
    let write = place.node.catalog().write(|tx| {
        for (number, (days, change)) in cases.iter().enumerate() {
            put(tx, number as u64, now() - days * DAY);
            if let Some((change, days)) = change {
                let actor = Actor { name: "ann", at: now() - days * DAY };
                tx.change_signal(Id::from(number as u128), None, change, &actor)?;
            }
        }
        Ok(())
    });
    write.unwrap();
    let policy = |days: Value, hours: u32| json!({ "retention_days": 90, "back_fill_hours": hours, "signal_retention_days": days });
    let path = "/api/v1/storage/policy";
    for (days, hours) in
        [(json!(0), 24), (json!(6), 24), (json!(36_501), 24), (json!(30), 721), (json!(-1), 24)]
    {
        let (status, _, _) = place.call("admin", "PUT", path, policy(days.clone(), hours)).await;
        assert!(status.is_client_error(), "{days} {hours}: {status}");
    }
    assert_eq!(place.call("analyst", "PUT", path, policy(json!(30), 24)).await.0, 403);
    let running = Running::start(&place.node).unwrap();
    // Nobody has said anything: several rounds remove nothing.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(numbers(place.node.catalog()).len(), cases.len());
    assert_eq!(place.get("/api/v1/storage").await["policy"]["signal_retention_days"], Value::Null);
    assert_eq!(place.call("admin", "PUT", path, policy(json!(30), 720)).await.0, 204);
    let began = Instant::now();
    let stored = loop {
        let stored = place.get("/api/v1/storage").await;
        if stored["signals"]["removed"] == 2 {
            break stored;
        }
        assert!(began.elapsed() < PATIENCE, "{stored}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(numbers(place.node.catalog()), [1, 2, 3, 4, 6]);
    assert_eq!((&stored["signals"]["stored"], &stored["signals"]["closed"]), (&json!(5), &json!(2)));
    assert!(stored["signals"]["removed_at"].is_string(), "{stored}");
    assert_eq!(stored["policy"]["signal_retention_days"], 30);
    assert_eq!((place.audited("signals.remove"), place.audited("storage.policy")), (1, 1));
    assert_eq!(place.node.catalog().read(|view| view.verify_audit(None)).unwrap(), None);
    let (_, _, figures) = place.call("admin", "GET", "/metrics", json!({})).await;
    let figures = String::from_utf8(figures).unwrap();
    for figure in ["sigyn_signals 5", "sigyn_signals_closed 2", "sigyn_signals_removed 2"] {
        assert!(figures.lines().any(|line| line == figure), "{figure} in {figures}");
    }
    assert_eq!(
        place.call("admin", "GET", &format!("/api/v1/signals/{}", Id::from(0_u128)), json!({})).await.0,
        404
    );
    // Who knows nothing of the field takes it away, and nothing goes any more.
    let old = json!({ "retention_days": 90, "lake_bytes_max": null, "back_fill_hours": 24 });
    assert_eq!(place.call("admin", "PUT", path, old).await.0, 204);
    assert_eq!(place.get("/api/v1/storage").await["policy"]["signal_retention_days"], Value::Null);
    running.stop();
}

/// Files of a folder, by their names.
fn files(folder: &Path) -> Vec<String> {
    let found = std::fs::read_dir(folder).unwrap();
    found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_taken_while_signals_are_written_and_opened_elsewhere() {
    let place = place();
    let path = "/api/v1/storage/backup";
    let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = {
        let (node, written, stop) = (Arc::clone(&place.node), Arc::clone(&written), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                let from = written.load(Ordering::Acquire);
                let write = node.catalog().write(|tx| {
                    (from..from + 20).for_each(|number| put(tx, number, now()));
                    Ok(())
                });
                write.unwrap();
                written.store(from + 20, Ordering::Release);
            }
        })
    };
    let began = Instant::now();
    while written.load(Ordering::Acquire) < 2_000 {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(place.call("analyst", "GET", path, json!({})).await.0, 403);
    assert_eq!(place.audited("storage.backup"), 0);
    let before = written.load(Ordering::Acquire);
    let (status, headers, copy) = place.call("admin", "GET", path, json!({})).await;
    let after = written.load(Ordering::Acquire);
    stop.store(true, Ordering::Release);
    writer.join().unwrap();
    assert_eq!(status, 200);
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(text("content-length"), copy.len().to_string());
    assert_eq!(text("content-type"), "application/vnd.sqlite3");
    let name = text("content-disposition");
    assert!(name.starts_with("attachment; filename=\"sigyn-catalog-2") && name.ends_with(".db\""), "{name}");
    assert_eq!(place.audited("storage.backup"), 1);
    assert!(!files(place.node.data()).contains(&"catalog-copy.db".to_owned()));
    // Nobody logs in with what stands in it.
    let secret = token("admin");
    assert!(!copy.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()));
    // Another server goes on with it.
    let data = place.folder.path().join("elsewhere");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("catalog.db"), &copy).unwrap();
    let restored = Node::open(Settings { salt: 2, ..Settings::of(&data) }).unwrap();
    assert_eq!(restored.catalog().verify().unwrap(), Vec::<String>::new());
    assert_eq!(restored.catalog().read(|view| view.verify_audit(None)).unwrap(), None);
    let found = numbers(restored.catalog());
    assert_eq!(found, (0..found.len() as u64).collect::<Vec<_>>(), "signals of one moment");
    // One write may have returned and not been counted yet.
    assert!((before..=after + 20).contains(&(found.len() as u64)), "{before} {} {after}", found.len());
    let lines = restored.catalog().read(|view| view.audit(&AuditPage::default(), 1)).unwrap();
    assert_eq!(lines[0].action, "storage.backup");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_copy_at_a_time_and_none_is_left() {
    let place = place();
    let path = "/api/v1/storage/backup";
    let copy = backup::back_up(&place.node, |_, _| Ok(())).unwrap();
    let (status, _, problem) = place.call("admin", "GET", path, json!({})).await;
    assert_eq!(status, 409, "{}", String::from_utf8_lossy(&problem));
    assert_eq!(place.audited("storage.backup"), 0);
    assert!(copy.bytes > 0 && !files(place.node.data()).contains(&"catalog-copy.db".to_owned()));
    drop(copy);
    // What a crash has left is in nobody's way.
    std::fs::write(place.node.data().join("catalog-copy.db"), "half a copy").unwrap();
    let (status, _, copy) = place.call("admin", "GET", path, json!({})).await;
    assert!(status == 200 && copy.starts_with(b"SQLite format 3\0"));
    std::fs::write(place.node.data().join("catalog-copy.db"), "half a copy").unwrap();
    Running::start(&place.node).unwrap().stop();
    assert!(!files(place.node.data()).contains(&"catalog-copy.db".to_owned()));
}
