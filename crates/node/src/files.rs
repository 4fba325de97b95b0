//! Rule files as they stand in folders.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sigyn_diagnostics::SourceFile;

use crate::{Error, Result};

/// Largest file taken as a rule file. The largest published one has 60 KB.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A file that is not read, and why.
pub(crate) type Unread = (String, String);

/// All rule files below some paths, in order. Tests of rules stand beside them and are left out.
pub(crate) fn below(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(Error::missing(format!("there is no rule file or folder {}", path.display())));
        }
        search(path, &mut HashSet::new(), &mut found)?;
    }
    found.dedup();
    Ok(found)
}

/// All rule files below some paths with their texts.
pub(crate) fn rule_files(paths: &[PathBuf]) -> Result<(Vec<SourceFile>, Vec<Unread>)> {
    let found = below(paths)?;
    let (mut texts, mut unread) = (Vec::with_capacity(found.len()), Vec::new());
    for path in found {
        let name = path.to_string_lossy().into_owned();
        match read(&path) {
            Ok(text) => texts.push(SourceFile::new(name, text)),
            Err(why) => unread.push((name, why)),
        }
    }
    Ok((texts, unread))
}

/// `followed`: folders that links led to. A link may lead back up, so that each is searched once.
fn search(path: &Path, followed: &mut HashSet<PathBuf>, found: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let failed = |error| Error::io(format!("{} cannot be read", path.display()), error);
    let mut entries: Vec<_> = std::fs::read_dir(path).map_err(failed)?.flatten().collect();
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if path.is_dir() {
            let is_new = !is_link || std::fs::canonicalize(&path).is_ok_and(|to| followed.insert(to));
            if is_new {
                search(&path, followed, found)?;
            }
        } else if is_rule(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_rule(path: &Path) -> bool {
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().to_ascii_lowercase());
    (name.ends_with(".yml") || name.ends_with(".yaml"))
        && !name.ends_with(".test.yml")
        && !name.ends_with(".test.yaml")
        && !name.starts_with('.')
}

fn read(path: &Path) -> std::result::Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("larger than {} MiB", FILE_BYTES_MAX >> 20));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}
