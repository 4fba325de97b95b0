//! The stages of a hunt inside one process and thread: what each adds per event.

use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use sigyn_engine::{Config, Engine, LogSources, Switch};
use sigyn_event::Event;
use sigyn_hunt::{Hit, RuleInfo, record};
use sigyn_ir::ItemId;
use sigyn_readers::{Decoder, Facts, Member, Reader, Step};

use crate::inputs::{self, Input};
use crate::matching::now;
use crate::report::{Table, grouped};

/// Rounds of each stage; the shortest counts.
const ROUNDS: usize = 3;

/// How far a pass goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Read,
    Frame,
    Parse,
    Classify,
    Match,
    Output,
}

/// The stages with their names, and whether values are remembered.
const STAGES: &[(&str, Depth, Switch)] = &[
    ("read", Depth::Read, Switch::On),
    ("cut into records", Depth::Frame, Switch::On),
    ("parse, name fields", Depth::Parse, Switch::On),
    ("find the log source", Depth::Classify, Switch::On),
    ("match", Depth::Match, Switch::On),
    ("output", Depth::Output, Switch::On),
    ("the same, value cache off", Depth::Output, Switch::Off),
];

/// Measures the stages on every input, or on the one named, or on a log of the call.
pub(crate) fn run(only: Option<&str>) -> Result<Vec<Table>> {
    let Some(inputs) = inputs::prepare()? else { return Ok(Vec::new()) };
    let own = only.map(Path::new).filter(|path| path.exists()).map(inputs::own).transpose()?;
    if own.is_none() && only.is_some_and(|only| inputs.logs.iter().all(|input| input.name != only)) {
        let names: Vec<&str> = inputs.logs.iter().map(|input| input.name).collect();
        bail!("there is neither such an input nor such a file; inputs are {}", names.join(", "));
    }
    let mut paths = Vec::new();
    crate::rules::collect(&inputs.rules, &mut paths)?;
    paths.sort_unstable();
    let set = crate::rules::load(&paths)?;
    let infos: Vec<RuleInfo> = set.items.iter().map(|item| RuleInfo::of(item.meta())).collect();
    let sources = LogSources::built_in()?;
    let engines = [Switch::On, Switch::Off].map(|value_cache| {
        Engine::build(&set, &sources, Config { value_cache, ..Config::standard() }).engine
    });
    if let Some(own) = own {
        return Ok(vec![measure(&own, &engines, &infos)?]);
    }
    let chosen = inputs.logs.iter().filter(|input| only.is_none_or(|only| only == input.name));
    chosen.map(|input| measure(input, &engines, &infos)).collect()
}

fn measure(input: &Input, [cached, plain]: &[Engine; 2], infos: &[RuleInfo]) -> Result<Table> {
    eprintln!("stages of {}", input.name);
    let logs =
        if input.path.is_dir() { inputs::files(&input.path, "evtx")? } else { vec![input.path.clone()] };
    let mut best = vec![Duration::MAX; STAGES.len()];
    for _ in 0..ROUNDS {
        for ((_, depth, switch), best) in STAGES.iter().zip(&mut best) {
            let engine = if *switch == Switch::On { cached } else { plain };
            *best = (*best).min(pass(&logs, *depth, engine, infos)?);
        }
    }
    let mut table = Table::new(
        format!(
            "Stages of {}: {} events of {:.0} bytes",
            input.name,
            grouped(input.events as f64),
            input.bytes as f64 / input.events.max(1) as f64
        ),
        &["up to", "events/s", "MB/s", "µs per event", "of which its own"],
    );
    let events = input.events.max(1) as f64;
    let mut before = Duration::ZERO;
    for ((name, _, switch), time) in STAGES.iter().zip(&best) {
        let own = time.as_secs_f64() - before.as_secs_f64();
        let is_step = *switch == Switch::On;
        table.row([
            (*name).to_owned(),
            grouped(events / time.as_secs_f64()),
            grouped(input.bytes as f64 / 1e6 / time.as_secs_f64()),
            format!("{:.2}", time.as_secs_f64() * 1e6 / events),
            if is_step { format!("{:.2}", own * 1e6 / events) } else { String::new() },
        ]);
        if is_step {
            before = *time;
        }
    }
    let seconds = |at: usize| best.get(at).map_or(1.0, Duration::as_secs_f64);
    table.note(format!(
        "Processor time of one thread, shortest of {ROUNDS}. All of it takes {:.2} times as long as parsing alone.",
        seconds(5) / seconds(2)
    ));
    Ok(table)
}

/// One pass over the logs.
fn pass(logs: &[PathBuf], depth: Depth, engine: &Engine, infos: &[RuleInfo]) -> Result<Duration> {
    let mut decoder = Decoder::new(None);
    let mut scratch = engine.scratch();
    let mut results =
        Results { facts: Facts::new(), host: String::new(), user: String::new(), out: String::new() };
    let mut buffer = vec![0; 1 << 20];
    let clock = Instant::now();
    let start = now(clock);
    for log in logs {
        let mut bytes = inputs::open(log)?;
        if depth == Depth::Read {
            while bytes.read(&mut buffer)? > 0 {
                black_box(&buffer);
            }
            continue;
        }
        for step in Reader::new(log.to_string_lossy(), bytes) {
            let Step::Batch(batch) = black_box(step) else { continue };
            if depth == Depth::Frame {
                continue;
            }
            decoder.decode(&batch, &mut |record, event| {
                match depth {
                    Depth::Classify => _ = black_box(engine.classify(event, &mut scratch)),
                    Depth::Match => _ = black_box(engine.run(event, &mut scratch)),
                    Depth::Output => {
                        let (_, rules) = engine.run(event, &mut scratch);
                        if !rules.is_empty() {
                            results.write(event, rules, &batch.member, record, infos);
                        }
                    }
                    Depth::Read | Depth::Frame | Depth::Parse => _ = black_box(event),
                }
                true
            });
        }
    }
    Ok(now(clock) - start)
}

/// What writing results needs, kept for its memory as a hunt keeps it.
struct Results {
    facts: Facts,
    host: String,
    user: String,
    out: String,
}

impl Results {
    fn write(
        &mut self,
        event: Event<'_>,
        rules: &[ItemId],
        member: &Arc<Member>,
        record: u64,
        infos: &[RuleInfo],
    ) {
        self.host.clear();
        self.user.clear();
        let time = self.facts.time(event);
        let host = self.facts.host(event, &mut self.host).then_some(self.host.as_str().into());
        let user = self.facts.user(event, &mut self.user).then_some(self.user.as_str().into());
        let mut hit = Hit { rule: 0, time, host, user, member: Arc::clone(member), record, event: None };
        for rule in rules {
            hit.rule = rule.0 as usize;
            if let Some(info) = infos.get(hit.rule) {
                self.out.clear();
                record::write_json(&mut self.out, &hit, info);
                black_box(&self.out);
            }
        }
    }
}
