//! Makes a table of the web page's files; an empty one if there is no page.
//!
//! The page is `ui/dist` if that is younger than what it is made from. Else optimised builds make it themselves where npm is
//! at hand, in cargo's own folder: so that one command gives a whole program. Other builds do not, because compiling must
//! need no network and no other tool; `SIGYN_PAGE=skip` keeps optimised ones from it too.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use std::{fs, io};

/// What the page is made from, as seen from the top of the repository.
const PARTS: [&str; 9] = [
    "ui/src",
    "ui/public",
    "ui/scripts",
    "ui/index.html",
    "ui/package.json",
    "ui/package-lock.json",
    "ui/tsconfig.json",
    "ui/vite.config.ts",
    "docs/openapi.json",
];

fn main() {
    let top = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let out = PathBuf::from(std::env::var("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-env-changed=SIGYN_PAGE");
    for part in PARTS.iter().chain(&["ui/dist"]) {
        println!("cargo::rerun-if-changed={}", top.join(part).display());
    }
    let root = page(&top, &out);
    let mut files = Vec::new();
    search(&root, &root, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for (name, path) in files {
        let _ = writeln!(table, "    ({name:?}, include_bytes!({path:?})),");
    }
    table.push_str("]\n");
    let out = out.join("page_files.rs");
    if let Err(error) = fs::write(&out, table) {
        println!("cargo::error={}: {error}", out.display());
    }
}

/// Where the page's files are.
fn page(top: &Path, out: &Path) -> PathBuf {
    let dist = top.join("ui/dist");
    let parts = PARTS.iter().filter_map(|part| youngest(&top.join(part))).max();
    let is_fresh =
        youngest(&dist.join("index.html")).is_some_and(|built| parts.is_none_or(|part| part <= built));
    let is_optimised = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let is_wanted = std::env::var("SIGYN_PAGE").map_or(is_optimised, |word| word != "skip");
    if is_fresh || !is_wanted || !has_npm() {
        return dist;
    }
    match build(top, out) {
        Ok(built) => built,
        Err(why) => {
            println!("cargo::warning=the web page is not built, the server will say how to: {why}");
            dist
        }
    }
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

fn has_npm() -> bool {
    npm()
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Builds a copy of the page's sources: nothing is written into the repository.
fn build(top: &Path, out: &Path) -> Result<PathBuf, String> {
    let lock = |at: &Path| fs::read(at.join("ui/package-lock.json")).ok();
    let is_installed = lock(top).is_some() && lock(top) == lock(out) && out.join("ui/node_modules").is_dir();
    for part in PARTS {
        copy(&top.join(part), &out.join(part))
            .map_err(|error| format!("{part} cannot be copied: {error}"))?;
    }
    let ui = out.join("ui");
    if !is_installed {
        // Offline this must fail at once, not after minutes of trying.
        run(&ui, &["ci", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"])?;
    }
    run(&ui, &["run", "build"])?;
    Ok(ui.join("dist"))
}

fn run(folder: &Path, words: &[&str]) -> Result<(), String> {
    let told = |error: io::Error| format!("npm cannot be started: {error}");
    let done = npm().args(words).current_dir(folder).stdin(Stdio::null()).output().map_err(told)?;
    if done.status.success() {
        return Ok(());
    }
    let said = [done.stderr, done.stdout].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let last = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it does not say why");
    Err(format!("npm {}: {last}", words.join(" ")))
}

/// Copies a file or a folder; what is gone from a folder goes from its copy.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        return fs::copy(from, to).map(drop);
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// When the youngest file of a folder, or a file, was changed; but for types, which are written with each build.
fn youngest(path: &Path) -> Option<SystemTime> {
    if path.ends_with("schema.d.ts") {
        return None;
    }
    if !path.is_dir() {
        return fs::metadata(path).and_then(|data| data.modified()).ok();
    }
    let entries = fs::read_dir(path).ok()?;
    entries.flatten().filter_map(|entry| youngest(&entry.path())).max()
}

fn search(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            search(root, &path, files);
        } else if let (Ok(name), Ok(full)) = (path.strip_prefix(root), path.canonicalize()) {
            let name = name.to_string_lossy().replace('\\', "/");
            files.push((name, full.to_string_lossy().into_owned()));
        }
    }
}
