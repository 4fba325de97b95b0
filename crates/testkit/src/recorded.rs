//! Recorded data beside the repository: SigmaHQ's rules and labelled logs, EVTX samples, mordor's recordings.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_event::Event;
use sigyn_ir::{Compat, LoadOptions, RuleSet};

/// SigmaHQ's active rules.
const RULES: [&str; 5] =
    ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder", "rules-compliance"];

/// Recordings of events.
const LOGS: [&str; 3] = ["evtx", "sigmahq/regression_data", "mordor"];

/// The folder with the data, if it is there.
pub fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.join("sigmahq/rules").is_dir().then_some(folder)
}

/// All active rules.
///
/// # Errors
/// A file cannot be read.
pub fn rules(data: &Path) -> std::io::Result<RuleSet> {
    let mut paths = Vec::new();
    for name in RULES {
        collect(&data.join("sigmahq").join(name), &["yml"], &mut paths)?;
    }
    let options = LoadOptions::new(Compat::Spec);
    let mut parsed = Vec::new();
    for (path, id) in paths.iter().zip(0..) {
        let file = SourceFile::new(path.display().to_string(), std::fs::read_to_string(path)?);
        parsed.push(sigyn_ir::read(SourceId(id), &file, &options));
    }
    Ok(sigyn_ir::resolve(parsed, &options).set)
}

/// All recordings, the largest first.
///
/// # Errors
/// A folder cannot be read.
pub fn logs(data: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for name in LOGS {
        collect(&data.join(name), &["evtx", "zip", "log"], &mut paths)?;
    }
    paths.sort_by_key(|path| std::cmp::Reverse(std::fs::metadata(path).map_or(0, |file| file.len())));
    Ok(paths)
}

/// Files with one of the extensions, in order.
fn collect(folder: &Path, extensions: &[&str], paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, extensions, paths)?;
        } else if path.extension().is_some_and(|ext| extensions.iter().any(|known| ext == *known)) {
            paths.push(path);
        }
    }
    Ok(())
}

/// A hash of what kind of event it is: its channel, its id, and which keys it has.
pub fn shape(event: Event<'_>) -> u64 {
    let mut keys: Vec<&str> = event.root().iter().map(|member| member.key).collect();
    keys.extend(event.mounted().map(|(_, member)| member.key));
    keys.sort_unstable();
    let mut hash = DefaultHasher::new();
    keys.hash(&mut hash);
    for name in ["Channel", "EventID"] {
        let value = event.first(&sigyn_event::FieldPath::new(name));
        let mut text = String::new();
        if let Some(value) = value {
            sigyn_event::write_scalar(&mut text, value);
        }
        text.hash(&mut hash);
    }
    hash.finish()
}
