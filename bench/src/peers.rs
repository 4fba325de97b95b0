//! Other programs that do the same work: installed from their registries, or with figures that were taken before.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

/// Other hunting tools, which no registry has as a program that could be run here. Taken before on the machine that
/// is named, on the same rules.
pub(crate) const STATED: &[(&str, u32, u32)] =
    &[("Zircolite", 1_560, 218), ("Hayabusa", 860, 722), ("Chainsaw", 550, 261)];
/// Where and on what they were taken.
pub(crate) const STATED_ON: &str =
    "a 2-core x86-64 virtual machine, 33,154 EVTX records, 2,858 SigmaHQ rules for Windows, net of loading";

/// The version of rsigma.
pub(crate) const RSIGMA: &str = "0.23.0";

/// Configurations of rsigma, to be measured beside each other: the best one counts.
pub(crate) const RSIGMA_WAYS: &[(&str, &[&str])] = &[
    ("as it is", &[]),
    ("log-source routing", &["--logsource-routing", "--event-logsource", "product=windows"]),
    (
        "log-source routing, bloom filter",
        &["--logsource-routing", "--event-logsource", "product=windows", "--bloom-prefilter"],
    ),
];

/// rsigma in a folder of its own below `target/`, installed once; that takes a few minutes.
pub(crate) fn rsigma() -> Result<PathBuf> {
    let folder = crate::workspace().join("target/bench/rsigma");
    let program = folder.join("bin/rsigma");
    if !program.exists() {
        let installed = Command::new("cargo")
            .args(["install", "rsigma", "--version", RSIGMA, "--locked", "--root"])
            .arg(&folder)
            .status()?;
        ensure!(installed.success(), "rsigma cannot be installed");
    }
    Ok(program)
}

/// Adds to a command of rsigma what makes it hunt.
pub(crate) fn hunt(command: &mut Command, rules: &Path, events: &Path, way: &[&str]) {
    command.args(["--quiet", "engine", "eval", "--input-format", "json", "--output-format", "ndjson", "-r"]);
    command.arg(rules).arg("-e").arg(format!("@{}", events.display())).args(way);
}
