//! `sigyn serve` as a process: events in, signals out, and nothing lost when it is killed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "common/serving.rs"]
mod serving;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use serving::{PATIENCE, Place, Serving};
use sigyn_store::catalog::{Catalog, Checkpoint};

const RULE: &str = "title: Shell started\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001\nlogsource:\n  category: process_creation\n  \
                    product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: high\n\
                    tags:\n  - attack.execution\n";
const CORRELATION: &str = "title: Many shells\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002\ncorrelation:\n  type: event_count\n  \
                           rules: [5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001]\n  generate: true\n  group-by: [Computer]\n  timespan: 1m\n  condition:\n    gte: 3\n\
                           level: critical\n";

fn place() -> Place {
    Place::with(&[("shell.yml", RULE), ("many.yml", CORRELATION)])
}

const SHELL: &str = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001";

fn event(number: usize, image: &str) -> String {
    let (minutes, seconds) = (number / 60 % 60, number % 60);
    json!({
        "@timestamp": format!("2026-11-20T10:{minutes:02}:{seconds:02}Z"), "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": "host-1", "Image": image, "User": "ann", "ProcessId": number,
    })
    .to_string()
}

fn bulk(events: impl Iterator<Item = (usize, String)>) -> String {
    events
        .map(|(id, event)| format!("{{\"create\":{{\"_index\":\"win\",\"_id\":\"{id}\"}}}}\n{event}\n"))
        .collect()
}

#[test]
fn events_become_signals_that_people_work() {
    let place = place();
    let serving = place.start(&[]);
    let lines = [event(0, "C:\\sh.exe"), event(1, "C:\\other.exe"), "{broken".to_owned()].join("\n");
    let (status, taken) = place.post(&serving, "/api/v1/events?source=test", &lines);
    assert_eq!((status, &taken["accepted"]), (200, &json!(3)));
    let signals = place.signals(&serving, SHELL, 1);
    assert_eq!(
        [&signals[0]["level"], &signals[0]["host"], &signals[0]["tactic"]],
        ["high", "host-1", "execution"]
    );
    let id = signals[0]["id"].as_str().unwrap();
    let detail = place.get(&serving, &format!("/api/v1/signals/{id}"));
    assert_eq!(detail["evidence"][0]["event"]["ProcessId"], 0, "{detail:#}");
    assert_eq!(detail["evidence"][0]["matched"][0]["seen"], json!(["C:\\sh.exe"]), "{detail:#}");
    // The broken line is put aside, and shown.
    let start = Instant::now();
    let letters = loop {
        let letters = place.get(&serving, "/api/v1/dead-letters");
        if letters["items"].as_array().is_some_and(|items| !items.is_empty()) || start.elapsed() > PATIENCE {
            break letters;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(letters["items"][0]["payload"], "{broken", "{letters:#}");
    // A rule that is broken is refused, and the others go on; one that is new is in force.
    std::fs::write(place.path("rules/broken.yml"), "title: [\n").unwrap();
    std::fs::write(place.path("rules/more.yml"), RULE.replace("0001", "0003").replace("sh.exe", "other.exe"))
        .unwrap();
    let (status, reloaded) = place.post(&serving, "/api/v1/rules/reload", "");
    assert_eq!((status, reloaded["refused"].as_array().unwrap().len()), (200, 1), "{reloaded:#}");
}

#[test]
fn what_is_sent_twice_is_there_once() {
    let place = place();
    let serving = place.start(&[]);
    let body = bulk((0..3).map(|number| (number, event(number * 100, "C:\\sh.exe"))));
    let (status, answer) = place.post(&serving, "/_bulk", &body);
    assert_eq!((status, &answer["errors"]), (200, &json!(false)));
    let (status, answer) = place.post(&serving, "/_bulk", &body);
    assert_eq!((status, &answer["items"][0]["create"]["status"]), (200, &json!(409)));
    place.signals(&serving, SHELL, 3);
    std::thread::sleep(Duration::from_millis(500));
    place.signals(&serving, SHELL, 3);
}

/// Every acknowledged event has its one signal, whenever the process is killed.
#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let place = place();
    let (rounds, per_request) = (3, 20);
    let mut acknowledged = Vec::new();
    let mut number = 0;
    for round in 0..rounds {
        let mut serving = place.start(&[]);
        place.key(&serving);
        let pid = serving.child.id();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150 + 120 * round));
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        });
        loop {
            let events = number..number + per_request;
            let (status, _) =
                place.post(&serving, "/_bulk", &bulk(events.clone().map(|at| (at, event(at, "C:\\sh.exe")))));
            if status != 200 {
                break;
            }
            acknowledged.extend(events);
            number += per_request;
            std::thread::sleep(Duration::from_millis(5));
        }
        killer.join().unwrap();
        serving.child.wait().unwrap();
        // What was not acknowledged is sent again by a client; here another number is taken, so that it counts if it is there.
        number += per_request;
    }
    let serving = place.start(&[]);
    assert!(!acknowledged.is_empty());
    let (start, mut found) = (Instant::now(), Vec::new());
    while start.elapsed() < PATIENCE {
        found = all_signals(&place, &serving);
        if acknowledged.iter().all(|at| found.contains(&(*at as u64))) {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let lost: Vec<&usize> = acknowledged.iter().filter(|at| !found.contains(&(**at as u64))).collect();
    assert!(lost.is_empty(), "lost {lost:?} of {}", acknowledged.len());
    let mut once = found.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), found.len(), "an event has two signals");
}

/// The numbers of the events that have signals: each signal's event is asked for.
fn all_signals(place: &Place, serving: &Serving) -> Vec<u64> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = place.get(serving, &format!("/api/v1/signals?limit=1000&rule={SHELL}{cursor}"));
        for signal in page["items"].as_array().unwrap() {
            let detail = place.get(serving, &format!("/api/v1/signals/{}", signal["id"].as_str().unwrap()));
            found.extend(detail["evidence"][0]["event"]["ProcessId"].as_u64());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// A state that cannot be read costs nothing but the time to make it anew, and is told.
#[test]
fn a_state_that_cannot_be_read_is_made_anew_from_the_event_log() {
    let place = place();
    let serving = place.start(&[]);
    place.key(&serving);
    let events = (0..3).map(|number| (number, event(number, "C:\\sh.exe")));
    assert_eq!(place.post(&serving, "/_bulk", &bulk(events)).0, 200);
    place.signals(&serving, SHELL, 3);
    // It is written when the server is told to stop.
    let pid = serving.child.id().to_string();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    wait(serving);
    let catalog = Catalog::open(&place.path("data/catalog.db")).unwrap();
    let broken = catalog.write(|tx| {
        let kept = tx.checkpoint(0)?.unwrap();
        tx.put_checkpoint(0, &Checkpoint { state: b"broken".to_vec(), ..kept })
    });
    broken.unwrap();
    drop(catalog);
    let serving = place.start(&[]);
    let more = std::iter::once((3, event(3, "C:\\sh.exe")));
    assert_eq!(place.post(&serving, "/_bulk", &bulk(more)).0, 200);
    place.signals(&serving, SHELL, 4);
    let kept = std::fs::read_dir(place.path("data")).unwrap().flatten();
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("unreadable-state-"));
    assert_eq!(kept.count(), 1);
    let audit = place.get(&serving, "/api/v1/audit");
    let actions: Vec<_> = audit["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert!(actions.contains(&&json!("state.rebuild")), "{audit:#}");
    place.signals(&serving, SHELL, 4);
}

fn wait(mut serving: Serving) {
    let start = Instant::now();
    while serving.child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < PATIENCE, "it does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn files_are_followed_through_rotations() {
    let place = place();
    let log = place.path("app.log");
    let line = |at: usize| event(at, "C:\\sh.exe") + "\n";
    std::fs::write(&log, line(0)).unwrap();
    let serving = place.start(&["--tail", log.to_str().unwrap()]);
    place.signals(&serving, SHELL, 1);
    append(&log, &line(1));
    std::fs::rename(&log, place.path("app.log.1")).unwrap();
    append(&place.path("app.log.1"), &line(2));
    std::fs::write(&log, line(3)).unwrap();
    place.signals(&serving, SHELL, 4);
    drop(serving);
    append(&log, &line(4));
    let serving = place.start(&["--tail", log.to_str().unwrap()]);
    place.signals(&serving, SHELL, 5);
}

fn append(path: &Path, text: &str) {
    use std::io::Write;
    std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}
