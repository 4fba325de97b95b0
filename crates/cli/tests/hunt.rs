//! `sigyn hunt` and `sigyn explain` as a user calls them, on the bundled rules and logs.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn sigyn(args: &[&str], input: &str) -> Output {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sigyn"))
        .args(args)
        .current_dir(top)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A call that is refused reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn hunt(args: &[&str], input: &str) -> (i32, String, String) {
    let out = sigyn(&[&["hunt", "-r", "examples/rules"], args].concat(), input);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

/// Titles of the rules that match, with their records.
fn matches(args: &[&str], input: &str) -> Vec<String> {
    let (_, out, _) = hunt(&[args, &["--format", "ndjson"]].concat(), input);
    let objects = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    objects
        .map(|match_| format!("{} {}", match_["rule"]["title"].as_str().unwrap(), match_["log"]["record"]))
        .collect()
}

#[test]
fn the_first_command_finds_what_the_samples_hold() {
    let (code, out, err) = hunt(&["examples/logs"], "");
    assert_eq!(code, 1, "{err}");
    let (table, correlations) = out.split_once("\n\n").unwrap();
    assert!(correlations.contains("IpAddress=203.0.113.77"), "{out}");
    let levels: Vec<&str> = table.lines().skip(1).map(|line| line.split(' ').next().unwrap()).collect();
    let count = |level: &str| levels.iter().filter(|found| **found == level).count();
    assert_eq!(["critical", "high", "medium", "low", "info"].map(count), [1, 6, 5, 2, 1], "{out}");
    assert!(levels.is_sorted_by_key(|level| {
        ["critical", "high", "medium", "low", "info"].iter().position(|known| known == level)
    }));
    assert!(err.contains("15 of 15 rules matched 31 times in 58 records of 4 logs"), "{err}");
}

#[test]
fn keys_are_a_contract() {
    let (_, out, _) = hunt(&["--format", "ndjson", "--include-event", "examples/logs/access.log"], "");
    let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(first["@timestamp"], "2026-03-02T08:11:03Z");
    assert_eq!(first["rule"]["level"], "medium");
    assert!(first["rule"]["id"].is_string() && first["rule"]["tags"].is_array());
    assert_eq!(first["log"], serde_json::json!({ "path": "examples/logs/access.log", "record": 4 }));
    assert!(first["host"].is_null() && first["user"].is_null());
    assert_eq!(first["event"]["c-ip"], "203.0.113.77");
}

#[test]
fn every_form_has_every_match_in_the_same_order() {
    let lines = matches(&["examples/logs"], "");
    assert_eq!(lines.len(), 31);
    for threads in ["1", "2", "7"] {
        assert_eq!(matches(&["examples/logs", "--threads", threads], ""), lines);
    }
    let (_, json, _) = hunt(&["--format", "json", "examples/logs"], "");
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap().len(), 31);
    let (_, csv, _) = hunt(&["--format", "csv", "examples/logs"], "");
    assert_eq!(csv.lines().count(), 32);
    let (_, table, _) = hunt(&["--timeline", "--wide", "examples/logs"], "");
    let times: Vec<&str> = table.lines().skip(1).map(|line| &line[..19]).collect();
    assert!(times.len() == 31 && times.is_sorted());
}

/// Small logs are read by one thread each, packed ones go on for long behind little: the order is that of the logs, whoever
/// reads them.
#[test]
fn small_and_packed_logs_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "title: Needle\nlogsource: {category: process_creation, product: windows}\ndetection: {sel: {CommandLine|contains: needle}, condition: sel}\n";
    std::fs::write(folder.path().join("rule.yml"), rule).unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let lines = |count: usize, log: usize| -> String {
        let text = |at: usize| if at % 500 == 0 { "needle" } else { "hay" };
        (0..count)
            .map(|at| format!("{{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":1,\"Computer\":\"host-{log}\",\"Image\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\",\"CommandLine\":\"{}\"}}\n", text(at)))
            .collect()
    };
    for log in 0..24 {
        let path = logs.join(format!("{log:02}.json"));
        match log % 8 {
            // More than is told at once, of more bytes than the largest that a thread reads alone.
            3 => {
                let file = std::fs::File::create(path.with_extension("json.gz")).unwrap();
                let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::best());
                packed.write_all(lines(40_000, log).as_bytes()).unwrap();
                packed.finish().unwrap();
            }
            5 => std::fs::write(path, lines(4_000, log)).unwrap(),
            _ => std::fs::write(path, lines(501, log)).unwrap(),
        }
    }
    let logs = logs.to_str().unwrap();
    let rule = folder.path().join("rule.yml");
    let found = |threads: &str| {
        let words = ["hunt", "-r", rule.to_str().unwrap(), logs, "--format", "ndjson", "--threads", threads];
        let out = String::from_utf8(sigyn(&words, "").stdout).unwrap();
        out.lines()
            .map(|line| {
                let found: Value = serde_json::from_str(line).unwrap();
                format!("{} {}", found["host"].as_str().unwrap(), found["log"]["record"])
            })
            .collect::<Vec<_>>()
    };
    let expected: Vec<String> = (0..24)
        .flat_map(|log| {
            let count = [501, 40_000, 4_000][match log % 8 {
                3 => 1,
                5 => 2,
                _ => 0,
            }];
            (0..count).step_by(500).map(move |at| format!("host-{log} {}", at + 1))
        })
        .collect();
    for threads in ["1", "2", "7"] {
        assert_eq!(found(threads), expected, "{threads} threads");
    }
}

#[test]
fn rules_and_times_are_chosen() {
    let check = |args: &[&str], count: usize| {
        assert_eq!(matches(&[&["examples/logs"], args].concat(), "").len(), count, "{args:?}")
    };
    check(&["--level", "high"], 9);
    check(&["--level", "low"], 19);
    check(&["--logsource", "category=webserver"], 4);
    check(&["--logsource", "product=windows", "--from", "2026-03-02T08:15:00Z", "--to", "2026-03-03"], 15);
    check(&["--from", "2027-01-01"], 0);
}

#[test]
fn standard_input_and_renamed_fields_work() {
    let event = r#"{"Channel":"Security","EventID":4625,"who":"bob"}"#;
    assert_eq!(matches(&["-"], event), ["Failed Logon 1"]);
    let computer = event.replace("bob", "PC$");
    assert_eq!(matches(&["-"], &computer), ["Failed Logon 1"]);
    assert_eq!(matches(&["--field-map", "TargetUserName=who", "-"], &computer), Vec::<String>::new());
}

#[test]
fn exit_codes_and_messages_say_what_happened() {
    let check = |args: &[&str], input: &str, code: i32, said: &str| {
        let (got, _, err) = hunt(args, input);
        assert!(got == code && err.contains(said), "{args:?}: {got}\n{err}");
    };
    check(&["-"], r#"{"Channel":"Security","EventID":1}"#, 0, "0 of 15 rules");
    check(&["-"], "just words\n", 0, "no known shape");
    check(&["-", "--verbose"], "just words\n", 0, "JSON: it begins with neither");
    check(
        &["-"],
        "{\"Channel\":\"Security\",\"EventID\":4625}\n{\"Channel\":\n",
        1,
        "Skipped 1 damaged place;",
    );
    check(&["no-such-log"], "", 2, "no such file");
    check(&["-", "--level", "loud"], "", 2, "there is no level `loud`");
    check(&["-", "--from", "yesterday"], "", 2, "is no time");
    check(&["-", "--field-map", "x"], "", 2, "no field mapping");
}

#[test]
fn the_page_stands_alone_and_shows_log_text_as_text() {
    let file = std::env::temp_dir().join(format!("sigyn-hunt-{}.html", std::process::id()));
    let hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\u{202e}'\"";
    let event = serde_json::json!({
        "Channel": "Security", "EventID": 4625, "TargetUserName": hostile, "Computer": hostile, "x": hostile,
    });
    hunt(&["-", "--include-event", "--html", file.to_str().unwrap()], &event.to_string());
    let page = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)") && page.contains("\\u003c/script>"));
    for markup in ["<img", "<!--", "<script>alert", "http:", "https:", "\u{202e}"] {
        assert!(!page.contains(markup), "{markup}");
    }
    // The data and the program, and no other program may run.
    assert_eq!([page.matches("<script").count(), page.matches("</script").count()], [2, 2]);
    assert!(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"));
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let data: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    let plain = hostile.replace('\u{202e}', "\u{fffd}");
    assert!(data["texts"].as_array().unwrap().contains(&plain.into()), "{data}");
}

#[test]
fn explanations_name_what_decides() {
    let rule = "examples/rules/web_path_traversal.yml";
    let check = |record: &str, code: i32, said: &[&str]| {
        let out = sigyn(&["explain", rule, "examples/logs/access.log", "--record", record], "");
        let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(code), "{text}");
        said.iter().for_each(|said| assert!(text.contains(said), "{record}: {text}"));
    };
    check("4", 1, &["matches", "../../etc/passwd"]);
    check("6", 0, &["does not match", "→ yes         sc-status|gte   [403]"]);
    check("99", 2, &["has no record 99; it has 14"]);
}
