//! The stages of a hunt on one file, on one core: read, decode, match, results.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sigyn_engine::{Config, Engine, LogSources};
use sigyn_hunt::{Control, Events, Input, Report, RuleInfo, Settings, record};
use sigyn_readers::{Batch, Decoder, Reader, Step};

use crate::matching;

const ROUNDS: usize = 7;
const BUFFER_BYTES: usize = 1024 * 1024;

/// Times the stages on a file. Each one is the least of several rounds; the file stands in the system's cache.
pub(crate) fn run(file: Option<&str>) -> Result<()> {
    let path = Path::new(file.context("usage: sigyn-bench stages LOG")?);
    let batches = batches(path)?;
    let mut decoder = Decoder::new(None);
    let events: u64 = batches.iter().map(|batch| decoder.decode(batch, &mut |_, _| true).records).sum();
    let bytes: usize = batches.iter().map(|batch| batch.bytes.len()).sum();
    println!("processor time of one core; {events} events, {bytes} bytes");
    let show = |name: &str, spent: Duration| {
        let per_event = spent.as_secs_f64() * 1e6 / events.max(1) as f64;
        println!("{name:<24} {per_event:>7.3} us/event");
    };
    let read = least(|| batches_of(path).map(|count| assert!(count > 0)))?;
    show("read and cut", read);
    let validate = least(|| {
        assert!(batches.iter().all(|batch| std::str::from_utf8(&batch.bytes).is_ok()));
        Ok(())
    })?;
    show("  UTF-8 (part of decode)", validate);
    let decode = least(|| {
        batches.iter().for_each(|batch| drop(decoder.decode(batch, &mut |_, _| true)));
        Ok(())
    })?;
    show("decode", decode);
    let Some(folder) = crate::data("sigmahq") else { return Ok(()) };
    let set = matching::load(&folder)?;
    let engine = Engine::build(&set, &LogSources::built_in()?, Config::standard()).engine;
    let mut scratch = engine.scratch();
    let mut hits = 0;
    let matched = least(|| {
        hits = 0;
        for batch in &batches {
            decoder.decode(batch, &mut |_, event| {
                hits += engine.run(event, &mut scratch).1.len();
                true
            });
        }
        Ok(())
    })?;
    show("match", matched.saturating_sub(decode));
    let infos: Vec<RuleInfo> = set.items.iter().map(|item| RuleInfo::of(item.meta())).collect();
    let whole = least(|| whole(path, &engine, &infos))?;
    show("results", whole.saturating_sub(read + matched));
    show("all", whole);
    println!("{hits} results");
    Ok(())
}

/// A hunt whose result is thrown away.
fn whole(path: &Path, engine: &Engine, infos: &[RuleInfo]) -> Result<()> {
    let file = path.to_owned();
    let open = move || {
        let file = File::open(file)?;
        Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, file)) as Box<dyn std::io::BufRead + Send>)
    };
    let input = Input { path: path.display().to_string(), bytes: 0, open: Box::new(open) };
    let settings = Settings { threads: 1, events: Events::LeftOut, from: None, to: None, now: None };
    let (mut text, mut written) = (String::new(), 0);
    sigyn_hunt::run(engine, vec![input], settings, &Control::default(), &mut |report| {
        if let Report::Hit(hit) = report
            && let Some(info) = infos.get(hit.rule)
        {
            text.clear();
            record::write_json(&mut text, &hit, info);
            written += text.len();
        }
        true
    });
    std::hint::black_box(written);
    Ok(())
}

fn batches(path: &Path) -> Result<Vec<Batch>> {
    let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let steps = Reader::new(path.display().to_string(), file);
    Ok(steps.filter_map(|step| if let Step::Batch(batch) = step { Some(batch) } else { None }).collect())
}

fn batches_of(path: &Path) -> Result<usize> {
    let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    Ok(Reader::new(path.display().to_string(), file).count())
}

fn least(mut stage: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let clock = Instant::now();
        let start = now(clock);
        stage()?;
        least = least.min(now(clock).saturating_sub(start));
    }
    Ok(least)
}

/// Processor time of all threads that are running or ended (Linux); wall time elsewhere.
fn now(start: Instant) -> Duration {
    processor_time().unwrap_or_else(|| start.elapsed())
}

fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything, user and system time are the 12th and 13th values, in hundredths.
    let mut values = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || values.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((next()? + next()?) * 10))
}
