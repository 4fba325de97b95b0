//! SigmaHQ's rules over recorded events: the engine says what the evaluator says, with log sources and their aliases.
//!
//! Runs where `SIGYN_EVENTS` names a file of JSON lines and the shared data lies beside the repository;
//! `SIGYN_EVENTS_STEP` takes every n-th event (default 1).

#![expect(clippy::unwrap_used, reason = "a test fails where its input cannot be read")]

use std::path::Path;

use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_engine::{Config, Engine, LogSources, Switch};
use sigyn_ir::{Compat, LoadOptions, RuleItem};
use sigyn_testkit::evaluator::Evaluator;
use sigyn_testkit::json;

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            files.push(SourceFile::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn recorded_events_match_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigmahq/rules");
    let (Some(events), true) = (std::env::var_os("SIGYN_EVENTS"), folder.is_dir()) else {
        eprintln!("skipped: no SIGYN_EVENTS, or no data beside the repository");
        return;
    };
    let step = std::env::var("SIGYN_EVENTS_STEP").ok().and_then(|step| step.parse().ok()).unwrap_or(1);
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let options = LoadOptions::new(Compat::Spec);
    let parsed =
        files.iter().zip(0..).map(|(file, id)| sigyn_ir::read(SourceId(id), file, &options)).collect();
    let set = sigyn_ir::resolve(parsed, &options).set;
    let sources = LogSources::built_in().unwrap();
    let built = Engine::build(&set, &sources, Config::standard());
    let plain = Engine::build(&set, &sources, Config { witnesses: Switch::Off, ..Config::standard() });
    let (mut scratch, mut plain_scratch) = (built.engine.scratch(), plain.engine.scratch());
    let evaluator = Evaluator::default();
    let (mut count, mut matched) = (0_u64, 0_u64);
    for line in std::fs::read_to_string(events).unwrap().lines().step_by(step) {
        let Ok(buf) = json::event(line) else { continue };
        let event = buf.event("");
        let (class, found) = built.engine.run(event, &mut scratch);
        assert_eq!(found, plain.engine.run(event, &mut plain_scratch).1, "{line}");
        let Some(class) = class else { continue };
        let aliases = |field: &str| {
            let names = built.engine.field_names(Some(class), field);
            names.into_iter().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        for (item, at) in set.items.iter().zip(0..) {
            let RuleItem::Rule(rule) = item else { continue };
            let is_read =
                built.engine.class_sources(class).iter().any(|source| rule.logsource.covers(source));
            if is_read {
                let further =
                    |field: &str, own: &[String]| built.engine.further_values(class, field, event, own);
                let expect = evaluator.evaluate_with(rule, event, &aliases, &further).unwrap_or(false);
                let is_found = found.iter().any(|id| id.0 == at);
                assert_eq!(is_found, expect, "{}: {line}", rule.meta.title);
                count += 1;
                matched += u64::from(expect);
            }
        }
    }
    println!("{count} pairs of rules and events, {matched} matches");
    assert!(count > 0);
}
