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

/// A configuration of rsigma.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) words: &'static [&'static str],
    /// Whether it reads the events with their log source written into them.
    pub(crate) input: Variant,
}

/// Which form of an input a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Plain,
    Routed,
}

/// Configurations of rsigma, measured beside each other: the best one counts.
pub(crate) const RSIGMA_WAYS: &[Way] = &[
    Way { name: "as it is", words: &[], input: Variant::Plain },
    Way { name: "log-source routing", words: &["--logsource-routing"], input: Variant::Routed },
    Way {
        name: "log-source routing, bloom filter",
        words: &["--logsource-routing", "--bloom-prefilter"],
        input: Variant::Routed,
    },
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
