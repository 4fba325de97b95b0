//! The web pack's behaviour rules on recorded scenarios: what must fire fires, nothing else does, whatever the order of
//! the lines. Cases in which readings of "within a minute" differ follow the closed window (E15).

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sigyn_diagnostics::SourceFile;
use sigyn_engine::LogSources;
use sigyn_ir::{Compat, LoadOptions};
use sigyn_runtime::{Log, Pace, Program, replay, replay_paced};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn program() -> Program {
    // The scenarios say nothing of escalations.
    let is_wanted =
        |name: &str| name.ends_with(".yml") && !name.ends_with(".test.yml") && name != "escalation.yml";
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root().join("rules/web")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| is_wanted(path.file_name().unwrap().to_str().unwrap()));
    paths.sort();
    let files = paths
        .iter()
        .map(|path| SourceFile::new(path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    let files: Vec<SourceFile> = files.collect();
    let (_, loaded) = sigyn_convert::load(files, &LoadOptions::new(Compat::Spec));
    let built = Program::build(loaded.set, &LogSources::built_in().unwrap(), &[]);
    assert!(built.refused.is_empty(), "{:?}", built.refused);
    built.program
}

/// Address and rule of everything that is shown.
type Fired = BTreeSet<(String, String)>;

fn named(program: &Program, fired: &[sigyn_runtime::Fired]) -> Fired {
    let shown = fired.iter().filter(|fired| program.is_shown(fired.rule));
    shown
        .map(|fired| {
            let name = program.set.get(fired.rule).unwrap().meta().name.clone().unwrap();
            (fired.group[0].1[0].clone(), name)
        })
        .collect()
}

fn log(lines: &[&str]) -> Log {
    let text = lines.join("\n");
    Log { name: "access.log".into(), bytes: text.as_bytes().into(), first: 1, hint: None }
}

/// Numbers that only a seed decides.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// The pairs that an entry of the expectations lists.
fn pairs(list: &Value, is_wanted: impl Fn(&Value) -> bool) -> Fired {
    let entries = list.as_array().unwrap().iter().filter(|entry| is_wanted(entry));
    entries
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            (text("ip"), text("rule"))
        })
        .collect()
}

#[test]
fn scenarios_fire_what_they_must_and_nothing_else() {
    let folder = root().join("../shared/data/web/behaviour");
    let Ok(text) = std::fs::read_to_string(folder.join("expected.json")) else {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    };
    let expected: Value = serde_json::from_str(&text).unwrap();
    let program = program();
    let mut random = Random(7);
    for (name, file) in expected["files"].as_object().unwrap() {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        let closed = |entry: &Value| {
            let readings = &entry["readings"];
            let reading =
                readings.get("sliding_closed").or_else(|| readings.get("sliding_closed/attack_types"));
            reading.and_then(Value::as_bool).unwrap()
        };
        let mut must = pairs(&file["must"], |_| true);
        must.extend(pairs(&file["depends"], closed));
        let check = |what: &str, fired: &[sigyn_runtime::Fired]| {
            let fired = named(&program, fired);
            let missing: Vec<_> = must.difference(&fired).collect();
            let wrong: Vec<_> = fired.difference(&must).collect();
            assert!(missing.is_empty() && wrong.is_empty(), "{name} {what}: {missing:?} {wrong:?}");
        };
        check("in order", &replay(&program, &[log(&lines)]).fired);
        for seed in 1..=3 {
            let pace = Pace::Stream { lateness_nanos: 30_000_000_000, batch: 64, seed };
            check("streamed", &replay_paced(&program, &[log(&lines)], &pace).fired);
        }
        for at in (1..lines.len()).rev() {
            lines.swap(at, random.below(at + 1));
        }
        check("shuffled", &replay(&program, &[log(&lines)]).fired);
    }
}
