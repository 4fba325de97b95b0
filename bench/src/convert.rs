//! `sigyn convert` beside `sigma convert`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::{Measure, measure};

/// The peer, from its registry.
const PEER: [&str; 3] = ["sigma-cli==3.1.0", "pySigma==1.5.1", "pysigma-backend-splunk==2.1.0"];

const ARGUMENTS: [&str; 6] = ["convert", "-t", "splunk", "-p", "splunk_windows", "--skip-unsupported"];

/// SigmaHQ's Windows rules to Splunk, whole processes.
pub(crate) fn run() -> Result<()> {
    let Some(rules) = crate::data("sigmahq/rules/windows") else { return Ok(()) };
    let sigyn = crate::process::sigyn()?;
    let sigma = peer()?;
    let ours = measure(15, || command(&sigyn, &rules))?;
    let theirs = measure(3, || command(&sigma, &rules))?;
    println!("sigmahq/rules/windows to splunk with splunk_windows, whole process");
    line("sigyn", &ours);
    line("sigma-cli 3.1.0", &theirs);
    println!(
        "ratio of medians: {:.0}, of shortest runs: {:.0}",
        theirs.median().as_secs_f64() / ours.median().as_secs_f64(),
        theirs.shortest().as_secs_f64() / ours.shortest().as_secs_f64()
    );
    Ok(())
}

fn command(program: &Path, rules: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(ARGUMENTS).arg(rules);
    command
}

fn line(name: &str, measure: &Measure) {
    println!(
        "{name:<16} median {:>9.3} ms  shortest {:>9.3} ms  peak {:>6.1} MiB  runs {}",
        measure.median().as_secs_f64() * 1e3,
        measure.shortest().as_secs_f64() * 1e3,
        measure.peak_bytes() as f64 / 1024.0 / 1024.0,
        measure.runs.len()
    );
}

/// sigma-cli in an environment of its own below `target/`, installed once.
fn peer() -> Result<PathBuf> {
    let folder = crate::workspace().join("target/bench/sigma-cli");
    let sigma = folder.join("bin/sigma");
    if !sigma.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status()?;
        ensure!(made.success(), "python3 cannot make an environment");
        let installed = Command::new(folder.join("bin/pip")).args(["install", "-q"]).args(PEER).status()?;
        ensure!(installed.success(), "sigma-cli cannot be installed");
    }
    Ok(sigma)
}
