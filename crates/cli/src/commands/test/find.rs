//! The tests and rules that the paths of a call lead to.

use std::path::{Path, PathBuf};

use sigyn_diagnostics::{Diagnostic, codes};

use crate::findings::Found;
use crate::input;

/// What a call is about.
pub(super) struct Files {
    /// Test files.
    pub(super) tests: Vec<PathBuf>,
    /// Rule files.
    pub(super) rules: Vec<PathBuf>,
}

/// Folders are searched for both; a rule file brings the test file of its name, a test file no rule of its own.
pub(super) fn find(paths: &[PathBuf], pattern: &str) -> Result<Files, Vec<Found>> {
    let (mut tests, mut rules) = (Vec::new(), Vec::new());
    for path in paths {
        if path.is_dir() {
            tests.extend(input::collect(std::slice::from_ref(path), "*.test.yml").0);
            rules.extend(input::collect(std::slice::from_ref(path), pattern).0);
        } else if !path.is_file() {
            let message = format!("`{}`: there is no such file or folder", input::name(path));
            return Err(vec![Found::of(
                input::name(path),
                Diagnostic::error(&codes::input::NOT_FOUND, message),
            )]);
        } else if input::is_test(path) {
            tests.push(path.clone());
        } else {
            rules.push(path.clone());
            tests.extend(Some(path.with_extension("test.yml")).filter(|test| test.is_file()));
        }
    }
    for list in [&mut tests, &mut rules] {
        let mut seen = std::collections::HashSet::new();
        list.retain(|path| seen.insert(path.clone()));
    }
    Ok(Files { tests, rules })
}

/// The rules of a test file that names none: the file of the same name, else all beside it but its pipelines.
pub(super) fn rules_beside(test: &Path, pipelines: &[PathBuf]) -> Vec<PathBuf> {
    let name = test.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let stem = name.rsplit_once(".test.").map_or(name.as_str(), |(stem, _)| stem);
    let same = ["yml", "yaml"].map(|extension| test.with_file_name(format!("{stem}.{extension}")));
    if let Some(rule) = same.into_iter().find(|rule| rule.is_file()) {
        return vec![rule];
    }
    let folder = test.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml"))
        .filter(|path| path.is_file() && !input::is_test(path) && !pipelines.contains(path))
        .collect();
    found.sort();
    found
}

/// A path of a rule's regression data: taken from the first folder above the rule that leads to a file.
pub(super) fn above(rule: &Path, path: &str) -> Option<PathBuf> {
    let full = std::path::absolute(rule).ok()?;
    full.ancestors().skip(1).map(|folder| folder.join(path)).find(|path| path.is_file())
}
