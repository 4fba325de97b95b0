//! The files that differ from a revision, as git says.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files that differ from a revision, or that git does not know.
#[derive(Debug)]
pub(crate) struct Changed {
    files: HashSet<PathBuf>,
}

impl Changed {
    /// Whether a path, as findings name it, is one of them.
    pub(crate) fn has(&self, path: &str) -> bool {
        std::fs::canonicalize(Path::new(path)).is_ok_and(|path| self.files.contains(&path))
    }
}

/// Asks git in the current folder.
///
/// # Errors
/// What git said, or that it cannot be run.
pub(crate) fn files(revision: &str) -> Result<Changed, String> {
    // A revision that looks like an option would be one.
    if revision.starts_with('-') {
        return Err(format!("`{revision}` is no revision"));
    }
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?.trim_end());
    let differing = git(&["diff", "--name-only", "-z", "--no-renames", revision, "--"])?;
    let unknown = git(&["ls-files", "--others", "--exclude-standard", "--full-name", "-z"])?;
    let names = differing.split('\0').chain(unknown.split('\0')).filter(|name| !name.is_empty());
    let files = names.filter_map(|name| std::fs::canonicalize(top.join(name)).ok()).collect();
    Ok(Changed { files })
}

fn git(words: &[&str]) -> Result<String, String> {
    let output =
        Command::new("git").args(words).output().map_err(|error| format!("git cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git {}: {}", words.join(" "), said.trim_end()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
