//! The files that differ from a revision, as git says.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::git::text as git;

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
