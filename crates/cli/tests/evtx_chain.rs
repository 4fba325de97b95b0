//! A chain of three levels over recordings of attacks, tested, hunted and explained. Skips where the recordings are not.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::PathBuf;

use common::{Folder, root};
use serde_json::{Value, json};

/// Two rules on events, a correlation of them, a rule on its detections, a correlation of that.
const RULES: &str = "\
title: Log Emptied
name: emptied
logsource: {product: windows, service: security}
detection: {selection: {EventID: 1102}, condition: selection}
---
title: Remote Logon
name: logon
logsource: {product: windows, service: security}
detection:
    selection: {EventID: 4624, LogonType: 3}
    local: {IpAddress: ['-', '127.0.0.1', '::1']}
    computer: {TargetUserName|endswith: '$'}
    condition: selection and not local and not computer
---
title: Log Emptied Before A Remote Logon
name: emptied_then_logon
tags: [attack.lateral-movement]
level: medium
correlation:
    type: temporal_ordered
    rules: [emptied, logon]
    group-by: [Computer]
    timespan: 1h
---
title: Anything That Looks Like Lateral Movement
name: lateral
logsource: {product: sigyn, service: detection}
detection: {selection: {rule.tags: attack.lateral-movement}, condition: selection}
sigyn: {silent: true}
---
title: Twice Within A Day
name: twice
level: high
correlation:
    type: event_count
    rules: [lateral]
    generate: true
    group-by: [Computer]
    timespan: 1d
    condition: {gte: 2}
sigyn: {outcomes: {accounts: {values: TargetUserName}}}
";

const LOGS: [&str; 2] =
    ["dicovery_4661_net_group_domain_admins_target.evtx", "LM_ScheduledTask_ATSVC_target_host.evtx"];

fn corpus() -> Option<PathBuf> {
    let folder = root().join("../shared/data/evtx").canonicalize().ok();
    if folder.is_none() {
        eprintln!("skipped: the recordings are not there");
    }
    folder
}

#[test]
fn a_chain_is_hunted_tested_and_explained() {
    let Some(corpus) = corpus() else { return };
    let folder = Folder::with(&[("r/chain.yml", RULES)]);
    let logs = corpus.to_str().unwrap().to_owned();
    let parts =
        ["Lateral Movement", "Discovery", "Credential Access", "Defense Evasion", "Privilege Escalation"];
    for part in parts {
        let short = part.replace(' ', "");
        std::os::unix::fs::symlink(corpus.join(part), folder.0.join(short)).unwrap();
    }
    let whole = folder.run(&format!("hunt -r r {logs} --format ndjson --threads 1"));
    let found: Vec<Value> = whole.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |title: &str| found.iter().filter(|one| one["rule"]["title"] == title).collect::<Vec<_>>();
    // Counted by hand from a list of all such events.
    assert_eq!(of("Log Emptied Before A Remote Logon").len(), 9, "{}", whole.stderr);
    let top = of("Twice Within A Day");
    assert_eq!(top.len(), 1);
    assert_eq!(top[0]["group"], json!({ "Computer": "WIN-77LTAPHIQ1R.example.corp" }));
    assert_eq!(top[0]["@timestamp"], "2019-03-19T00:02:04.210688Z");
    assert_eq!(found.len(), 10, "rules that others read, and silent ones, give no result");

    // The order of files and the number of threads change no byte.
    let names = "CredentialAccess PrivilegeEscalation Discovery LateralMovement DefenseEvasion";
    let turned = "DefenseEvasion LateralMovement Discovery PrivilegeEscalation CredentialAccess";
    let one = folder.run(&format!("hunt -r r {names} --format ndjson --threads 1"));
    let other = folder.run(&format!("hunt -r r {turned} --format ndjson --threads 4"));
    assert!(one.stdout.lines().count() >= 9, "{}", one.stderr);
    assert_eq!(one.stdout, other.stdout);

    // Level by level down to the records.
    let run = folder.run("hunt -r r Discovery LateralMovement --evidence --wide --level high");
    let tree: Vec<&str> =
        run.stdout.lines().skip_while(|line| !line.ends_with("Twice Within A Day (high)")).collect();
    let has = |start: &str, end: &str| tree.iter().any(|line| line.starts_with(start) && line.ends_with(end));
    assert!(has("  - 2019-03-18 23:23:52", "Anything That Looks Like Lateral Movement"), "{}", run.stdout);
    assert!(has("    - 2019-03-18 23:23:43", &format!("{} record 1", LOGS[0])), "{}", run.stdout);
    assert!(has("    - 2019-03-19 00:02:04", &format!("{} record 2", LOGS[1])), "{}", run.stdout);
}

#[test]
fn a_chain_is_explained_over_recordings() {
    let Some(corpus) = corpus() else { return };
    let folder = Folder::with(&[("r/chain.yml", RULES)]);
    for part in ["Discovery", "Lateral Movement"] {
        std::os::unix::fs::symlink(corpus.join(part), folder.0.join(part.replace(' ', ""))).unwrap();
    }
    let run = folder.run("explain r Discovery LateralMovement");
    assert_eq!(run.code, 1, "{run:?}");
    let has = |line: &str| run.stdout.lines().any(|it| it.trim_start().starts_with(line));
    let group = "Computer=WIN-77LTAPHIQ1R.example.corp";
    for line in [
        "Twice Within A Day fired once",
        &format!("fired: 2019-03-19 00:02:04 {group}: 2, 2 events from 2019-03-18 23:23:52"),
        &format!(
            "- 2019-03-18 23:23:52 Anything That Looks Like Lateral Movement, on Log Emptied Before A Remote Logon {group}"
        ),
        &format!("- 2019-03-18 23:23:43 Log Emptied: Discovery/{} record 1", LOGS[0]),
        // Another machine came half the way.
        "Computer=01566s-win16-ir.threebeesco.com came to 1, 1 event at 2020-09-02 11:47:48",
        "reads Anything That Looks Like Lateral Movement, which fired 3 times",
    ] {
        assert!(has(line), "{line}\n{}", run.stdout);
    }
    // Without its second half nothing fires, and the level that broke is shown.
    let run = folder.run("explain r Discovery --format ndjson");
    assert_eq!(run.code, 0, "{run:?}");
    let rules: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rules[0]["rule"]["title"], "Twice Within A Day");
    assert_eq!((&rules[0]["matches"], &rules[0]["groups_not_fired"]), (&json!(0), &json!(1)));
    assert_eq!(rules[0]["nearest"][0]["value"], 1);
    assert_eq!(rules[0]["nearest"][0]["evidence"][0]["evidence"].as_array().unwrap().len(), 2);
}

#[test]
fn a_chain_is_tested_on_recordings() {
    if corpus().is_none() {
        return;
    }
    let test = "tests:\n- name: two recordings of one machine\n  files: [Discovery/FIRST, LateralMovement/SECOND]\n  \
                expect:\n  - {rule: twice, group: {Computer: WIN-77LTAPHIQ1R.example.corp}, time: \
                '2019-03-19T00:02:04.210688Z', value: 2}\n  - {rule: emptied_then_logon, count: 2}\n  - {rule: lateral, \
                count: 2}\n  shuffle: true\n- name: one of them\n  files: [Discovery/FIRST]\n  expect: [emptied_then_logon]\n";
    let test = test.replace("FIRST", LOGS[0]).replace("SECOND", LOGS[1]);
    let folder = Folder::with(&[("r/chain.yml", RULES), ("r/chain.test.yml", &test)]);
    for part in ["Discovery", "Lateral Movement"] {
        let source = corpus().unwrap().join(part);
        std::os::unix::fs::symlink(source, folder.0.join("r").join(part.replace(' ', ""))).unwrap();
    }
    let run = folder.run("test r/chain.yml --require-tests");
    assert_eq!(run.code, 0, "{run:?}");
}
