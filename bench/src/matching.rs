//! The match stage: rules over recorded events, without reading.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sigyn_engine::{Built, Config, Engine, LogSources, Stats, Switch};
use sigyn_event::EventBuf;
use sigyn_ir::RuleSet;

const ROUNDS: usize = 15;

/// SigmaHQ's active rules.
pub(crate) const RULES: [&str; 5] =
    ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder", "rules-compliance"];

/// Matches the JSON lines of a file with all of SigmaHQ's active rules, on one core; `only` names a configuration.
pub(crate) fn run(file: Option<&str>, only: Option<&str>) -> Result<()> {
    let Some(folder) = crate::data("sigmahq") else { return Ok(()) };
    let clock = Instant::now();
    let start = now(clock);
    let set = load(&folder)?;
    let loading = now(clock) - start;
    let start = now(clock);
    let sources = LogSources::built_in()?;
    let built = Engine::build(&set, &sources, Config::standard());
    let building = now(clock) - start;
    println!(
        "processor time of one core; {} rules: read and lowered in {:.1} ms, compiled in {:.1} ms; {} refused, {} inert",
        set.items.len(),
        loading.as_secs_f64() * 1e3,
        building.as_secs_f64() * 1e3,
        built.refused.len(),
        built.inert.len()
    );
    let Some(file) = file else { return Ok(()) };
    let events = events(Path::new(file))?;
    println!("{} events of {file}", events.len());
    let off = Switch::Off;
    for (name, config) in [
        ("standard", Config::standard()),
        ("value cache off", Config { value_cache: off, ..Config::standard() }),
        ("tables off", Config { tables: off, ..Config::standard() }),
        ("witnesses off", Config { witnesses: off, ..Config::standard() }),
    ] {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        measure(name, &Engine::build(&set, &sources, config), &events);
    }
    Ok(())
}

/// Processor time of this thread (Linux), which other work on the machine does not lengthen; wall time elsewhere.
pub(crate) fn now(start: Instant) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = text.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

fn measure(name: &str, built: &Built, events: &[EventBuf]) {
    let mut scratch = built.engine.scratch();
    let mut best = Duration::MAX;
    let mut matched = 0;
    for _ in 0..ROUNDS {
        scratch.stats = Stats::default();
        matched = 0;
        let clock = Instant::now();
        let start = now(clock);
        for event in events {
            matched += built.engine.run(event.event(""), &mut scratch).1.len();
        }
        best = best.min(now(clock) - start);
    }
    let count = events.len().max(1) as f64;
    let per_event = |value: u64| value as f64 / count;
    println!(
        "{name:<16} {:>9.0} events/s  {:>6.2} us/event  {matched} matches; per event {:.2} rules woken, {:.2} values looked through, {:.2} known; {:.3} events known",
        count / best.as_secs_f64(),
        best.as_secs_f64() * 1e6 / count,
        per_event(scratch.stats.woken),
        per_event(scratch.stats.scanned),
        per_event(scratch.stats.cached),
        per_event(scratch.stats.known),
    );
}

fn load(folder: &Path) -> Result<RuleSet> {
    let mut paths = Vec::new();
    for name in RULES {
        crate::rules::collect(&folder.join(name), &mut paths)?;
    }
    paths.sort_unstable();
    crate::rules::load(&paths)
}

fn events(path: &Path) -> Result<Vec<EventBuf>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.lines().filter_map(|line| sigyn_testkit::json::event(line).ok()).collect())
}
