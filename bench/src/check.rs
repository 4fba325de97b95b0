//! `sigyn check` beside `sigma check`: all validators on all rules of SigmaHQ, whole processes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{self, Measure, Output, Run, pinned};
use crate::report::{Table, grouped, mebibytes};

/// Runs of our program, of which the median counts.
pub(crate) const RUNS: usize = 9;
/// Runs of the peer, which takes half a minute for each.
const PEER_RUNS: usize = 3;

/// The peer, from its registry.
const PEER: [&str; 3] = ["sigma-cli==3.1.0", "pySigma==1.5.1", "pySigma-validators-sigmahq==0.21.0"];

/// Starts the peer with its tables (ATT&CK, D3FEND, log sources) from files: it would fetch them from the network, and
/// keep them from one run to the next.
const START: &str = "\
import sys
from sigma.data import mitre_attack, mitre_d3fend
from sigma.validators.sigmahq.data import data_filename, data_taxonomy, data_windows_eventid, data_windows_provider

folder, cache = sys.argv[1:3]
for module, name in [
    (mitre_attack, 'attack-oracle.json'),
    (mitre_d3fend, 'd3fend-0.16.0-min.json'),
    (data_filename, 'sigmahq-data/sigmahq_filename.json'),
    (data_taxonomy, 'sigmahq-data/sigmahq_taxonomy.json'),
    (data_windows_eventid, 'sigmahq-data/sigmahq_windows_eventid.json'),
    (data_windows_provider, 'sigmahq-data/sigmahq_windows_provider.json'),
]:
    module.set_cache_dir(cache + '/' + module.__name__)
    module.set_url(folder + '/' + name)
sys.argv[1:3] = []

from sigma.cli.main import main
main()
";

/// Folders of SigmaHQ's rules in use.
const RULES: [&str; 5] =
    ["rules", "rules-compliance", "rules-emerging-threats", "rules-placeholder", "rules-threat-hunting"];

/// Everything that is measured.
pub(crate) fn run(runs: usize) -> Result<Vec<Table>> {
    let Some(sigmahq) = crate::data("sigmahq") else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    let folders: Vec<PathBuf> =
        RULES.iter().map(|name| sigmahq.join(name)).filter(|path| path.is_dir()).collect();
    folders.iter().try_for_each(|folder| crate::rules::collect(folder, &mut files))?;
    files.sort_unstable();
    let one = files.first().context("there are no rules")?;
    let sigyn = process::sigyn()?;
    let ours = |cores: usize, paths: &[PathBuf]| {
        let mut command = if cores == 1 { pinned(0, &sigyn) } else { Command::new(&sigyn) };
        command.env("RAYON_NUM_THREADS", cores.to_string());
        command.args(["check", "--format", "ndjson"]).args(paths);
        command
    };
    let mut all = [Measure::default(), Measure::default(), Measure::default()];
    let mut peer = peer(&folders)?.map(|command| (command, Measure::default()));
    for round in 0..runs {
        eprintln!("round {}", round + 1);
        let commands = [ours(1, &folders), ours(2, &folders), ours(1, std::slice::from_ref(one))];
        for (measure, command) in all.iter_mut().zip(commands) {
            measure.runs.push(once(command)?);
        }
        if let Some((command, measure)) = peer.as_mut().filter(|_| round < PEER_RUNS) {
            measure.runs.push(once(command())?);
        }
    }
    let [single, double, small] = &all;
    let mut table = Table::new(
        "All checks on SigmaHQ's rules, whole process",
        &["program", "rule files", "processor", "wall", "peak memory", "runs"],
    );
    table.row(row("sigyn, one core", files.len(), single));
    table.row(row("sigyn, two cores", files.len(), double));
    if let Some((_, measure)) = &peer {
        table.row(row("sigma-cli 3.1.0", files.len(), measure));
        let ratio = measure.processor().as_secs_f64() / single.processor().as_secs_f64();
        let memory = measure.peak_bytes() as f64 / single.peak_bytes().max(1) as f64;
        table.note(format!(
            "sigma-cli takes {} times the processor time of sigyn on one core, and {memory:.1} times its memory.",
            grouped(ratio)
        ));
    }
    table.row(row("sigyn", 1, small));
    table.note("Processor time (user and kernel) and wall time are medians, programs in turn; memory is the largest seen.");
    table.note(
        "Both run every check they have: sigma-cli pySigma's and SigmaHQ's validators, with its tables read from files; sigyn \
         the same and its own.",
    );
    Ok(vec![table])
}

/// Memory of a process that ends before it is looked at again is not seen in one run, but in others.
fn once(command: Command) -> Result<Run> {
    process::run(command, Output::Dropped)
}

fn row(program: &str, files: usize, measure: &Measure) -> [String; 6] {
    [
        program.to_owned(),
        grouped(files as f64),
        format!("{:.4} s", measure.processor().as_secs_f64()),
        format!("{:.4} s", measure.median().as_secs_f64()),
        mebibytes(measure.peak_bytes()),
        measure.runs.len().to_string(),
    ]
}

/// The peer on the rules, in an environment of its own below `target/`, installed once; none without its tables.
fn peer(rules: &[PathBuf]) -> Result<Option<impl Fn() -> Command + use<>>> {
    let tables = crate::workspace().join("../shared/oracle");
    if !tables.is_dir() {
        println!("skipped: sigma-cli, whose tables are not beside the repository");
        return Ok(None);
    }
    let folder = crate::workspace().join("target/bench/sigma-check");
    install(&folder)?;
    let start = folder.join("start.py");
    std::fs::write(&start, START)?;
    let (python, cache) = (folder.join("bin/python"), folder.join("cache"));
    let rules = rules.to_vec();
    Ok(Some(move || {
        let mut command = pinned(0, &python);
        command.arg(&start).arg(&tables).arg(&cache).arg("check").args(&rules);
        command
    }))
}

fn install(folder: &Path) -> Result<()> {
    if folder.join("bin/sigma").exists() {
        return Ok(());
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(folder).status()?;
    ensure!(made.success(), "python3 cannot make an environment");
    let installed = Command::new(folder.join("bin/pip")).args(["install", "-q"]).args(PEER).status()?;
    ensure!(installed.success(), "sigma-cli cannot be installed");
    Ok(())
}
