//! Hunts as whole processes: on one core beside peers, and on two cores beside two processes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::inputs::{self, Inputs};
use crate::peers::{self, Variant};
use crate::process::{self, Measure, Output, pinned, run as once, together};
use crate::report::{Table, grouped, mebibytes};

/// Runs of each program on each input.
pub(crate) const RUNS: usize = 3;

/// A program on an input.
struct Case {
    program: String,
    input: &'static str,
    events: u64,
    make: Box<dyn Fn() -> Command>,
    /// The case that loads the same rules and reads nothing.
    loading: usize,
    measure: Measure,
}

/// Everything that is measured on whole processes.
pub(crate) fn run(runs: usize) -> Result<Vec<Table>> {
    let Some(inputs) = inputs::prepare()? else { return Ok(Vec::new()) };
    let sigyn = process::sigyn()?;
    let rsigma = peers::rsigma();
    if let Err(error) = &rsigma {
        println!("skipped: rsigma ({error})");
    }
    let cases = measured(cases(&inputs, &sigyn, rsigma.ok().as_ref()), runs)?;
    Ok(vec![one_core(&cases, runs), ratios(&cases), scaling(&inputs, &sigyn, runs)?])
}

/// What the second core adds, and nothing else.
pub(crate) fn scaling_alone(runs: usize) -> Result<Vec<Table>> {
    let Some(inputs) = inputs::prepare()? else { return Ok(Vec::new()) };
    Ok(vec![scaling(&inputs, &process::sigyn()?, runs)?])
}

fn hunt(mut command: Command, rules: &Path, log: &Path, threads: usize) -> Command {
    command.args(["hunt", "--format", "ndjson", "--threads"]).arg(threads.to_string()).arg("-r").arg(rules);
    command.arg(log);
    command
}

/// All programs on all inputs that they read, each pinned to one core. In front of them their loading.
fn cases(inputs: &Inputs, sigyn: &Path, rsigma: Option<&PathBuf>) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |program: &str,
                   input: &'static str,
                   events: u64,
                   loading: Option<usize>,
                   make: Box<dyn Fn() -> Command>| {
        let loading = loading.unwrap_or(cases.len());
        cases.push(Case {
            program: program.to_owned(),
            input,
            events,
            make,
            loading,
            measure: Measure::default(),
        });
        cases.len() - 1
    };
    let ours = |path: &Path| -> Box<dyn Fn() -> Command> {
        let (sigyn, rules, path) = (sigyn.to_owned(), inputs.rules.clone(), path.to_owned());
        Box::new(move || hunt(pinned(0, &sigyn), &rules, &path, 1))
    };
    let loading = add("sigyn", "nothing", 0, None, ours(&inputs.empty));
    for input in &inputs.logs {
        add("sigyn", input.name, input.events, Some(loading), ours(&input.path));
    }
    let Some(rsigma) = rsigma else { return cases };
    for way in peers::RSIGMA_WAYS {
        let program = format!("rsigma {}, {}", peers::RSIGMA, way.name);
        let theirs = |path: &Path| -> Box<dyn Fn() -> Command> {
            let (rsigma, rules, path) = (rsigma.clone(), inputs.rules.clone(), path.to_owned());
            Box::new(move || {
                let mut command = pinned(0, &rsigma);
                peers::hunt(&mut command, &rules, &path, way.words);
                command
            })
        };
        let loading = add(&program, "nothing", 0, None, theirs(&inputs.empty));
        for input in &inputs.logs {
            let Some(routed) = &input.routed else { continue };
            let path = if way.input == Variant::Routed { routed } else { &input.path };
            add(&program, input.name, input.events, Some(loading), theirs(path));
        }
    }
    cases
}

/// Runs the cases in turn, so that what else the machine does meets all of them alike. The first round warms the
/// files and counts matches.
fn measured(mut cases: Vec<Case>, runs: usize) -> Result<Vec<Case>> {
    for case in &mut cases {
        eprintln!("{} on {}", case.program, case.input);
        let lines = once((case.make)(), Output::Counted)?.lines;
        case.measure.runs.push(process::Run { lines, ..once((case.make)(), Output::Dropped)? });
    }
    for round in 1..runs {
        eprintln!("round {}", round + 1);
        for case in &mut cases {
            let lines = case.measure.lines();
            case.measure.runs.push(process::Run { lines, ..once((case.make)(), Output::Dropped)? });
        }
    }
    Ok(cases)
}

/// Events per second of processor time, loading taken off.
fn speed(cases: &[Case], case: &Case) -> f64 {
    let loading = cases.get(case.loading).map_or(Duration::ZERO, |case| case.measure.processor());
    let net = case.measure.processor().saturating_sub(loading).as_secs_f64();
    if net > 0.0 { case.events as f64 / net } else { 0.0 }
}

fn one_core(cases: &[Case], runs: usize) -> Table {
    let mut table = Table::new(
        "One core, whole process, net of loading",
        &["program", "input", "events", "matches", "loading", "net", "events/s", "peak memory"],
    );
    for case in cases.iter().filter(|case| case.events > 0) {
        let loading = cases.get(case.loading).map_or(Duration::ZERO, |case| case.measure.processor());
        table.row([
            case.program.clone(),
            case.input.to_owned(),
            grouped(case.events as f64),
            grouped(case.measure.lines() as f64),
            format!("{:.2} s", loading.as_secs_f64()),
            format!("{:.2} s", case.measure.processor().saturating_sub(loading).as_secs_f64()),
            grouped(speed(cases, case)),
            mebibytes(case.measure.peak_bytes()),
        ]);
    }
    for (name, speed, memory) in peers::STATED {
        let unknown = || "-".to_owned();
        let speed = grouped(f64::from(*speed));
        table.row([
            format!("{name} (stated)"),
            "EVTX".to_owned(),
            "33,154".to_owned(),
            unknown(),
            unknown(),
            unknown(),
            speed,
            format!("{memory} MiB"),
        ]);
    }
    table.note(format!(
        "Processor time (user and kernel) of processes pinned to one core, median of {runs} runs, programs in turn; \
         loading is the same process on an empty file."
    ));
    table.note(format!("Stated: not measured here, but before, on {}.", peers::STATED_ON));
    table.note(
        "Programs differ in what they find: rsigma cannot tell the log source of a Windows event. For its routing every \
         event has it written in, which its figures do not pay for.",
    );
    table
}

fn ratios(cases: &[Case]) -> Table {
    let mut table = Table::new("Ratios", &["input", "sigyn events/s", "best peer", "its events/s", "times"]);
    for case in cases.iter().filter(|case| case.program == "sigyn" && case.events > 0) {
        let peers = cases.iter().filter(|other| other.program != "sigyn" && other.input == case.input);
        let best =
            peers.map(|peer| (peer.program.clone(), speed(cases, peer))).max_by(|a, b| a.1.total_cmp(&b.1));
        let stated = || {
            let (name, speed, _) = peers::STATED.first().filter(|_| case.input.starts_with("evtx"))?;
            Some((format!("{name} (stated)"), f64::from(*speed)))
        };
        let Some((name, peer)) = best.or_else(stated) else { continue };
        let ours = speed(cases, case);
        table.row([
            case.input.to_owned(),
            grouped(ours),
            name,
            grouped(peer),
            format!("{:.1}", ours / peer.max(1.0)),
        ]);
    }
    table
}

/// What the second core adds, beside what it adds to two processes that have nothing to do with each other.
fn scaling(inputs: &Inputs, sigyn: &Path, runs: usize) -> Result<Table> {
    let mut table = Table::new(
        "The second core",
        &["input", "one core", "two cores", "gain", "two processes", "gain", "share"],
    );
    for input in inputs.logs.iter().filter(|input| ["flat", "evtx-files", "evtx-large"].contains(&input.name))
    {
        let long = inputs::over_and_over(inputs, input)?;
        for (name, path) in
            [(input.name.to_owned(), &input.path), (format!("{}, 8 times", input.name), &long)]
        {
            eprintln!("two cores on {name}");
            let [one, two, pair] = walls(inputs, sigyn, path, runs)?;
            let (by_threads, by_processes) = (one / two, 2.0 * one / pair);
            table.row([
                name,
                format!("{one:.2} s"),
                format!("{two:.2} s"),
                format!("{by_threads:.2}"),
                format!("{pair:.2} s"),
                format!("{by_processes:.2}"),
                format!("{:.0} %", by_threads / by_processes * 100.0),
            ]);
        }
    }
    table.note("Eight times: each thread warms up for itself, which a run of a quarter of a second feels.");
    table.note(
        "Wall time, loading taken off, shortest of the runs: it means something on a quiet machine only.",
    );
    table.note("Two processes: the same hunt twice at the same time, each pinned to a core of its own; their gain is what the machine can give.");
    Ok(table)
}

/// Shortest wall times net of loading, in seconds: one core, two cores, two processes.
fn walls(inputs: &Inputs, sigyn: &Path, path: &Path, runs: usize) -> Result<[f64; 3]> {
    let single = |core: usize, log: &Path| hunt(pinned(core, sigyn), &inputs.rules, log, 1);
    let double = |log: &Path| hunt(Command::new(sigyn), &inputs.rules, log, 2);
    let mut best = [[f64::MAX; 2]; 3];
    for _ in 0..runs {
        for (log, at) in [(inputs.empty.as_path(), 0), (path, 1)] {
            let walls = [
                once(single(0, log), Output::Dropped)?.wall,
                once(double(log), Output::Dropped)?.wall,
                together(vec![single(0, log), single(1, log)])?,
            ];
            for (best, wall) in best.iter_mut().zip(walls) {
                best[at] = best[at].min(wall.as_secs_f64());
            }
        }
    }
    Ok(best.map(|[loading, whole]| (whole - loading).max(1e-3)))
}
