//! How long the server takes for one file: `cargo run --release -p sigyn-lsp --example latency -- FOLDER`.
//!
//! Every rule file of the folder is changed once, as an editor would, and checked; then explained, completed and searched
//! for references at a word in its middle. Each is done five times, of which the shortest counts: the rest is what else the
//! machine does. Printed are median, 99th percentile and longest over all files, in milliseconds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use sigyn_convert::Converter;
use sigyn_lint::Facts;
use sigyn_lsp::preview::Wanted;
use sigyn_lsp::text::{Change, Encoding, Position};
use sigyn_lsp::{Host, Workspace, complete, hover, navigate};

/// How often each is done.
const RUNS: usize = 5;

/// What an answer may take; what takes longer is named.
const LIMIT_MS: f64 = 5.0;

/// The files of this machine.
struct Disk;

impl Host for Disk {
    fn facts(&self) -> Facts {
        Facts::bundled(self.today())
    }

    fn today(&self) -> Option<String> {
        Some("2026-11-22".to_owned())
    }

    fn rule_files(&self, folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "yml") {
                    files.push(path);
                }
            }
        }
        files
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }

    fn converter(&self, _: &Wanted) -> Result<Converter, String> {
        Err("this program converts nothing".to_owned())
    }
}

fn main() {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: latency FOLDER");
        return;
    };
    let start = Instant::now();
    let mut workspace = Workspace::new(Arc::new(Disk), Encoding::Utf16);
    workspace.add_folder(folder.clone().into());
    while workspace.step(32) {}
    let files: Vec<PathBuf> = Disk.rule_files(Path::new(&folder));
    println!("{} files indexed in {:.0} ms", files.len(), start.elapsed().as_secs_f64() * 1e3);
    let names = ["change and check", "hover", "complete", "references"];
    let mut times: [Vec<f64>; 4] = Default::default();
    let mut findings = 0;
    for path in &files {
        let Ok(text) = Disk.read(path) else { continue };
        workspace.open(path, &text);
        let origin = Position::default();
        let change = Change { range: Some((origin, origin)), text: "# typed\n".to_owned() };
        let mut timed = |at: usize, work: &mut dyn FnMut()| {
            let run = |_| {
                let start = Instant::now();
                work();
                start.elapsed().as_secs_f64() * 1e3
            };
            times[at].push((0..RUNS).map(run).fold(f64::INFINITY, f64::min));
        };
        timed(0, &mut || {
            workspace.change(path, std::slice::from_ref(&change));
            findings += workspace.check(path).findings.len();
        });
        let middle = text.len() / 2;
        timed(1, &mut || drop(hover::hover(&workspace, path, middle, &[])));
        timed(2, &mut || drop(complete::complete(&workspace, path, middle)));
        timed(3, &mut || {
            drop(navigate::references(
                &workspace,
                path,
                text.find("id: ").unwrap_or(0) + change.text.len() + 5,
                true,
            ))
        });
        workspace.close(path);
    }
    println!("{:<5} findings; in ms:{:>23}{:>10}{:>10}", findings / RUNS, "median", "p99", "max");
    for (name, times) in names.iter().zip(&mut times) {
        for (time, path) in times.iter().zip(&files).filter(|(time, _)| **time > LIMIT_MS) {
            println!("longer than {LIMIT_MS} ms: {time:.1}, {}", path.display());
        }
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).copied().unwrap_or(0.0);
        println!("{name:<34}{:>10.3}{:>10.3}{:>10.3}", at(0.5), at(0.99), at(1.0));
    }
}
