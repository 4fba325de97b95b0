//! Correlations in `sigyn hunt` as a user sees them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fmt::Write;

use common::{Folder, root};
use serde_json::{Value, json};

/// Events of an attack over two machines and of work beside it, as (seconds, event).
fn story() -> Vec<(i64, Value)> {
    let mut events = Vec::new();
    for (start, host) in [(0, "srv1"), (2_400, "srv2")] {
        let security = |id: u64| json!({ "Channel": "Security", "EventID": id, "Computer": host });
        let with = |mut event: Value, more: Value| {
            for (key, value) in more.as_object().unwrap() {
                event[key] = value.clone();
            }
            event
        };
        let logon = json!({ "LogonType": 3, "TargetUserName": "eve", "TargetLogonId": "0x1", "IpAddress": "10.0.0.5" });
        events.push((start, with(security(4624), logon)));
        let service = json!({ "SubjectLogonId": "0x1", "ServiceName": "PSEXESVC" });
        events.push((start + 2, with(security(4697), service)));
        for (step, tool) in (0..).zip(["whoami", "ipconfig", "net", "nltest", "systeminfo"]) {
            let event = json!({
                "Channel": "Microsoft-Windows-Sysmon/Operational",
                "EventID": 1,
                "Computer": host,
                "User": "CORP\\eve",
                "Image": format!("C:\\Windows\\{tool}.exe"),
            });
            events.push((start + 300 + step, event));
        }
        // Work: one failed logon every now and then.
        for at in 0..40 {
            let failed = json!({ "TargetUserName": format!("u{at}"), "IpAddress": format!("10.1.0.{at}") });
            events.push((start + at * 50, with(security(4625), failed)));
        }
    }
    events
}

/// The story as several logs; which event is in which, and in what order, follows from the seed.
fn logs(seed: u64) -> Vec<(String, String)> {
    let mut state = seed;
    let mut random = move |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % end
    };
    let mut logs = vec![String::new(); 5];
    for (seconds, mut event) in story() {
        let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        event["@timestamp"] = format!("2026-03-02T{:02}:{minutes:02}:{rest:02}Z", 10 + hours).into();
        writeln!(logs[random(5)], "{event}").unwrap();
    }
    logs.into_iter().enumerate().map(|(at, text)| (format!("logs/{at}.json"), text)).collect()
}

fn folder(seed: u64) -> Folder {
    let folder = Folder::with(&[]);
    for (name, text) in logs(seed) {
        folder.write(&name, text.as_bytes());
    }
    for name in ["lateral_movement", "discovery_burst", "service_after_remote_logon", "failed_logons"] {
        let path = format!("rules/windows/{name}.yml");
        folder.write(&path, &std::fs::read(root().join(&path)).unwrap());
    }
    folder
}

fn objects(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn neither_threads_nor_the_order_of_files_change_a_byte() {
    let folder = folder(1);
    let run = |words: &str| folder.run(&format!("hunt -r rules {words}"));
    let orders = ["logs", "logs/4.json logs/2.json logs/0.json logs/1.json logs/3.json", "logs/3.json logs"];
    for form in ["ndjson", "json", "csv"] {
        let first = run(&format!("logs --threads 1 --format {form}"));
        assert_eq!(first.code, 1, "{first:?}");
        for order in orders {
            for threads in [1, 2, 5] {
                let other = run(&format!("{order} --threads {threads} --format {form}"));
                assert_eq!(other.stdout, first.stdout, "{order} {threads}");
            }
        }
    }
}

#[test]
fn a_chain_is_told_with_its_evidence_down_to_records() {
    for seed in 1..4 {
        let folder = folder(seed);
        let run = folder.run("hunt -r rules logs --format ndjson");
        let found = objects(&run.stdout);
        let titles: Vec<&str> = found.iter().map(|one| one["rule"]["title"].as_str().unwrap()).collect();
        let count = |title: &str| titles.iter().filter(|found| **found == title).count();
        assert_eq!(count("Service Installed In A Remote Logon"), 2, "{titles:?}");
        assert_eq!(count("Burst Of Commands That Look Around"), 2);
        assert_eq!(count("Machine Taken Over From The Network"), 2);
        assert_eq!(count("Lateral Movement Over Several Machines"), 1);
        assert_eq!(titles.len(), 7, "what others read gives no result: {titles:?}");
        let top = found.iter().find(|one| one["rule"]["level"] == "critical").unwrap();
        assert_eq!(top["@timestamp"], "2026-03-02T10:45:04Z");
        assert_eq!(top["value"], 2);
        assert_eq!(top["outcomes"]["machines"], json!(["srv1", "srv2"]));
        assert_eq!((&top["log"], &top["host"], &top["risk"]), (&Value::Null, &Value::Null, &json!(100)));
        let mut records = Vec::new();
        collect(&top["evidence"], &mut records);
        assert_eq!(records.len(), 14);
        // What the evidence names is there, and is what the rule says.
        for (path, record) in records {
            let text = folder.read(&path);
            let line: Value = serde_json::from_str(text.lines().nth(record - 1).unwrap()).unwrap();
            assert!(line["EventID"] != 4625, "{line}");
        }
    }
}

fn collect(evidence: &Value, records: &mut Vec<(String, usize)>) {
    for piece in evidence.as_array().unwrap() {
        match piece.get("log") {
            Some(log) => {
                let record = usize::try_from(log["record"].as_u64().unwrap()).unwrap();
                records.push((log["path"].as_str().unwrap().to_owned(), record));
            }
            None => collect(&piece["evidence"], records),
        }
    }
}

#[test]
fn people_see_groups_counts_and_trees() {
    let folder = folder(1);
    let run = folder.run("hunt -r rules logs --evidence --wide");
    for part in [
        "COUNT  CORRELATION",
        "Computer=srv1, User=CORP\\eve",
        "critical",
        "machines: srv1, srv2",
        "    - 2026-03-02 10:40:02 Remote Service Execution On A Machine",
    ] {
        assert!(run.stdout.contains(part), "{part} in {}", run.stdout);
    }
    let run = folder.run("hunt -r rules logs --timeline --wide");
    let times: Vec<&str> = run.stdout.lines().skip(1).map(|line| &line[..19]).collect();
    assert!(times.len() == 7 && times.is_sorted(), "{}", run.stdout);
    let run = folder.run("hunt -r rules logs --html report.html");
    assert_eq!(run.code, 1);
    let page = folder.read("report.html");
    assert!(
        page.contains("<h2>Correlations</h2>") && page.contains("Lateral Movement Over Several Machines")
    );
}

#[test]
fn what_is_chosen_brings_what_it_reads() {
    let folder = folder(1);
    let found = objects(&folder.run("hunt -r rules logs --level critical --format ndjson").stdout);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["rule"]["level"], "critical");
    let found = objects(&folder.run("hunt -r rules logs --from 2026-03-02T10:30:00Z --format ndjson").stdout);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().any(|one| one["rule"]["level"] == "critical"));
}

#[test]
fn events_without_a_time_have_that_of_the_event_before() {
    let rule = "title: A\nname: a\nlogsource: {product: windows, service: security}\n\
                detection: {selection: {EventID: 1}, condition: selection}\n---\ntitle: B\nlevel: high\n\
                correlation: {type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 3}}\n";
    let event = |time: &str, id: u32| {
        let time =
            if time.is_empty() { String::new() } else { format!("\"@timestamp\":\"2026-03-02T{time}Z\",") };
        format!("{{{time}\"Channel\":\"Security\",\"EventID\":{id},\"u\":\"x\"}}\n")
    };
    // The time before the second one is of an event that nothing matches.
    let log = event("10:00:00", 1) + &event("10:00:05", 2) + &event("", 1) + &event("10:00:10", 1);
    let folder = Folder::with(&[("r.yml", rule), ("a.json", &log), ("b.json", &event("", 1))]);
    let run = folder.run("hunt -r r.yml a.json b.json --format ndjson");
    let found = objects(&run.stdout);
    assert_eq!(found.len(), 1, "{run:?}");
    assert_eq!(found[0]["evidence"][1]["@timestamp"], "2026-03-02T10:00:05Z");
    assert!(run.stderr.contains("Left out of correlations: 1 match without a time"), "{}", run.stderr);
}

#[test]
fn a_backtest_tells_what_a_change_does() {
    let folder = folder(1);
    let expect = "rules:\n- {rule: windows_lateral_movement, count: 1}\n- {rule: windows_discovery_burst, min: 1, max: 2}\n";
    folder.write("expect.yml", expect.as_bytes());
    let run = folder.run("backtest rules logs --expect expect.yml --save counts.json");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(folder.run("backtest rules logs --compare counts.json").code, 0);
    let rule = folder.read("rules/windows/discovery_burst.yml").replace("gte: 5", "gte: 6");
    folder.write("rules/windows/discovery_burst.yml", rule.as_bytes());
    let run = folder.run("backtest rules logs --compare counts.json");
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("changed  Lateral Movement Over Several Machines: 1 → 0"), "{}", run.stdout);
    let run = folder.run("backtest rules logs --expect expect.yml --format junit");
    assert!(run.stdout.contains("failures=\"2\""), "{}", run.stdout);
    let run = folder.run("backtest rules logs --expect expect.yml --format json");
    assert!(objects(&run.stdout).iter().any(|row| row["is_met"] == false));
    folder.write("expect.yml", b"rules: [{rule: nobody, max: 0}]");
    assert_eq!(folder.run("backtest rules logs --expect expect.yml").code, 2);
}

#[test]
fn what_did_not_fire_says_how_far_it_came() {
    let rules = "title: Failed\nname: failed\nlogsource: {product: windows, service: security}\ndetection: {selection: {EventID: 4625}, condition: selection}\n---\ntitle: Good\nname: good\nlogsource: {product: windows, service: security}\ndetection: {selection: {EventID: 4624}, condition: selection}\n---\ntitle: Many\ncorrelation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 1m, condition: {gte: 4}}\n---\ntitle: Both\ncorrelation: {type: temporal, rules: [failed, good], group-by: [TargetUserName], timespan: 1m}\n---\ntitle: Few\ncorrelation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 1m, condition: {lt: 2}}\n---\ntitle: Nowhere\ncorrelation: {type: event_count, rules: [failed], group-by: [Nothing], timespan: 1m, condition: {gte: 1}}\n";
    let event = |second: u32, user: &str| {
        let time = format!("2026-03-02T10:00:{second:02}Z");
        json!({ "@timestamp": time, "Channel": "Security", "EventID": 4625, "TargetUserName": user })
            .to_string()
    };
    let log = [event(1, "anna"), event(2, "anna"), event(3, "anna"), event(4, "bert")].join("\n");
    let folder = Folder::with(&[("r.yml", rules), ("log.json", &log)]);
    let run = folder.run("explain r.yml log.json");
    assert_eq!(run.code, 1, "{run:?}");
    for lines in [
        "Many did not fire\n  asks for event_count >= 4 of `Failed` within 1m by TargetUserName\n  TargetUserName=anna came to 3, 3 events from 2026-03-02 10:00:01 to 2026-03-02 10:00:03\n    - 2026-03-02 10:00:01 Failed: log.json record 1\n",
        "Both did not fire\n  asks for temporal >= 2 of `Failed`, `Good` within 1m by TargetUserName\n  TargetUserName=anna came to 1, 1 event at 2026-03-02 10:00:01, without `Good`\n",
        "reads Good, which matched no record",
        // It is judged when its window closes, and holds for one of two.
        "Few fired once",
        "TargetUserName=anna came to 3, 3 events",
        "Nowhere did not fire\n  asks for event_count >= 1 of `Failed` within 1m by Nothing\n  did not begin: none of what it reads has all of Nothing\n",
    ] {
        assert!(run.stdout.contains(lines), "{lines}\n{}", run.stdout);
    }
    let only = folder.run("explain r.yml log.json --only Both");
    assert!(only.stdout.starts_with("Both did not fire") && !only.stdout.contains("Many"), "{only:?}");
    let record = folder.run("explain r.yml log.json --record 4 --only good");
    assert!(record.code == 0 && record.stdout.starts_with("Good does not match"), "{record:?}");
    assert_eq!(folder.run("explain r.yml log.json --only Other").code, 2);
}
