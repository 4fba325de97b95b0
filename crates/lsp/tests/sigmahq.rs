//! Findings in one file are those of a check of the whole folder, for all of SigmaHQ's rules. Skipped without them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{Memory, workspace_on};
use sigyn_diagnostics::{SourceFile, Sources};
use sigyn_lint::{Config, Facts, Finding, Linter};
use sigyn_lsp::Host;

/// Beside the repository; see CONTRIBUTING.md.
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/sigmahq");

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            // What stands there describes recordings and is no rule.
            if !path.ends_with("regression_data") && !path.ends_with("tests") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            files.push(path);
        }
    }
}

fn shown(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let place = diagnostic.span.map(|span| span.range());
    format!("{} {place:?} {:?} {}", finding.name(), diagnostic.severity, diagnostic.message)
}

#[test]
fn one_file_is_checked_as_in_the_whole_folder() {
    let mut files = Vec::new();
    collect(Path::new(RULES), &mut files);
    if files.is_empty() {
        eprintln!("skipped: there are no rules in {RULES}");
        return;
    }
    files.sort();
    let memory = Memory::new(&[]);
    let mut sources = Sources::default();
    let mut by_path: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(RULES).unwrap().to_string_lossy().into_owned();
        let path = Path::new("/rules").join(&name);
        sources.add(SourceFile::new(name, text.clone()));
        memory.write(path.to_str().unwrap(), &text);
        by_path.insert(path, Vec::new());
    }
    let whole = Linter::new(Config::all(), Facts::bundled(memory.today())).run(&sources);
    for finding in &whole.findings {
        let name = &sources.get(finding.source).unwrap().name;
        by_path.get_mut(&Path::new("/rules").join(name)).unwrap().push(shown(finding));
    }
    let mut workspace = workspace_on(memory);
    let mut compared = 0;
    for (path, expect) in &by_path {
        let got: Vec<String> = workspace.check(path).findings.iter().map(shown).collect();
        assert_eq!(&got, expect, "{}", path.display());
        compared += got.len();
    }
    assert!(compared > 100, "{compared} findings are too few to say anything");
}
