//! `sigyn check --fix` over all rules of SigmaHQ: every file that loaded still loads, comments stay, safe fixes keep the
//! meaning, and a second run changes nothing. Runs where the shared data lies beside the repository, over a part of the rules;
//! over all of them, which takes half a minute and more, if the environment has `SIGYN_ALL_RULES`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{Folder, root};
use sigyn_lint::same_meaning;

/// The folders of rules.
const RULES: &[&str] = &[
    "rules",
    "rules-compliance",
    "rules-dfir",
    "rules-emerging-threats",
    "rules-placeholder",
    "rules-threat-hunting",
    "deprecated",
    "unsupported",
];

/// Without `SIGYN_ALL_RULES`, one of so many files.
const PART: usize = 12;

/// All rule files by their paths from the folder.
type Tree = BTreeMap<PathBuf, String>;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files(&path, into),
            false if path.extension().is_some_and(|extension| extension == "yml") => into.push(path),
            false => {}
        }
    }
}

fn tree(folder: &Path) -> Tree {
    let mut paths = Vec::new();
    RULES.iter().for_each(|name| files(&folder.join(name), &mut paths));
    let text =
        |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    paths.iter().map(|path| (path.strip_prefix(folder).unwrap().to_owned(), text(path))).collect()
}

/// A copy of all rules; none, with a message, where there is no shared data.
fn copy() -> Option<(Folder, Tree)> {
    let mut before = tree(&root().join("../shared/data/sigmahq"));
    if std::env::var_os("SIGYN_ALL_RULES").is_none() {
        before = before.into_iter().step_by(PART).collect();
    }
    if before.is_empty() {
        eprintln!("skipped: there is no shared data");
        return None;
    }
    let folder = Folder::with(&[]);
    for (path, text) in &before {
        folder.write(path.to_str().unwrap(), text.as_bytes());
    }
    Some((folder, before))
}

/// What comments say, by plain text: each `#` at the start of a line or behind a space, with what follows it. Texts of
/// that form in descriptions are taken for comments too, and have to stay as well.
fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let at = line.match_indices('#').map(|(at, _)| at);
            at.filter(|at| *at == 0 || line[..*at].ends_with([' ', '\t'])).map(|at| &line[at..]).next()
        })
        .collect();
    comments.sort_unstable();
    comments
}

/// Files with errors, by their names.
fn broken(folder: &Folder) -> Vec<String> {
    let run = folder.run("check --format ndjson .");
    let lines = run.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let errors = lines.filter(|line| line["severity"] == "error");
    errors.map(|line| format!("{} {}", line["path"], line["code"])).collect()
}

/// What each file converts to, or why it does not, from the program itself. Lines move.
fn queries(folder: &Folder) -> Vec<serde_json::Value> {
    let run = folder.run("convert -t splunk --without-pipeline --skip-unsupported --report ndjson .");
    let mut lines: Vec<_> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        let line: &mut serde_json::Value = line;
        if let Some(error) = line.get_mut("error").and_then(serde_json::Value::as_object_mut) {
            error.remove("line");
        }
    }
    lines
}

fn check(flags: &str, keeps_meaning: bool) {
    let Some((folder, before)) = copy() else { return };
    let (broken_before, queries_before) = (broken(&folder), queries(&folder));
    let fix = || folder.run(&format!("check --format ndjson {flags} ."));
    let run = fix();
    let after = tree(&folder.0);
    assert_eq!(before.len(), after.len());
    let changed: Vec<&PathBuf> = before.keys().filter(|path| before[*path] != after[*path]).collect();
    assert!(changed.len() > before.len() / 100, "nearly nothing was mended: {}", run.stderr);
    let mut defects = Vec::new();
    for path in changed {
        let (before, after) = (&before[path], &after[path]);
        if comments(before) != comments(after) {
            defects.push(format!("{}: comments differ", path.display()));
        }
        if keeps_meaning && !same_meaning(before, after) {
            defects.push(format!("{}: the meaning differs", path.display()));
        }
    }
    assert!(defects.is_empty(), "{}", defects.join("\n"));
    assert_eq!(broken(&folder), broken_before);
    if keeps_meaning {
        assert_eq!(queries_before.len(), before.len());
        for (after, before) in queries(&folder).iter().zip(&queries_before) {
            assert_eq!(after, before);
        }
    }
    let again = fix();
    let third = tree(&folder.0);
    let moved: Vec<&PathBuf> = after.keys().filter(|path| after[*path] != third[*path]).collect();
    assert!(moved.is_empty(), "mended twice: {moved:?}");
    assert!(!again.stderr.contains("mended"), "{}", again.stderr);
}

#[test]
fn safe_fixes() {
    check("--fix", true);
}

#[test]
fn unsafe_fixes() {
    check("--fix --unsafe", false);
}
