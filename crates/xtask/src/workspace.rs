//! The workspace as the checks see it: packages by cargo's word, files by walking the tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] = &["target", ".git", "node_modules", "corpus", "artifacts", "dist"];

/// Packages and texts of the workspace.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// What cargo knows, dependencies included.
    pub metadata: Metadata,
    /// Every text file, with its path from the root (`/` between parts), sorted by path.
    pub files: Vec<SourceText>,
}

/// A text file.
#[derive(Debug)]
pub struct SourceText {
    /// Path from the root of the workspace.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Workspace {
    /// Reads the workspace that this crate was built in.
    ///
    /// # Errors
    /// If cargo cannot be asked or a file cannot be read.
    pub fn load() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .and_then(Path::parent)
            .context("the crate lies two folders below the root")?
            .to_path_buf();
        let metadata = metadata(&root)?;
        let mut files = Vec::new();
        walk(&root, &root, &mut files)?;
        files.sort_by(|a: &SourceText, b: &SourceText| a.path.cmp(&b.path));
        Ok(Self { root, metadata, files })
    }
}

impl SourceText {
    /// Whether the whole file is a test.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "benches" || part == "fuzz")
            || self.path.ends_with("_tests.rs")
            || self.path.ends_with("/tests.rs")
    }

    /// The lines before the tests, with their numbers.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = if self.is_test() { "" } else { self.text.as_str() };
        lines
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }

    /// The folder under `crates/`, if the file lies in one.
    pub fn krate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// Packages for the machine at hand only: the others are not downloaded, and asking must work offline.
fn metadata(root: &Path) -> Result<Metadata> {
    let rustc = Command::new("rustc").arg("-vV").output().context("running rustc")?;
    let about = String::from_utf8(rustc.stdout).context("reading rustc's answer")?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let ask = |more: &[&str]| {
        let options = [&["--filter-platform", host], more].concat();
        let mut command = MetadataCommand::new();
        command.manifest_path(root.join("Cargo.toml"));
        command.other_options(options.into_iter().map(str::to_owned).collect::<Vec<_>>());
        command.exec()
    };
    ask(&["--offline"]).or_else(|_| ask(&[])).context("running cargo metadata")
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<SourceText>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !SKIPPED.iter().any(|name| entry.file_name() == *name) {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let path = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            files.push(SourceText { path, text });
        }
    }
    Ok(())
}
