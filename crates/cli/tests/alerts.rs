//! Messages of a server that is killed again and again: each signal is told at least once, always by the same name.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "common/serving.rs"]
mod serving;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use serving::{PATIENCE, Place};
use sigyn_store::catalog::{Actor, Catalog};

const RULE: &str = "title: Shell started\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001\nlogsource:\n  category: process_creation\n  \
                    product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: high\n";
/// How often the server is killed, and how many signals each life brings.
const LIVES: usize = 6;
const EVENTS: usize = 40;

/// What was told: hosts with the names of the messages that told of them, one for each time.
type Told = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

/// A receiver that now and then takes a message and says nothing.
fn receiver() -> (String, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let told = Told::default();
    let own = Arc::clone(&told);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|count| count > 0) {}
            let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            let Some(length) = value("content-length: ").and_then(|text| text.parse().ok()) else { continue };
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let body: Value = serde_json::from_slice(&body).unwrap();
            let host = body["data"]["entities"].as_array().unwrap().iter().find(|one| one["kind"] == "host");
            let host = host.unwrap()["value"].as_str().unwrap().to_owned();
            own.lock().unwrap().entry(host).or_default().push(value("webhook-id: ").unwrap());
            if number % 50 != 49 {
                let _ = stream.write_all(b"HTTP/1.1 204 Good\r\nconnection: close\r\n\r\n");
            }
        }
    });
    (url, told)
}

fn set_up(place: &Place, url: &str) {
    std::fs::create_dir_all(place.path("data")).unwrap();
    let catalog = Catalog::open(&place.path("data/catalog.db")).unwrap();
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    let channel =
        json!({ "name": "hook", "destination": { "kind": "webhook", "url": url, "secret": secret } });
    let rule = json!({ "name": "all", "channels": ["c"], "wait_seconds": 0, "age_seconds_max": null, "group_by": ["host"] });
    for (kind, id, body) in [
        ("alerting", "main", json!({ "targets": [{ "network": "127.0.0.1" }] })),
        ("channel", "c", channel),
        ("alert rule", "r", rule),
    ] {
        let actor = Actor { name: "anna", at: 1 };
        catalog.write(|tx| tx.put_document(kind, id, &body.to_string(), None, &actor)).unwrap();
    }
}

#[test]
fn each_signal_is_told_although_the_server_is_killed() {
    let place = Place::with(&[("shell.yml", RULE)]);
    let (url, told) = receiver();
    set_up(&place, &url);
    let mut serving = place.start(&[]);
    let mut hosts = BTreeSet::new();
    for life in 0..LIVES {
        let mut body = String::new();
        for number in 0..EVENTS {
            let host = format!("host-{life}-{number}");
            let event = json!({ "@timestamp": "2026-11-20T10:00:00Z", "EventID": 1, "Computer": host,
                "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
                "Image": "C:\\sh.exe", "ProcessId": number });
            body.push_str(&format!("{{\"create\":{{\"_id\":\"{host}\"}}}}\n{event}\n"));
            hosts.insert(host);
        }
        assert_eq!(place.post(&serving, "/_bulk", &body).0, 200);
        // At another point each time: while it detects, groups, sends.
        std::thread::sleep(Duration::from_millis(60 * (life as u64 + 1)));
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
        serving = place.start(&[]);
    }
    let began = Instant::now();
    while told.lock().unwrap().len() < hosts.len() {
        assert!(began.elapsed() < PATIENCE, "{} of {} are told", told.lock().unwrap().len(), hosts.len());
        std::thread::sleep(Duration::from_millis(50));
    }
    // Whatever is sent a second time has been sent by then.
    std::thread::sleep(Duration::from_secs(8));
    let told = told.lock().unwrap();
    assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), hosts);
    let twice = told.values().filter(|names| names.len() > 1).count();
    eprintln!("{} signals told, {twice} of them more than once", told.len());
    for (host, names) in told.iter() {
        assert!(names.iter().all(|name| *name == names[0]), "{host}: {names:?}");
    }
    assert!(twice <= LIVES + hosts.len() / 25, "{twice} are told twice");
}
