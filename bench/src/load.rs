//! The stages of loading and converting, inside one process and on one core.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use sigyn_backends::Env;
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_diagnostics::{SourceFile, SourceId, Sources};
use sigyn_ir::{BacktrackingRegex, Compat, LoadOptions, ParsedFile};
use sigyn_pipeline::NoFiles;

const ROUNDS: usize = 7;

/// All of SigmaHQ's active rules: read, parse and lower, resolve, convert to Splunk.
pub(crate) fn run() -> Result<()> {
    let Some(folder) = crate::data("sigmahq/rules") else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| measure(&folder))
}

fn measure(folder: &Path) -> Result<()> {
    let mut paths = Vec::new();
    crate::rules::collect(folder, &mut paths)?;
    paths.sort_unstable();
    let options =
        LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(Compat::Spec) };
    let converter = converter()?;
    let mut best = [Duration::MAX; 4];
    let mut counts = (0, 0);
    for _ in 0..ROUNDS {
        let (reading, files) =
            timed(|| paths.iter().map(|path| crate::rules::read(path)).collect::<Result<Vec<_>>>());
        let files = files?;
        let (parsing, parsed) = timed(|| parse(&files, &options));
        let (resolving, loaded) = timed(|| sigyn_ir::resolve(parsed, &options));
        let rules = loaded.set.items.len();
        let (converting, conversion) = timed(|| converter.convert(loaded.set));
        counts = (rules, conversion.rules.iter().filter(|rule| rule.queries.is_ok()).count());
        for (best, time) in best.iter_mut().zip([reading, parsing, resolving, converting]) {
            *best = time.min(*best);
        }
    }
    report(&best, counts);
    Ok(())
}

fn report(best: &[Duration; 4], (rules, converted): (usize, usize)) {
    println!("sigmahq/rules, {rules} rules, one core, shortest of {ROUNDS}");
    let per_rule = |time: Duration| time.as_secs_f64() * 1e6 / rules.max(1) as f64;
    for (name, time) in ["read files", "parse and lower", "resolve", "convert to splunk"].iter().zip(best) {
        println!("{name:<18} {:>8.2} ms  {:>7.2} us per rule", time.as_secs_f64() * 1e3, per_rule(*time));
    }
    println!(
        "loading (parse, lower, resolve): {:.2} us per rule; {converted} converted",
        per_rule(best[1] + best[2])
    );
}

fn parse(files: &[SourceFile], options: &LoadOptions) -> Vec<ParsedFile> {
    let ids = (0..).map(SourceId);
    files.iter().zip(ids).map(|(file, id)| sigyn_ir::read(id, file, options)).collect()
}

fn converter() -> Result<Converter> {
    let target = sigyn_backends::targets::find("splunk").context("no splunk")?;
    let pipeline =
        sigyn_pipeline::builtin::get("splunk_windows").and_then(|builtin| builtin.load(SourceId::default()));
    let settings = Settings {
        target: target.build().map_err(|error| anyhow!(error.message))?,
        pipelines: vec![pipeline.context("no splunk_windows")?],
        env: Env::default(),
        files: Arc::new(NoFiles),
        strictness: Strictness::Report,
        sources: Sources::default(),
    };
    Converter::new(settings).map_err(|error| anyhow!(error.message))
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}
