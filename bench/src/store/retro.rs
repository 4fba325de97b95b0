//! Hunts over the lake: every rule for Windows on process events.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sigyn_node::hunts::Order;
use sigyn_node::{Node, Running, Settings, now};
use sigyn_store::Id;
use sigyn_store::catalog::{HuntKind, HuntState};
use sigyn_store::lake::NewEvent;

use super::{Random, timed};
use crate::report::{Table, grouped};

/// Events of a lake, and of one call to write them.
const EVENTS: usize = 2_000_000;
const PART: usize = 100_000;
/// The time of the first event, and from one to the next: all within a few hours, in nanoseconds.
const FIRST: i64 = 1_790_000_000_000_000_000;
const STEP: i64 = 3_000_000;
/// How often each hunt is made; the best is told.
const RUNS: usize = 3;

pub(super) fn run(folder: &Path) -> Result<Table> {
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
    }
    table.note(format!("{} rules; one thread; processor time is that of the whole process", rules.len()));
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

/// The event as another process would have left it.
fn varied(event: &str, random: &mut Random) -> String {
    let mut event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
    let guid =
        format!("{{{:08x}-{:04x}-{:08x}}}", random.below(1 << 32), random.below(1 << 16), random.next());
    for (name, value) in [
        ("ProcessGuid", serde_json::Value::from(guid)),
        ("ProcessId", random.below(65_536).into()),
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
    let settings = Settings { rules: rules.to_vec(), ..Settings::of(folder) };
    let node = Arc::new(Node::open(settings)?);
    let mut random = Random(11);
    for part in 0..EVENTS / PART {
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
    node.lake().compact(node.catalog(), 0)?;
    let running = Running::start(&node)?;
    let mut best: Option<(f64, f64, String)> = None;
    for _ in 0..RUNS {
        let (hunt, took) = timed(|| once(&node))?;
        let rows = hunt.progress.events.1 as f64;
        let (rate, per_core) = (took.per_second(rows), took.per_core(rows));
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
