//! `sigyn test`, `sigyn backtest` and `sigyn rules graph` as a user calls them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::process::Command;

use common::{Folder, root};
use serde_json::Value;

const RULES: &str = "\
title: Failed
name: failed
level: low
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, filter: {User|endswith: '$'}, condition: selection and not filter}
---
title: Burst
name: burst
level: high
correlation:
    type: event_count
    rules: [failed]
    group-by: [User]
    timespan: 1m
    condition: {gte: 3}
";

/// A folder with these rules and tests about them.
fn folder(tests: &str) -> Folder {
    let head = "start: 2026-03-01T10:00:00Z\ndefaults: {Channel: Security}\n";
    Folder::with(&[("r/rules.yml", RULES), ("r/rules.test.yml", &format!("{head}{tests}"))])
}

#[test]
fn the_pack_of_rules_passes_its_tests_and_every_rule_has_one() {
    let run = |args: &[&str]| {
        let binary = env!("CARGO_BIN_EXE_sigyn");
        let output = Command::new(binary).args(args).current_dir(root()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    // The second folder pins what the examples of the specification and of pySigma mean.
    for folder in ["rules", "crates/verify/tests/examples"] {
        let (code, out, err) = run(&["test", folder, "--require-tests"]);
        assert_eq!(code, Some(0), "{out}{err}");
    }
    let (_, out, err) = run(&["check", "rules", "--diagnostics", "json"]);
    assert!(
        !out.contains("\"severity\":\"warning\"") && !out.contains("\"severity\":\"error\""),
        "{out}{err}"
    );
}

#[test]
fn what_is_as_expected_passes() {
    let folder = folder(
        "tests:\n- name: three\n  events:\n  - {$at: 0s, $times: 3, $every: 10s, EventID: 4625, User: a}\n  \
         - {$at: 0s, EventID: 4625, User: b$}\n  expect:\n  - {rule: Burst, time: 20s, group: {User: a}, \
         value: 3, evidence: [1-3]}\n  - {rule: failed, count: 3}\n  shuffle: true\n",
    );
    let run = folder.run("test r --require-tests --list");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.stdout, "passed r/rules.test.yml: three\n");
    assert_eq!(folder.run("test r/rules.yml").code, 0);
    assert_eq!(folder.run("test r/rules.test.yml").code, 0);
    // Tests are no rules.
    let run = folder.run("check r");
    assert!(!run.stdout.contains("rules.test.yml"), "{run:?}");
}

/// A rule file of which the tests name the files that it reads is not called incomplete.
#[test]
fn a_file_alone_has_what_its_tests_name() {
    let base = "title: Failed\nname: failed\nlogsource: {product: windows, service: security}\n\
                detection: {s: {EventID: 4625}, condition: s}\n";
    let top = "title: Burst\nname: burst\ncorrelation: {type: event_count, rules: [failed], timespan: 1m, \
               condition: {gte: 2}}\n";
    let tests = "rules: [top.yml, base.yml]\nstart: 2026-03-01T10:00:00Z\ndefaults: {Channel: Security}\ntests:\n\
                 - name: two\n  events: [{$at: 0s, $times: 2, EventID: 4625}]\n  expect: [burst]\n";
    let folder = Folder::with(&[("base.yml", base), ("top.yml", top), ("top.test.yml", tests)]);
    let run = folder.run("test top.yml --require-tests");
    assert!(run.code == 0 && !run.stderr.contains("error"), "{run:?}");
    // Without such a test it is.
    let folder = Folder::with(&[("base.yml", base), ("top.yml", top), ("base.test.yml", "tests: []\n")]);
    assert_eq!(folder.run("test top.yml --require-tests").code, 2);
}

/// A pipeline that stands beside its tests is no rule without a title.
#[test]
fn pipelines_beside_tests_are_no_rules() {
    let tests = "start: 2026-03-01T10:00:00Z\ndefaults: {Channel: Security}\npipelines: [names.yml]\ntests:\n\
                 - name: one\n  events: [{$at: 0s, EventID: 4625, Account: a}]\n  expect: [failed]\n";
    let rule = "title: Failed\nname: failed\nlogsource: {product: windows, service: security}\n\
                detection: {s: {EventID: 4625, User: a}, condition: s}\n";
    let pipeline = "name: names\npriority: 10\ntransformations:\n\
                    - {id: names, type: field_name_mapping, mapping: {User: Account}}\n";
    // Whether the rule has the name of the tests or not.
    for name in ["r/rules.yml", "r/other.yml"] {
        let folder = Folder::with(&[(name, rule), ("r/rules.test.yml", tests), ("r/names.yml", pipeline)]);
        let run = folder.run("test r --require-tests");
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{name}: {run:?}");
        assert!(!run.stderr.contains("error"), "{run:?}");
    }
}

#[test]
fn what_is_not_as_expected_says_why() {
    let check = |tests: &str, code: i32, parts: &[&str]| {
        let run = folder(&format!("tests:\n- name: t\n{tests}")).run("test r");
        assert_eq!(run.code, code, "{run:?}");
        for part in parts {
            assert!(run.stdout.contains(part), "{part} in {}", run.stdout);
        }
    };
    let three = "  events: [{$at: 0s, $times: 3, EventID: 4625, User: a}]\n";
    let two = "  events: [{$at: 0s, $times: 2, EventID: 4625, User: a}]\n";
    check(
        &format!("{three}  expect: []\n"),
        1,
        &["`Burst` fired and must not", "group.User: a", "events 1–3"],
    );
    check(
        &format!("{two}  expect: [burst]\n"),
        1,
        &["`Burst` must fire: 1 expected, 0 found", "`Failed`, which fired 2 times"],
    );
    check(
        &format!("{three}  expect: [{{rule: burst, group: {{User: b}}, value: 4}}]\n"),
        1,
        &["group.User: expected b, found a", "value: expected 4, found 3"],
    );
    check(
        "  events: [{EventID: 4624, User: a}]\n  expect: [failed]\n",
        1,
        &["Failed does not match", "EventID   [4624]"],
    );
    check(
        "  events: [{$text: '{\"a\":1}'}]\n  expect: [failed]\n",
        1,
        &["the event's content names no log source"],
    );
    check(
        "  events: [{Channel: System, EventID: 4625}]\n  expect: [failed]\n",
        1,
        &["is not tried", "the event's content is that of `windows system`"],
    );
    check(&format!("{three}  expect_none: [failed]\n"), 1, &["`Failed` fired and must not"]);
    check(&format!("{three}  expect: [nobody]\n"), 2, &["there is no rule `nobody`"]);
    check("  files: [nowhere.evtx]\n  expect: []\n", 2, &["`nowhere.evtx` cannot be read"]);
    check("  events: [{EventID: 4625, User: a}]\n  expected: []\n", 2, &["a test has no key `expected`"]);
}

#[test]
fn reports_are_for_programs_too() {
    let folder = folder(
        "tests:\n- {name: yes, events: [{EventID: 4625, User: a}], expect: []}\n\
         - {name: 'no <&>', events: [{EventID: 4625, User: a}], expect: [burst]}\n",
    );
    let run = folder.run("test r --format json");
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<&Value> = lines.iter().map(|line| &line["outcome"]).collect();
    assert_eq!(outcomes, ["passed", "failed"]);
    assert_eq!((&lines[1]["line"], &lines[1]["problems"][0]["line"]), (&5.into(), &5.into()));
    let run = folder.run("test r --format junit");
    assert!(run.stdout.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{}", run.stdout);
    assert!(run.stdout.contains("no &lt;&amp;&gt;"));
    assert_eq!(folder.run("test r --filter yes").code, 0);
    assert_eq!(folder.run("test r --filter nothing").code, 2);
}

#[test]
fn rules_without_a_test_are_named() {
    let folder = Folder::with(&[
        ("r/a.yml", RULES),
        ("r/b.yml", &RULES.replace("failed", "failed2").replace("burst", "burst2").replace("Burst", "Other")),
        ("r/a.test.yml", "tests: [{events: [{Channel: Security, EventID: 4625}], expect: [Failed]}]"),
    ]);
    let run = folder.run("test r --require-tests");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("no test: r/a.yml: Burst"), "{}", run.stderr);
    assert!(run.stderr.contains("no test: r/b.yml: Other"), "{}", run.stderr);
}

#[test]
fn regression_data_of_sigmahq_works_as_it_is() {
    let rule =
        RULES.split("---").next().unwrap().replace("level", "regression_tests_path: data/x/info.yml\nlevel");
    let info = "regression_tests_info:\n- {name: p, type: json, path: data/x/e.json, match_count: 2}\n";
    let event = "{\"Channel\":\"Security\",\"EventID\":4625}\n";
    let folder = Folder::with(&[
        ("rules/win/a.yml", &rule),
        ("data/x/info.yml", info),
        ("data/x/e.json", &event.repeat(2)),
    ]);
    assert_eq!(folder.run("test rules --require-tests").code, 0);
    folder.write("data/x/e.json", event.as_bytes());
    let run = folder.run("test rules");
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("2 expected, 1 found"), "{}", run.stdout);
}

#[test]
fn graphs_show_what_reads_what_and_refuse_circles() {
    let folder = folder("tests: []\n");
    let run = folder.run("rules graph r");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("r0 -> r1;") && run.stdout.contains("event_count ≥ 3 in 1m by User"));
    let run = folder.run("rules graph r --format svg -o g.svg");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(folder.read("g.svg").starts_with("<svg"));
    let circle = RULES.replace("rules: [failed]", "rules: [failed, other]")
        + &RULES[RULES.find("---").unwrap()..]
            .replace("burst", "other")
            .replace("Burst", "Other")
            .replace("[failed]", "[burst]");
    folder.write("r/rules.yml", circle.as_bytes());
    let run = folder.run("rules graph r");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("`Burst` reads `Other` reads `Burst`"), "{}", run.stderr);
}

#[test]
fn a_backtest_tells_counts_and_holds_them() {
    let event = |second: u32| {
        format!(
            "{{\"@timestamp\":\"2026-03-02T10:00:{second:02}Z\",\"Channel\":\"Security\",\"EventID\":4625,\"User\":\"anna\"}}\n"
        )
    };
    let log: String = (1..4).map(event).collect();
    let folder = Folder::with(&[("r/rules.yml", RULES), ("log.json", &log)]);
    let run = folder.run("backtest r log.json --save before.json");
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
    // With nothing to hold them against, the counts are what was asked for.
    let run = folder.run("backtest r log.json");
    assert!(run.code == 0 && run.stdout.contains(": 1\n"), "{run:?}");
    folder.write("expected.yml", b"others: {max: 0}\n");
    let run = folder.run("backtest r log.json --expect expected.yml");
    assert!(run.code == 1 && run.stdout.contains("fired once, expected 0"), "{run:?}");
    folder.write("log.json", event(1).as_bytes());
    let run = folder.run("backtest r log.json --compare before.json");
    assert!(run.code == 1 && run.stdout.contains(": 1 → 0"), "{run:?}");
}
