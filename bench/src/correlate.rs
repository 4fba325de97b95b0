//! Correlations alone: hits per second of processor time through a machine, memory per group, and a flood of keys.
//!
//! Hits are made before the clock starts; what is measured is [`Machine::push`] and [`Machine::advance`] as every caller has
//! them, and letting go of the hits. Each figure comes from a process of its own, so that memory which one of them
//! freed and kept does not count for the next.

mod shapes;
mod traffic;

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use sigyn_correlate::{Detection, Limits, Machine, NoMatcher, Plan};
use sigyn_diagnostics::SourceId;
use sigyn_ir::{Compat, ItemId, LoadOptions, RuleSet, read_text, resolve};

use crate::matching::now;
use crate::report::{Table, grouped, mebibytes};
use shapes::{FLOOD, Flood, MEMORY, SPEED, Shape};
use traffic::Traffic;

/// Runs of each speed; the median counts.
pub(crate) const RUNS: usize = 5;
/// Hits between two watermarks.
const BATCH: u64 = 10_000;

/// All tables; `runs` of each speed.
pub(crate) fn run(runs: usize) -> Result<Vec<Table>> {
    Ok(vec![speed(runs)?, memory()?, flood()?])
}

/// One figure of one process, as a JSON line; called by [`run`] only.
pub(crate) fn part(kind: Option<&str>, at: usize) -> Result<()> {
    let found = match kind {
        Some("speed") => measure(SPEED.get(at).context("no such shape")?)?,
        Some("memory") => measure(MEMORY.get(at).context("no such shape")?)?,
        Some("flood") => measure_flood(&FLOOD)?,
        _ => return Err(anyhow!("no such part")),
    };
    println!("{found}");
    Ok(())
}

/// Makes the allocator give pages back as soon as they are free. By itself it keeps those of the last second.
const GIVE_BACK: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

/// Runs a part in a process of its own.
fn apart(kind: &str, at: usize, env: Option<(&str, &str)>) -> Result<Value> {
    let program = std::env::current_exe()?;
    let out = Command::new(program).args(["correlate-part", kind, &at.to_string()]).envs(env).output()?;
    ensure!(out.status.success(), "{kind} {at}: {}", String::from_utf8_lossy(&out.stderr));
    Ok(serde_json::from_slice(&out.stdout)?)
}

fn number(of: &Value, name: &str) -> f64 {
    of.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

fn speed(runs: usize) -> Result<Table> {
    let mut table = Table::new(
        format!("Correlations: hits per second and core, median of {runs} processes"),
        &["what", "which groups fire", "hits/s", "best", "records", "detections"],
    );
    for (at, shape) in SPEED.iter().enumerate() {
        eprintln!("speed of {}", shape.name);
        let mut all = (0..runs.max(1)).map(|_| apart("speed", at, None)).collect::<Result<Vec<_>>>()?;
        all.sort_by(|a, b| number(a, "speed").total_cmp(&number(b, "speed")));
        let (Some(middle), Some(best)) = (all.get(all.len() / 2), all.last()) else { continue };
        table.row([
            shape.name.to_owned(),
            shape.fires.to_owned(),
            grouped(number(middle, "speed")),
            grouped(number(best, "speed")),
            grouped(number(middle, "records")),
            grouped(number(middle, "detections")),
        ]);
    }
    table.note(format!(
        "Processor time of the thread, user and kernel. The watermark follows every {} hits, 60 s behind where it is said, else at \
         once. Records are what `advance` gave: a detection comes when it opens, when it has doubled, and when it is final.",
        grouped(BATCH as f64)
    ));
    Ok(table)
}

fn memory() -> Result<Table> {
    let mut table = Table::new(
        "Correlations: memory per group",
        &[
            "what",
            "which groups fire",
            "groups",
            "hits per group",
            "bytes per group",
            "bytes per hit",
            "with what the allocator keeps",
            "in a snapshot",
            "written in",
            "read in",
        ],
    );
    for (at, shape) in MEMORY.iter().enumerate() {
        eprintln!("memory of {}", shape.name);
        let found = apart("memory", at, None)?;
        let in_use = apart("memory", at, Some(GIVE_BACK))?;
        let groups = number(&found, "groups").max(1.0);
        let bytes = number(&in_use, "bytes");
        table.row([
            shape.name.to_owned(),
            shape.fires.to_owned(),
            grouped(groups),
            format!("{:.1}", shape.hits as f64 / groups),
            grouped(bytes / groups),
            grouped(bytes / shape.hits as f64),
            grouped(number(&found, "bytes") / groups),
            grouped(number(&found, "snapshot") / groups),
            format!("{:.0} ms", number(&found, "written")),
            format!("{:.0} ms", number(&found, "read")),
        ]);
    }
    table.note(
        "Growth of the resident set over all that the process did, by groups held at the end: the allocator's rounding, what tables \
         grew by and hits that wait are in it. Bytes per group and per hit are those of a run in which the allocator gives free \
         pages back at once (`MIMALLOC_PURGE_DELAY=0`), the third figure that of one in which it keeps those of the last second.",
    );
    Ok(table)
}

fn flood() -> Result<Table> {
    eprintln!("flood");
    let found = apart("flood", 0, None)?;
    let mut table = Table::new(
        format!(
            "Correlations: a flood of {} keys, each once, and {} attacks among them",
            grouped(FLOOD.keys as f64),
            grouped(FLOOD.attacks as f64)
        ),
        &["what", "figure"],
    );
    let mut row = |what: &str, figure: String| table.row([what.to_owned(), figure]);
    row("groups allowed", grouped(Limits::standard().groups_max as f64));
    row("groups held at most", grouped(number(&found, "groups")));
    row("resident set at most, its growth", mebibytes(number(&found, "bytes") as u64));
    row("attacks found", format!("{:.2} %", number(&found, "found") * 100.0 / FLOOD.attacks as f64));
    row("other groups that fired", grouped(number(&found, "others")));
    row("hits/s", grouped(number(&found, "speed")));
    row("hits lie in", format!("0 s to {:.1} s", FLOOD.seconds as f64));
    row(
        "declared degraded",
        format!("{:.1} s to {:.1} s", number(&found, "from") / 1e9, number(&found, "to") / 1e9),
    );
    table.note(format!(
        "`event_count`, {} in 5 minutes; an attack is {} hits of one key, spread at random over all {} s of the flood.",
        FLOOD.threshold, FLOOD.hits_per_attack, FLOOD.seconds
    ));
    Ok(table)
}

/// The rules of a shape, compiled, and those of them that hit.
fn compile(text: &str, turns: usize) -> Result<(Arc<Plan>, Vec<ItemId>)> {
    let options = LoadOptions::new(Compat::Spec);
    let text = format!("{}{text}", shapes::BASE);
    let set = resolve(vec![read_text(SourceId::default(), &text, &options)], &options).set;
    let (plan, findings) = Plan::compile(&set, &Limits::standard());
    ensure!(findings.is_empty(), "{findings:?}");
    let rules: Option<Vec<ItemId>> =
        ["a", "b", "d"].iter().take(turns).map(|name| item(&set, name)).collect();
    Ok((Arc::new(plan), rules.context("a rule is missing")?))
}

fn item(set: &RuleSet, title: &str) -> Option<ItemId> {
    let at = set.items.iter().position(|item| item.meta().title == title)?;
    u32::try_from(at).ok().map(ItemId)
}

fn measure(shape: &Shape) -> Result<Value> {
    let (plan, rules) = compile(shape.rules, shape.turns)?;
    let mut traffic = Traffic::new(plan.clone(), rules, shape);
    let mut batch = Vec::with_capacity(BATCH as usize);
    let before = resident();
    let mut machine = Machine::new(plan.clone());
    let (mut out, mut records, mut detections): (Vec<Detection>, usize, usize) = (Vec::new(), 0, 0);
    let (mut spent, clock) = (Duration::ZERO, Instant::now());
    for start in (0..shape.hits).step_by(BATCH as usize) {
        (start..(start + BATCH).min(shape.hits)).for_each(|at| batch.push(traffic.hit(at)));
        let newest = batch.last().map_or(0, |hit| hit.at.ts);
        let begun = now(clock);
        for hit in batch.drain(..) {
            machine.push(hit);
        }
        machine.advance(newest - shape.lateness, &mut NoMatcher, &mut out);
        spent += now(clock) - begun;
        records += out.len();
        detections += out.iter().filter(|it| it.revision == 0).count();
        out.clear();
    }
    drop((batch, out));
    ensure!(machine.degraded().is_empty(), "{} is over its budget", shape.name);
    let bytes = resident().saturating_sub(before);
    let begun = now(clock);
    let snapshot = machine.snapshot()?;
    let written = now(clock) - begun;
    let begun = now(clock);
    let restored = Machine::restore(plan, &snapshot)?;
    let read = now(clock) - begun;
    ensure!(restored.groups() == machine.groups(), "{} is not what was written", shape.name);
    Ok(json!({
        "speed": shape.hits as f64 / spent.as_secs_f64(),
        "records": records,
        "detections": detections,
        "groups": machine.groups(),
        "bytes": bytes,
        "snapshot": snapshot.len(),
        "written": written.as_secs_f64() * 1e3,
        "read": read.as_secs_f64() * 1e3,
    }))
}

fn measure_flood(flood: &Flood) -> Result<Value> {
    let text = format!(
        "title: c\ncorrelation: {{type: event_count, rules: [a], group-by: [u], timespan: 5m, condition: {{gte: {}}}}}",
        flood.threshold
    );
    let (plan, rules) = compile(&text, 1)?;
    let (attacker, hits) = traffic::flood(flood, rules[0]);
    let before = resident();
    let mut machine = Machine::new(plan);
    let mut out = Vec::new();
    let (mut found, mut others) = (std::collections::HashSet::new(), 0);
    let (mut spent, clock) = (Duration::ZERO, Instant::now());
    let (mut groups, mut peak) = (0, 0);
    let mut batch = Vec::new();
    for start in (0..hits).step_by(BATCH as usize) {
        (start..(start + BATCH).min(hits)).for_each(|at| batch.push(attacker.hit(at)));
        let newest = batch.last().map_or(0, |hit: &sigyn_correlate::Hit| hit.at.ts);
        let begun = now(clock);
        for hit in batch.drain(..) {
            machine.push(hit);
        }
        machine.advance(newest, &mut NoMatcher, &mut out);
        spent += now(clock) - begun;
        groups = groups.max(machine.groups());
        peak = peak.max(resident());
        for detection in out.drain(..) {
            let key = detection.group.first().and_then(|(_, key)| key.clone()).unwrap_or_default();
            if key.starts_with("attacker-") {
                found.insert(key);
            } else {
                others += 1;
            }
        }
    }
    let degraded = machine.degraded().first().copied();
    Ok(json!({
        "speed": hits as f64 / spent.as_secs_f64(),
        "groups": groups,
        "bytes": peak.saturating_sub(before),
        "found": found.len(),
        "others": others,
        "from": degraded.map_or(0, |it| it.from),
        "to": degraded.map_or(0, |it| it.to),
    }))
}

/// The memory that the process has in use (Linux). What it freed and kept counts too, so only growth says something.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
