//! Looks after rule folders: what changes is read again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::{Node, files};

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

/// What the files look like from outside. A folder that cannot be read looks empty until it can.
fn state(paths: &[PathBuf]) -> State {
    let seen = |path: PathBuf| {
        let metadata = std::fs::metadata(&path).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        (path, modified, metadata.map_or(0, |metadata| metadata.len()))
    };
    let files = paths.iter().filter_map(|path| files::below(std::slice::from_ref(path)).ok());
    files.flatten().map(seen).collect()
}
