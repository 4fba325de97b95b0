//! Looks after rule folders: what changes is read again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::Node;

/// How often folders are looked at. Names, times and lengths of 3,000 files take about 10 ms, and unlike the system's
/// notices they are the same on every file system.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const NAP: Duration = Duration::from_millis(100);

/// Reads the rules again whenever files have changed, until it is told to stop.
pub(crate) fn watch(node: &Arc<Node>, stop: &AtomicBool) {
    let paths = node.settings().rules.clone();
    let mut known = state(&paths);
    while !stop.load(Ordering::Acquire) {
        let mut waited = Duration::ZERO;
        while waited < LOOK_EVERY && !stop.load(Ordering::Acquire) {
            std::thread::sleep(NAP);
            waited += NAP;
        }
        let seen = state(&paths);
        if seen != known {
            // A folder that is not there now keeps the rules as they are; it is looked at again.
            if node.reload().is_ok() {
                known = seen;
            }
        }
    }
}

type State = Vec<(PathBuf, Option<SystemTime>, u64)>;

fn state(paths: &[PathBuf]) -> State {
    let mut found = Vec::new();
    paths.iter().for_each(|path| look(path, &mut found));
    found
}

fn look(path: &Path, found: &mut State) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if metadata.is_dir() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort_unstable();
        entries
            .iter()
            .filter(|entry| !entry.is_symlink() || !entry.is_dir())
            .for_each(|entry| look(entry, found));
    } else {
        found.push((path.to_owned(), metadata.modified().ok(), metadata.len()));
    }
}
