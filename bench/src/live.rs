//! The live driver alone: a recorded web log through it in order and in no order, and what its state costs to write.
//!
//! No event log, no catalog and no HTTP stand around it: its history is in memory. Lines are read and matched before the clock
//! starts, so what is measured is [`Live::take`] and the last look at what waits.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use sigyn_engine::LogSources;
use sigyn_readers::{Decoder, Reader, Step};
use sigyn_runtime::Program;
use sigyn_runtime::live::{Gathered, Intake, Live, MemoryHistory, Settings};

use crate::matching::now;
use crate::report::{Table, grouped};

/// Runs of each order; the shortest counts.
const RUNS: usize = 3;
const SECOND: i64 = 1_000_000_000;

/// All tables.
pub(crate) fn run() -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = orders()?.into_iter().collect();
    tables.extend(start()?);
    Ok(tables)
}

/// What the plan of a large rule set costs when a program starts.
fn start() -> Result<Option<Table>> {
    let Some(sigmahq) = crate::data("sigmahq") else { return Ok(None) };
    let mut paths = Vec::new();
    for folder in [sigmahq, crate::workspace().join("rules")] {
        crate::rules::collect(&folder, &mut paths)?;
    }
    paths.retain(|path: &PathBuf| !path.to_string_lossy().ends_with(".test.yml"));
    paths.sort_unstable();
    let set = crate::rules::load(&paths)?;
    let limits = sigyn_correlate::Limits::standard();
    let clock = Instant::now();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = now(clock);
        let plan = std::hint::black_box(sigyn_correlate::Plan::compile(&set, &limits));
        best = best.min(now(clock) - begun);
        drop(plan);
    }
    let mut table = Table::new("Live: the plan of all rules", &["rules", "processor time"]);
    table.row([grouped(set.items.len() as f64), format!("{:.1} ms", best.as_secs_f64() * 1e3)]);
    Ok(Some(table))
}

/// How lines come.
#[derive(Clone, Copy, Debug)]
enum Order {
    Written,
    Shuffled,
    Backwards,
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Order::Written => "in order",
            Order::Shuffled => "in no order",
            Order::Backwards => "backwards",
        }
    }

    fn of(self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        match self {
            Order::Written => {}
            Order::Backwards => order.reverse(),
            Order::Shuffled => {
                for at in (1..order.len()).rev() {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    order.swap(at, usize::try_from(state >> 33).unwrap_or(0) % (at + 1));
                }
            }
        }
        order
    }
}

/// The web log in several orders, one chunk a second, so that each chunk with a late line is repaired by itself.
fn orders() -> Result<Option<Table>> {
    let Some(data) = crate::data("web") else { return Ok(None) };
    let text = std::fs::read_to_string(data.join("dev.log"))?;
    let lines: Vec<&str> = text.lines().collect();
    let program = web()?;
    let mut table = Table::new(
        format!("Live: {} lines of a web log through the driver, the web pack's rules", lines.len()),
        &[
            "lines come",
            "lines a step",
            "processor time",
            "against in order",
            "signals",
            "changes",
            "slowest step",
        ],
    );
    for step in [64, 512, 8_192] {
        let mut usual = Duration::ZERO;
        for order in [Order::Written, Order::Shuffled, Order::Backwards] {
            eprintln!("{} by {step}", order.name());
            let order_of = order.of(lines.len());
            let runs = (0..RUNS).map(|_| through(&program, &lines, &order_of, step));
            let runs = runs.collect::<Result<Vec<_>>>()?;
            let best = runs.iter().min_by_key(|run| run.spent).context("no runs")?;
            if let Order::Written = order {
                usual = best.spent;
            }
            table.row([
                order.name().to_owned(),
                grouped(step as f64),
                format!("{:.0} ms", best.spent.as_secs_f64() * 1e3),
                format!("{:.1}", best.spent.as_secs_f64() / usual.as_secs_f64()),
                grouped(best.signals as f64),
                grouped(best.changes as f64),
                format!("{:.0} ms", best.slowest.as_secs_f64() * 1e3),
            ]);
        }
    }
    table.note("Processor time of the thread, shortest of three. Steps are a second apart, so late lines are repaired with each step.");
    Ok(Some(table))
}

fn web() -> Result<Arc<Program>> {
    let mut paths = Vec::new();
    crate::rules::collect(&crate::workspace().join("rules/web"), &mut paths)?;
    paths.retain(|path: &PathBuf| !path.to_string_lossy().ends_with(".test.yml"));
    paths.sort_unstable();
    let set = crate::rules::load(&paths)?;
    Ok(Arc::new(Program::build(set, &LogSources::built_in()?, &[]).program))
}

/// What a run cost and gave.
struct Run {
    spent: Duration,
    slowest: Duration,
    signals: usize,
    changes: usize,
}

fn through(program: &Arc<Program>, lines: &[&str], order: &[usize], step: usize) -> Result<Run> {
    let feed: Arc<str> = "access.log".into();
    let mut live = Live::new(program.clone(), Settings::standard());
    let failed = |error| anyhow!("{error}");
    live.open_feed(&feed, 0, 0).map_err(failed)?;
    let mut intake = Intake::new(live.view().clone());
    let mut history = MemoryHistory::new();
    let batches: Vec<Gathered> = order
        .chunks(step)
        .enumerate()
        .map(|(at, chunk)| gather(&mut intake, &feed, lines, chunk, at * step))
        .collect();
    let (mut spent, mut slowest, mut changes) = (Duration::ZERO, Duration::ZERO, 0);
    let clock = Instant::now();
    let mut time = 0;
    let mut timed = |work: &mut dyn FnMut() -> Result<usize>| -> Result<()> {
        let begun = now(clock);
        changes += work()?;
        let took = now(clock) - begun;
        spent += took;
        slowest = slowest.max(took);
        Ok(())
    };
    for batch in batches {
        time += SECOND;
        let mut batch = Some(batch);
        timed(&mut || {
            let batches = batch.take().into_iter().collect();
            Ok(live.take(batches, time, &mut history).map_err(failed)?.len())
        })?;
    }
    time += SECOND;
    timed(&mut || Ok(live.take(Vec::new(), time, &mut history).map_err(failed)?.len()))?;
    let mut live = Some(live);
    timed(&mut || match live.take() {
        Some(live) => Ok(live.finish(&mut history).map_err(failed)?.len()),
        None => Ok(0),
    })?;
    let signals = history.standing().values().filter(|signal| signal.is_shown).count();
    Ok(Run { spent, slowest, signals, changes })
}

/// Reads and matches lines as one batch; their places are the feed's.
fn gather(intake: &mut Intake, feed: &Arc<str>, lines: &[&str], chunk: &[usize], from: usize) -> Gathered {
    let text: Vec<&str> = chunk.iter().filter_map(|at| lines.get(*at).copied()).collect();
    let mut batch = intake.begin(feed, from as u64);
    let mut decoder = Decoder::new(None);
    let mut offset = from as u64;
    for step in Reader::new(&**feed, Cursor::new(text.join("\n"))) {
        let Step::Batch(read) = step else { continue };
        decoder.decode(&read, &mut |_, event| {
            intake.event(&mut batch, offset, event, None);
            offset += 1;
            true
        });
    }
    intake.end(&mut batch, (from + chunk.len()) as u64);
    batch
}
