//! The day under the web pack: the work of the day alarms nobody, and the break-in is found, step by step and as a whole.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_engine::LogSources;
use sigyn_ir::{Compat, LoadOptions};
use sigyn_runtime::{Log, Program, replay};
use sigyn_sample::{Scene, Traffic};

/// 2026-03-03T12:00:00Z.
const END: i64 = 1_772_539_200_000_000_000;

fn pack() -> Program {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/web");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.retain(|path| !path.to_string_lossy().ends_with(".test.yml"));
    let options = LoadOptions::new(Compat::Spec);
    let parsed = paths.iter().zip(0..).map(|(path, id)| {
        let text = std::fs::read_to_string(path).unwrap();
        sigyn_ir::read(SourceId(id), &SourceFile::new(path.to_string_lossy(), text), &options)
    });
    let set = sigyn_ir::resolve(parsed.collect(), &options).set;
    let built = Program::build(set, &LogSources::built_in().unwrap(), &[]);
    assert!(built.refused.is_empty(), "{:?}", built.refused);
    built.program
}

/// A day, server by server.
fn day(scene: Scene) -> BTreeMap<&'static str, String> {
    let mut logs: BTreeMap<&'static str, String> = BTreeMap::new();
    let traffic = Traffic::new(7, END, scene);
    let mut last = i64::MIN;
    for line in traffic.take_while(|line| line.at < END) {
        assert!(line.at >= last, "in the order of time");
        last = line.at;
        let log = logs.entry(line.server).or_default();
        log.push_str(&line.text);
        log.push('\n');
    }
    logs
}

/// Names of the rules that fire, with the addresses that they fire for.
fn fired(program: &Program, logs: &BTreeMap<&'static str, String>) -> BTreeSet<(String, String)> {
    let logs: Vec<Log> = logs
        .iter()
        .map(|(name, text)| Log {
            name: Arc::from(*name),
            bytes: text.as_bytes().into(),
            first: 1,
            hint: None,
        })
        .collect();
    let told = replay(program, &logs);
    assert!(told.unread.is_empty(), "{:?}", told.unread);
    assert!(told.classes.iter().all(Option::is_some), "every line is a request");
    let names = told.fired.iter().map(|fired| {
        let name = program.set.get(fired.rule).and_then(|item| item.meta().name.clone()).unwrap_or_default();
        let by = fired.group.iter().find(|(field, _)| field == "source.ip");
        (name, by.and_then(|(_, values)| values.first().cloned()).unwrap_or_default())
    });
    names.collect()
}

#[test]
fn the_work_of_the_day_alarms_nobody() {
    let logs = day(Scene::Peace);
    let lines: usize = logs.values().map(|log| log.lines().count()).sum();
    assert!((30_000..80_000).contains(&lines), "{lines} lines");
    // Logins and pages that are not there are what they are; nothing is made of them.
    let quiet = BTreeSet::from(["WEB-AUTH-001", "WEB-404-001"]);
    let fired = fired(&pack(), &logs);
    let loud: Vec<_> = fired.iter().filter(|(name, _)| !quiet.contains(name.as_str())).collect();
    assert!(loud.is_empty(), "{loud:?}");
}

#[test]
fn the_break_in_is_found_step_by_step_and_as_a_whole() {
    let fired = fired(&pack(), &day(Scene::Everything));
    let of = |address: &str| -> BTreeSet<&str> {
        fired.iter().filter(|(_, by)| by == address).map(|(name, _)| name.as_str()).collect()
    };
    let intruder = of("203.0.113.47");
    for name in [
        "BEHAVIOR-SCAN-001",
        "BEHAVIOR-SQLI-001",
        "BEHAVIOR-PATH-001",
        "BEHAVIOR-AUTH-001",
        "BEHAVIOR-CMD-001",
        "BEHAVIOR-MULTI-001",
        "ESCALATION-UA-001",
        "ESCALATION-SCAN-001",
    ] {
        assert!(intruder.contains(name), "{name}: {intruder:?}");
    }
    assert!(of("198.51.100.23").contains("BEHAVIOR-AUTH-001"));
    assert!(fired.iter().any(|(name, _)| name == "ESCALATION-AUTH-001"), "a chain of three levels");
    // Others pass by all day; some of them fall short.
    let others = fired.iter().filter(|(name, _)| name.starts_with("BEHAVIOR")).count();
    assert!(others > 20, "{others}");
}

#[test]
fn it_follows_from_the_seed_alone_and_goes_on_behind_the_day() {
    let first = |seed| Traffic::new(seed, END, Scene::Everything).take(400).collect::<Vec<_>>();
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
    let traffic = Traffic::new(1, END + 17, Scene::Everything);
    assert_eq!(traffic.end(), END, "a whole minute");
    let after = traffic.skip_while(|line| line.at < END).take(2_000).last().unwrap();
    assert!(after.at > END + 1_000_000_000 * 300, "it does not end");
}
