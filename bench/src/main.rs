//! Benchmarks on named real inputs, beside peers where they can be had.
//!
//! `cargo run --release -p sigyn-bench -- convert` times `sigyn convert` beside sigma-cli, whole processes;
//! `… -- load` times the stages of loading and converting inside one process, on one core; `… -- match
//! EVENTS.ndjson` times the match stage alone, `… -- stages LOG` those of a hunt. Inputs that are not
//! there are skipped with a message. Figures of a noisy machine mean little; the ratios are what counts.

mod convert;
mod load;
mod matching;
mod process;
mod stages;

use std::path::PathBuf;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("convert") => convert::run(),
        Some("load") => load::run(),
        Some("match") => {
            matching::run(std::env::args().nth(2).as_deref(), std::env::args().nth(3).as_deref())
        }
        Some("stages") => stages::run(std::env::args().nth(2).as_deref()),
        _ => bail!("usage: sigyn-bench convert|load|match [EVENTS.ndjson [CONFIGURATION]]|stages LOG"),
    }
}

/// A folder of the shared data, if it is there.
fn data(path: &str) -> Option<PathBuf> {
    let folder = workspace().join("../shared/data").join(path);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {path} beside the repository");
    None
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
