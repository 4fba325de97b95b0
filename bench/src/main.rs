//! Benchmarks on named real inputs, beside peers where they can be had. `bench/README.md` says what each command
//! measures and how; inputs that are not there are skipped with a message.
//!
//! Figures of a noisy machine mean little: runs of programs that are compared take turns, processor time is taken
//! instead of wall time wherever that is the same question, and the ratios are what counts.

mod check;
mod convert;
mod correlate;
mod hunt;
mod inputs;
mod live;
mod load;
mod matching;
mod memory;
mod peers;
mod process;
mod record;
mod report;
mod rules;
mod serve;
mod signals;
mod stages;
mod store;
mod web;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// That of `sigyn`: what is measured inside this process is to cost what it costs there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One stage a line.
const USAGE: &str = "usage: sigyn-bench STAGE, which is one of
  record [hunt|check|correlate|serve [SECONDS]]
  inputs
  hunt [RUNS]
  scaling [RUNS]
  stages [INPUT or LOG]
  memory [GIGABYTES]
  store [log|catalog|lake|retro]
  serve [SECONDS [usual|attack]]
  signals
  check [RUNS]
  web [FOLDER]
  convert
  correlate [RUNS]
  live
  load
  match [EVENTS.ndjson [CONFIGURATION]]";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map(String::as_str);
    let number = |at: usize, otherwise: usize| {
        word(at).map_or(Ok(otherwise), |word| word.parse().with_context(|| format!("`{word}` is no number")))
    };
    match word(0) {
        Some("record") => match word(1).unwrap_or("hunt") {
            "hunt" => record::hunt(),
            "check" => record::check(),
            "correlate" => record::correlate(),
            "serve" => record::serve(number(2, serve::SECONDS)?),
            _ => bail!(USAGE),
        },
        Some("inputs") => inputs::run(),
        Some("hunt") => print(hunt::run(number(1, hunt::RUNS)?)?),
        Some("scaling") => print(hunt::scaling_alone(number(1, hunt::RUNS)?)?),
        Some("stages") => print(stages::run(word(1))?),
        Some("memory") => print(memory::run(number(1, memory::GIGABYTES)?)?),
        Some("store") => print(store::run(word(1))?),
        Some("serve") => print(serve::run(number(1, serve::SECONDS)?, word(2))?),
        Some("signals") => print(signals::run()?),
        Some("check") => print(check::run(number(1, check::RUNS)?)?),
        Some("web") => print(web::run(word(1))?),
        Some("convert") => convert::run(),
        Some("correlate") => print(correlate::run(number(1, correlate::RUNS)?)?),
        Some("correlate-part") => correlate::part(word(1), number(2, 0)?),
        Some("live") => print(live::run()?),
        Some("load") => load::run(),
        Some("match") => matching::run(word(1), word(2)),
        _ => bail!(USAGE),
    }
}

fn print(tables: Vec<report::Table>) -> Result<()> {
    tables.iter().for_each(|table| println!("{}", table.markdown()));
    Ok(())
}

/// A folder of the shared data, if it is there.
fn data(path: &str) -> Option<PathBuf> {
    let folder = workspace().join("../shared/data").join(path);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {path} beside the repository");
    None
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
