//! `sigyn serve` as a process: events in, signals out, and nothing lost when it is killed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

/// How long something may take that happens in the background.
const PATIENCE: Duration = Duration::from_secs(60);
const RULE: &str = "title: Shell started\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001\nlogsource:\n  category: process_creation\n  \
                    product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: high\n\
                    tags:\n  - attack.execution\n";
const CORRELATION: &str = "title: Many shells\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0002\ncorrelation:\n  type: event_count\n  \
                           rules: [5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001]\n  generate: true\n  group-by: [Computer]\n  timespan: 1m\n  condition:\n    gte: 3\n\
                           level: critical\n";

struct Place {
    folder: tempfile::TempDir,
    agent: Agent,
}

struct Serving {
    child: Child,
    address: String,
    token: Option<String>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        std::fs::write(folder.path().join("rules/shell.yml"), RULE).unwrap();
        std::fs::write(folder.path().join("rules/many.yml"), CORRELATION).unwrap();
        let agent =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
        Self { folder, agent }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, more: &[&str]) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sigyn"))
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.path("data"))
            .arg("-r")
            .arg(self.path("rules"))
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut serving = Serving { child, address: String::new(), token: None };
        let first = lines.next().expect("it says where it listens");
        serving.address = first.rsplit("http://").next().unwrap().to_owned();
        // The second line tells of rules; a third is there if a token is.
        let is_new = !self.path("key").exists();
        serving.token = lines
            .take(if is_new { 2 } else { 1 })
            .find_map(|line| line.split("once: ").nth(1).map(str::to_owned));
        serving
    }

    /// Makes the admin and a key with all scopes; what stands behind `authorization`.
    fn key(&self, serving: &Serving) -> String {
        if let Ok(key) = std::fs::read_to_string(self.path("key")) {
            return key;
        }
        let setup = json!({ "token": serving.token, "name": "ann", "password": "a long password" });
        let response = self
            .agent
            .post(format!("http://{}/api/v1/setup", serving.address))
            .content_type("application/json")
            .send(setup.to_string())
            .unwrap();
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let wanted = json!({ "name": "test", "scopes": ["read", "triage", "rules", "ingest", "admin"] });
        let mut made = self
            .agent
            .post(format!("http://{}/api/v1/keys", serving.address))
            .header("cookie", cookie)
            .header("x-sigyn-request", "1")
            .content_type("application/json")
            .send(wanted.to_string())
            .unwrap();
        let made = read(&mut made);
        let key = format!("ApiKey {}", made["encoded"].as_str().unwrap());
        std::fs::write(self.path("key"), &key).unwrap();
        key
    }

    fn get(&self, serving: &Serving, path: &str) -> Value {
        let key = self.key(serving);
        let mut response = self
            .agent
            .get(format!("http://{}{path}", serving.address))
            .header("authorization", key)
            .call()
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        read(&mut response)
    }

    fn post(&self, serving: &Serving, path: &str, body: &str) -> (u16, Value) {
        let key = self.key(serving);
        let request = self.agent.post(format!("http://{}{path}", serving.address));
        let request = request.header("authorization", key).header("content-type", "application/x-ndjson");
        match request.send(body) {
            Ok(mut response) => (response.status().as_u16(), read(&mut response)),
            // The process is gone.
            Err(_) => (0, Value::Null),
        }
    }

    /// Waits until as many signals of a rule are there.
    fn signals(&self, serving: &Serving, rule: &str, count: usize) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let page = self.get(serving, &format!("/api/v1/signals?limit=1000&rule={rule}"));
            let items = page["items"].as_array().unwrap().clone();
            if items.len() >= count {
                assert_eq!(items.len(), count, "signals of {rule}");
                return items;
            }
            assert!(start.elapsed() < PATIENCE, "{} of {count} signals of {rule}", items.len());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn read(response: &mut ureq::http::Response<ureq::Body>) -> Value {
    let text = response.body_mut().read_to_string().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
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
    let place = Place::new();
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
    let place = Place::new();
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
    let place = Place::new();
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

#[test]
fn files_are_followed_through_rotations() {
    let place = Place::new();
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
