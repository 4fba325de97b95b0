//! Hunts over the lake: every rule for Windows on process events.
//!
//! `SIGYN_RETRO_KEEP=DIR` makes the lakes in a folder and leaves them there; what is there already is not made again.
//! `SIGYN_RETRO_ONLY` names the one that is hunted in: `made`, `recorded`, or `rarely`. `SIGYN_RETRO_EVENTS` says how many events
//! one has.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sigyn_engine::{Config, Engine, LogSources};
use sigyn_node::hunts::Order;
use sigyn_node::{Node, Running, Settings, now};
use sigyn_store::Id;
use sigyn_store::catalog::{HuntKind, HuntState};
use sigyn_store::lake::NewEvent;

use super::{Random, timed};
use crate::report::{Table, grouped};

/// Events of a lake where nothing else is said, and of one call to write them.
const EVENTS: usize = 2_000_000;
const PART: usize = 100_000;
/// The time of the first event, and from one to the next: all within a few hours, in nanoseconds.
const FIRST: i64 = 1_790_000_000_000_000_000;
const STEP: i64 = 3_000_000;
/// Of so many rows of a lake in which rules match rarely, one does.
const RARELY: usize = 100;
const COPIES: &str = "made for each copy: times, ids of processes and events (nearly all distinct), one of 5,000 hosts and of 60,000 \
                      logons, common ones far more often";
/// How often each hunt is made; the best is told.
const RUNS: usize = 3;

pub(super) fn run(folder: &Path) -> Result<Table> {
    let keep = std::env::var("SIGYN_RETRO_KEEP").ok().map(PathBuf::from);
    let folder = keep.as_deref().unwrap_or(folder);
    let mut table = Table::new(
        "Hunts over the lake, all of SigmaHQ's rules for Windows",
        &["lake", "rows/s", "rows/s and core", "result"],
    );
    let Some(sigmahq) = crate::data("sigmahq") else {
        table.note("not measured: the shared data is not there");
        return Ok(table);
    };
    let rules = crate::rules::windows(&sigmahq)?;
    let made = |random: &mut Random, _| super::lake::process(random);
    hunt(&mut table, &folder.join("made"), &rules, "made, 8 % of the command lines unique", &made)?;
    if let Some(base) = crate::inputs::flat()? {
        let recorded = recorded(&base)?;
        let what = format!("{} recorded events again and again", grouped(recorded.len() as f64));
        let again = |random: &mut Random, at: usize| varied(&recorded[at % recorded.len()], random);
        hunt(&mut table, &folder.join("recorded"), &rules, &what, &again)?;
        let (firing, quiet) = by_firing(&rules, &recorded)?;
        if firing.is_empty() || quiet.is_empty() {
            bail!("of the recorded events {} fire, {} do not: no lake of both", firing.len(), quiet.len());
        }
        let what = format!(
            "{} of them that no rule matches, and {} that some do as every hundredth row",
            grouped(quiet.len() as f64),
            grouped(firing.len() as f64)
        );
        let rarely = |random: &mut Random, at: usize| match at % RARELY {
            0 => varied(&firing[at / RARELY % firing.len()], random),
            _ => varied(&quiet[at % quiet.len()], random),
        };
        hunt(&mut table, &folder.join("rarely"), &rules, &what, &rarely)?;
        table.note(cardinalities("the recorded events", &recorded));
        table.note(cardinalities("those that no rule matches", &quiet));
        table.note(COPIES.to_owned());
    }
    table.note(format!("{} rules; one thread; processor time is that thread's", rules.len()));
    table.note("the first 100,000 detections of a hunt are written down, each with what made the rule match; all are counted");
    table.note("the first hunt learns nothing that the next one knows: each begins anew");
    Ok(table)
}

/// The recorded events of processes, as lines of JSON.
fn recorded(base: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(base).with_context(|| base.display().to_string())?;
    let is_process = |line: &&str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        let channel = event["Channel"].as_str().unwrap_or_default();
        let id = event["EventID"].as_u64().or_else(|| event["EventID"].as_str()?.parse().ok());
        channel.contains("Sysmon") && id == Some(1)
    };
    Ok(text.lines().filter(is_process).map(str::to_owned).collect())
}

/// Events that some rule matches, and those that none does.
fn by_firing(rules: &[PathBuf], recorded: &[String]) -> Result<(Vec<String>, Vec<String>)> {
    let set = crate::rules::load(rules)?;
    let engine = Engine::build(&set, &LogSources::built_in()?, Config::standard()).engine;
    let mut scratch = engine.scratch();
    let mut fires = |line: &str| {
        let event = sigyn_testkit::json::event(line);
        event.is_ok_and(|event| !engine.run(event.event(""), &mut scratch).1.is_empty())
    };
    Ok(recorded.iter().cloned().partition(|line| fires(line)))
}

/// How many distinct values some events have.
fn cardinalities(what: &str, recorded: &[String]) -> String {
    let events: Vec<serde_json::Value> =
        recorded.iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
    let distinct = |field: &str| {
        let values: std::collections::HashSet<String> =
            events.iter().map(|event| event[field].to_string()).collect();
        format!("{field} {}", grouped(values.len() as f64))
    };
    let fields =
        ["Image", "CommandLine", "ParentImage", "ParentCommandLine", "User", "Hashes", "Description"];
    format!("distinct values of {what}: {}", fields.map(distinct).join(", "))
}

/// The event as another process would have left it.
fn varied(event: &str, random: &mut Random) -> String {
    let mut event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
    let guid =
        format!("{{{:08x}-{:04x}-{:08x}}}", random.below(1 << 32), random.below(1 << 16), random.next());
    let parent = format!("{{{:08x}-0000-{:08x}}}", random.below(1 << 32), random.next());
    let host = format!("host-{}.corp.example", random.skewed(5_000));
    let seconds = random.below(86_400);
    let time = format!(
        "2026-09-21 {:02}:{:02}:{:02}.{:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        random.below(1_000)
    );
    for (name, value) in [
        ("ProcessGuid", serde_json::Value::from(guid)),
        ("ParentProcessGuid", parent.into()),
        ("Computer", host.into()),
        ("UtcTime", time.clone().into()),
        ("SystemTime", time.into()),
        ("ProcessId", random.below(65_536).into()),
        ("ParentProcessId", random.below(65_536).into()),
        ("ThreadID", random.below(5_000).into()),
        ("LogonId", format!("0x{:x}", random.skewed(60_000)).into()),
        ("EventRecordID", random.below(1 << 40).into()),
    ] {
        if let Some(own) = event.get_mut(name) {
            *own = if own.is_string() { value.to_string().trim_matches('"').into() } else { value };
        }
    }
    event.to_string()
}

fn hunt(
    table: &mut Table,
    folder: &Path,
    rules: &[PathBuf],
    what: &str,
    event: &dyn Fn(&mut Random, usize) -> String,
) -> Result<()> {
    let only = std::env::var("SIGYN_RETRO_ONLY").ok();
    if only.is_some_and(|only| !folder.ends_with(&only)) {
        return Ok(());
    }
    let settings = Settings { rules: rules.to_vec(), ..Settings::of(folder) };
    let node = Arc::new(Node::open(settings)?);
    let mut random = Random(11);
    let ready = folder.join("ready");
    let parts = if ready.exists() { 0 } else { events_wanted()? / PART };
    for part in 0..parts {
        let texts: Vec<String> = (0..PART).map(|at| event(&mut random, part * PART + at)).collect();
        let events: Vec<NewEvent<'_>> = texts
            .iter()
            .enumerate()
            .map(|(at, json)| {
                let number = part * PART + at;
                NewEvent {
                    id: Id::from((number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
                    class: "windows-process_creation",
                    time: FIRST + i64::try_from(number).unwrap_or(0) * STEP,
                    ingest: 0,
                    source: "bench",
                    sequence: number as u64,
                    json,
                    raw: None,
                }
            })
            .collect();
        let splits = node.lake().write(&events, 0)?;
        node.catalog().write(|tx| tx.change_splits(&splits, &[]))?;
    }
    if parts > 0 {
        node.lake().compact(node.catalog(), 0)?;
        std::fs::write(&ready, "")?;
    }
    let running = Running::start(&node)?;
    let mut best: Option<(f64, f64, String)> = None;
    for _ in 0..RUNS {
        let before = hunting()?;
        let (hunt, took) = timed(|| once(&node))?;
        let rows = hunt.progress.events.1 as f64;
        let (rate, per_core) = (took.per_second(rows), rows / (hunting()? - before).as_secs_f64());
        if best.as_ref().is_none_or(|(_, best, _)| per_core > *best) {
            best = Some((rate, per_core, format!("{} detections", grouped(hunt.detections as f64))));
        }
    }
    running.stop();
    if let Some((rate, per_core, result)) = best {
        table.row([what.to_owned(), grouped(rate), grouped(per_core), result]);
    }
    Ok(())
}

fn events_wanted() -> Result<usize> {
    match std::env::var("SIGYN_RETRO_EVENTS") {
        Ok(said) => said.parse().with_context(|| format!("SIGYN_RETRO_EVENTS is not a number: {said}")),
        Err(_) => Ok(EVENTS),
    }
}

/// Processor time of the thread that hunts, user and kernel: the server's other threads have nothing to do.
fn hunting() -> Result<Duration> {
    let mut ticks = 0_u64;
    for task in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(task?.path().join("stat"))?;
        let Some((_, fields)) = stat.split_once("(hunts) ") else { continue };
        ticks +=
            fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    }
    // In hundredths of a second, on every machine that Linux runs on here.
    Ok(Duration::from_millis(ticks * 10))
}

fn once(node: &Arc<Node>) -> Result<sigyn_store::catalog::Hunt> {
    let order = Order {
        name: String::new(),
        kind: HuntKind::Hunt,
        rules: Vec::new(),
        chain: None,
        since: 0,
        until: now().max(FIRST) + 86_400_000_000_000,
        by: String::new(),
    };
    let id = node.order_hunt(&order, |_, _, _| Ok(()))?;
    loop {
        std::thread::sleep(Duration::from_millis(10));
        let Some(hunt) = node.catalog().read(|view| view.hunt(id))? else { bail!("the hunt is gone") };
        match hunt.state {
            HuntState::Done => return Ok(hunt),
            HuntState::Waiting | HuntState::Running => {}
            _ => bail!("the hunt failed: {:?}", hunt.error),
        }
    }
}
