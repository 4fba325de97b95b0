//! What tests of readers share: made and recorded files, and chance that can be repeated.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod evtx;
pub(crate) mod random;

use std::path::{Path, PathBuf};

/// EVTX files below a folder of the shared data, in order; empty, with a message, where it is absent.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("evtx")) {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    if found.is_empty() {
        eprintln!("skipped: {} is not there", root.display());
    }
    found
}
