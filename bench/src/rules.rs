//! The rules that hunts are measured with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_ir::{BacktrackingRegex, Compat, LoadOptions, RuleSet};

/// Folders of SigmaHQ's rules for Windows that are in use.
const WINDOWS: [&str; 3] = ["rules", "rules-emerging-threats", "rules-threat-hunting"];

/// The files of SigmaHQ's rules for Windows that are in use.
pub(crate) fn windows(sigmahq: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for folder in WINDOWS {
        collect(&sigmahq.join(folder), &mut paths)?;
    }
    paths.sort_unstable();
    let is_windows = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "product: windows"))
    };
    paths.retain(is_windows);
    Ok(paths)
}

/// Loads rule files.
pub(crate) fn load(paths: &[PathBuf]) -> Result<RuleSet> {
    let options =
        LoadOptions { backtracking_regex: BacktrackingRegex::Refuse, ..LoadOptions::new(Compat::Spec) };
    let files: Vec<SourceFile> = paths.iter().map(|path| read(path)).collect::<Result<_>>()?;
    let parsed =
        files.iter().zip(0..).map(|(file, id)| sigyn_ir::read(SourceId(id), file, &options)).collect();
    Ok(sigyn_ir::resolve(parsed, &options).set)
}

pub(crate) fn read(path: &Path) -> Result<SourceFile> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(SourceFile::new(path.display().to_string(), text))
}

/// All rule files below a folder.
pub(crate) fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            paths.push(path);
        }
    }
    Ok(())
}
