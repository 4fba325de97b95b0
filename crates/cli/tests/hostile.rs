//! Hostile payloads through each input: the server stays up, its memory bounded, and everything is stored or put aside.
//!
//! The payloads (`hostile/payloads.ndjson`, an object a line: `text`, with `times` repeated so often, or `hex`) are also those
//! of the page's tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "common/serving.rs"]
mod serving;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use serving::{PATIENCE, Place, Serving};

const RULE: &str = "title: Each event\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0031\nlogsource:\n  category: process_creation\n  \
                    product: windows\ndetection:\n  sel:\n    Image|endswith: '\\sh.exe'\n  condition: sel\nlevel: low\n";
/// The largest resident set that is allowed, in KiB.
const RESIDENT_KIB_MAX: u64 = 600 << 10;
/// A longer line is put aside, with its text.
const LINE_MAX: usize = (1 << 20) - 1_024;

fn payloads() -> Vec<Vec<u8>> {
    let read = |line: &str| {
        let payload: Value = serde_json::from_str(line).unwrap();
        if let Some(hex) = payload["hex"].as_str() {
            let digits: Vec<char> = hex.chars().collect();
            let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
            return digits.chunks(2).map(byte).collect();
        }
        let times = payload["times"].as_u64().map_or(1, |times| usize::try_from(times).unwrap());
        payload["text"].as_str().unwrap().repeat(times).into_bytes()
    };
    include_str!("hostile/payloads.ndjson").lines().map(read).collect()
}

/// An event that matches, with a payload wherever one can stand.
fn event(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    let key: String = text.chars().take(200).collect();
    json!({
        "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
        "Image": "C:\\sh.exe", "CommandLine": text, "User": text, "Computer": text, key: [text],
    })
    .to_string()
}

/// What the input makes of bytes: lines that are not empty.
fn lines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count()
}

fn send(place: &Place, serving: &Serving, path: &str, body: &[u8]) -> (u16, Value) {
    let request = place.agent.post(format!("http://{}{path}", serving.address));
    let mut answer = request.header("authorization", place.key(serving)).send(body).unwrap();
    (answer.status().as_u16(), serving::read(&mut answer))
}

fn figure(place: &Place, serving: &Serving, name: &str) -> u64 {
    let request = place.agent.get(format!("http://{}/metrics", serving.address));
    let request = request.header("authorization", place.key(serving));
    let text = request.call().unwrap().body_mut().read_to_string().unwrap();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    found.unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// Waits until so many events are in the log and detection has seen them.
fn stored(place: &Place, serving: &Serving, count: usize) {
    let start = Instant::now();
    loop {
        let (end, detected) =
            (figure(place, serving, "sigyn_log_end "), figure(place, serving, "sigyn_log_detected "));
        if end == count as u64 + 1 && detected == end {
            break;
        }
        assert!(end <= count as u64 + 1, "{} events stored of {count} sent", end - 1);
        assert!(start.elapsed() < PATIENCE, "{} events stored of {count}, {detected} seen", end - 1);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(figure(place, serving, "sigyn_detection_failed "), 0);
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.child.id()));
    let peak = status.ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    assert!(peak.is_none_or(|peak| peak < RESIDENT_KIB_MAX), "{peak:?} KiB");
}

#[test]
fn through_requests() {
    let place = Place::with(&[("each.yml", RULE)]);
    let serving = place.start(&[]);
    let (payloads, mut sent, mut matching) = (payloads(), 0, 0);
    assert!(payloads.len() >= 500, "{}", payloads.len());
    for payload in &payloads {
        let event = event(payload);
        let is_long = event.len() > LINE_MAX;
        let (status, answer) = send(&place, &serving, "/api/v1/events?source=hostile", event.as_bytes());
        assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
        sent += usize::from(!is_long);
        matching += usize::from(!is_long);
        // As it is, whatever that is.
        let (status, answer) = send(&place, &serving, "/api/v1/events?source=raw", payload);
        let put_aside = usize::try_from(answer["put_aside"].as_u64().unwrap()).unwrap();
        assert_eq!((status, &answer["accepted"]), (200, &json!(lines(payload))), "{answer}");
        sent += lines(payload) - put_aside;
        // As a document's id and as the name of an index, which has limits.
        let name = String::from_utf8_lossy(payload);
        let action = json!({ "create": { "_id": name, "_index": "hostile" } });
        let (status, answer) = send(&place, &serving, "/_bulk", format!("{action}\n{event}\n").as_bytes());
        let item = &answer["items"][0]["create"];
        // Those of bytes that are no text have the same name.
        assert!(status == 200 && matches!(item["status"].as_u64(), Some(201 | 409)), "{answer}");
        sent += usize::from(!is_long && item["status"] == 201);
        matching += usize::from(!is_long && item["status"] == 201);
        let action = json!({ "create": { "_index": name } });
        let (status, answer) = send(&place, &serving, "/_bulk", format!("{action}\n{{}}\n").as_bytes());
        assert!(matches!(status, 200 | 400), "{status} {answer}");
        sent += usize::from(status == 200);
        let (status, _) = send(&place, &serving, "/_bulk", payload);
        assert!(matches!(status, 200 | 400), "{status}");
        sent += usize::from(status == 200 && name.starts_with("{\"index\""));
        // In addresses.
        let text: String = payload.iter().take(2_000).map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            format!("/api/v1/signals?text={text}&host={text}"),
            format!("/api/v1/rules/{text}"),
            format!("/{text}"),
        ] {
            let request = place.agent.get(format!("http://{}{path}", serving.address));
            let answer = request.header("authorization", place.key(&serving)).call().unwrap();
            assert!(answer.status().as_u16() < 500, "{} {path}", answer.status());
        }
    }
    stored(&place, &serving, sent);
    let count = place.get(&serving, "/api/v1/signals/count?rule=5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0031");
    assert_eq!(count["count"], json!(matching));
    let mut cursor = String::new();
    while let Some(next) = {
        let page = place.get(&serving, &format!("/api/v1/signals?limit=200{cursor}"));
        page["next"].as_str().map(str::to_owned)
    } {
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn bombs_are_refused_in_time() {
    let place = Place::with(&[("each.yml", RULE)]);
    let serving = place.start(&[]);
    // A gigabyte of zeros in a megabyte, built from equal members.
    let member = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 64 << 20]).unwrap();
        encoder.finish().unwrap()
    };
    let start = Instant::now();
    let request = place.agent.post(format!("http://{}/_bulk", serving.address));
    let request = request.header("authorization", place.key(&serving)).header("content-encoding", "gzip");
    assert_eq!(request.send(&member.repeat(16)).unwrap().status(), 413);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    // A body that is larger than it says, and one that says to be too large.
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    let key = place.key(&serving);
    write!(
        stream,
        "POST /_bulk HTTP/1.1\r\nhost: x\r\nauthorization: {key}\r\ncontent-length: 99999999999\r\n\r\n"
    )
    .unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(String::from_utf8_lossy(&head), "HTTP/1.1 413");
    // A head without an end.
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = write!(stream, "GET / HTTP/1.1\r\nhost: {}", "x".repeat(1 << 20));
    let _ = stream.read(&mut head);
    assert_ne!(String::from_utf8_lossy(&head), "HTTP/1.1 200");
    stored(&place, &serving, 0);
}

#[test]
fn through_syslog_and_files() {
    let place = Place::with(&[("each.yml", RULE)]);
    let port = {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        taken.local_addr().unwrap().to_string()
    };
    let file = place.path("app.log");
    std::fs::write(&file, "").unwrap();
    let serving = place.start(&["--syslog", &port, "--tail", file.to_str().unwrap()]);
    let payloads = payloads();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut log = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    for payload in &payloads {
        let _ = udp.send_to(payload, &port);
        // A connection each: what it leaves unfinished ends with it.
        let mut stream = TcpStream::connect(&port).unwrap();
        let _ = stream.write_all(b"<13>1 2026-11-22T00:00:00Z host app - - - ");
        let _ = stream.write_all(payload);
        let _ = stream.write_all(b"\n");
        drop(stream);
        log.write_all(payload).unwrap();
        log.write_all(b"\n").unwrap();
    }
    let last = "<13>1 2026-11-22T00:00:00Z host app - - - the last line of all";
    log.write_all(format!("{last}\n").as_bytes()).unwrap();
    let mut stream = TcpStream::connect(&port).unwrap();
    stream.write_all(format!("{last}\n").as_bytes()).unwrap();
    drop(stream);
    // All lines of the file are there, but for those that are too long.
    let expected: usize = payloads
        .iter()
        .map(|payload| {
            let lines = payload.split(|byte| *byte == b'\n');
            lines.filter(|line| !line.trim_ascii().is_empty() && line.len() < LINE_MAX).count()
        })
        .sum::<usize>()
        + 1;
    let start = Instant::now();
    loop {
        let sources = place.get(&serving, "/api/v1/sources");
        let of = |kind: &str| {
            let items = sources.as_array().unwrap().iter();
            let own = items.filter(|source| source["name"].as_str().unwrap().starts_with(kind));
            own.map(|source| source["events"].as_u64().unwrap()).sum::<u64>()
        };
        if of("file:") == expected as u64 && of("syslog:") > payloads.len() as u64 {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{expected} lines: {sources:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(figure(&place, &serving, "sigyn_detection_failed "), 0);
}
