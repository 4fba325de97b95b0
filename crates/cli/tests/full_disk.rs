//! A disk that is full: senders are told, nothing that was acknowledged is lost, and it goes on when there is space.
//!
//! Needs a small file system of its own, which only root may make; elsewhere it is skipped with a message.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "common/serving.rs"]
mod serving;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use serving::{PATIENCE, Place, Serving};

const RULE: &str = "title: Each event\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0021\nlogsource:\n  category: process_creation\n  \
                    product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: low\n";
const RULE_ID: &str = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0021";
/// What the file system holds, and what lies in it only to be taken away.
const SIZE: &str = "48m";
const BALLAST: usize = 24 << 20;
const PER_REQUEST: usize = 20;

/// A file system in memory; gone when it is dropped.
struct Small(PathBuf);

impl Small {
    fn mount(path: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={SIZE}"), "tmpfs"]).arg(&path);
        let is_done = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        is_done.then_some(Self(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A request, which is stored as a whole or not at all: its first event matches and stands for it, the others take space.
fn body(number: usize) -> String {
    let event = |at: usize| {
        let (image, padding) = if at == number { ("C:\\sh.exe", 0) } else { ("C:\\other.exe", 2_000) };
        json!({
            "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
            "Computer": "host", "Image": image, "User": format!("u{at}"), "CommandLine": "x".repeat(padding),
        })
    };
    let pair =
        |number| format!("{{\"create\":{{\"_index\":\"win\",\"_id\":\"{number}\"}}}}\n{}\n", event(number));
    (number..number + PER_REQUEST).map(pair).collect()
}

/// How often each request has a signal.
fn seen(place: &Place, serving: &Serving) -> BTreeMap<usize, usize> {
    let (mut seen, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = place.get(serving, &format!("/api/v1/signals?limit=1000&rule={RULE_ID}{cursor}"));
        for signal in page["items"].as_array().unwrap() {
            let number = signal["user"].as_str().unwrap().trim_start_matches('u').parse().unwrap();
            *seen.entry(number).or_default() += 1;
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_and_ingestion_goes_on() {
    let place = Place::with(&[("each.yml", RULE)]);
    let Some(small) = Small::mount(place.path("data")) else {
        println!("skipped: no file system of its own can be mounted");
        return;
    };
    let ballast = small.0.join("ballast");
    std::fs::write(&ballast, vec![1; BALLAST]).unwrap();
    let serving = place.start(&[]);
    place.key(&serving);
    let (mut acknowledged, mut next, mut refused) = (Vec::new(), 0, 0);
    let start = Instant::now();
    while refused < 30 {
        assert!(start.elapsed() < PATIENCE, "the disk does not fill");
        let (status, answer) = place.post(&serving, "/_bulk", &body(next));
        match status {
            200 => {
                assert_eq!(refused, 0, "taken although the disk was full just now");
                acknowledged.push(next);
                next += PER_REQUEST;
            }
            // The same again, as clients do.
            429 | 503 => {
                refused += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
            _ => unreachable!("{status}: {answer}"),
        }
    }
    // Who looks sees: reading needs no space.
    place.get(&serving, "/api/v1/signals?limit=1");
    std::fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    while place.post(&serving, "/_bulk", &body(next)).0 != 200 {
        assert!(freed.elapsed() < Duration::from_secs(10), "nothing is taken although there is space");
        std::thread::sleep(Duration::from_millis(100));
    }
    acknowledged.push(next);
    let mut found = BTreeMap::new();
    while freed.elapsed() < PATIENCE {
        found = seen(&place, &serving);
        if acknowledged.iter().all(|number| found.contains_key(number)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let lost: Vec<_> = acknowledged.iter().filter(|number| !found.contains_key(number)).collect();
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), acknowledged.len());
    assert!(found.values().all(|count| *count == 1), "a request has two signals");
    println!("{} requests acknowledged, {refused} refused", acknowledged.len());
}
