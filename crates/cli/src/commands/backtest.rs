//! `sigyn backtest`: what rules find in recorded logs, against what is declared and what was found before.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sigyn_diagnostics::{Diagnostic, Sources, codes};
use sigyn_hunt::{Events, Report, Settings, Summary};
use sigyn_verify::backtest::{self, All, Counted, Expectations, Row, Saved};

use super::hunt::{RuleFiles, Selection, SelectionArgs, inputs, not_stored, now, thread_count, watched};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::progress::Progress;
use crate::screen::counted;
use crate::{Exit, output, setup, store};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// A rule file, or a folder of them
    #[arg(value_name = "RULES")]
    rules: PathBuf,
    /// Log files or folders
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    /// Counts that rules must have, as docs/testing.md describes
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Write the counts, for a later run to compare with
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Compare with the counts of an earlier run
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    format: Format,
    /// Also name the rules that are as expected
    #[arg(long)]
    list: bool,
    /// Which files of a folder are read as rules
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    file_pattern: String,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Threads that match; as many as the machine has if left out
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What is not as declared, and what changed.
    Text,
    /// One JSON object per rule and line.
    Json,
    /// One document of JUnit's XML.
    Junit,
}

/// Runs the command.
pub(crate) fn run(args: &Backtest) -> Exit {
    test(args).unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

fn test(args: &Backtest) -> Result<Exit, Vec<Found>> {
    let (expectations, sources) = expectations(args)?;
    let saved = args.compare.as_deref().map(saved).transpose()?;
    let files = RuleFiles { rules: vec![args.rules.clone()], file_pattern: args.file_pattern.clone() };
    let loaded = Selection::new(&args.selection)?.load(&files)?;
    findings::print(&loaded.refused, Diagnostics::Text);
    let inputs = inputs(&args.logs)?;
    let progress = Progress::bytes("hunting", inputs.iter().map(|input| input.bytes).sum());
    let threads = thread_count(args.threads);
    let settings = Settings { threads, events: Events::LeftOut, from: None, to: None, now: now() };
    let (mut summary, mut failure) = (Summary::default(), None);
    let is_stopped = watched(&progress, |control| {
        let report = &mut |report: Report<'_>| {
            summary.add(&report);
            true
        };
        let correlated =
            sigyn_runtime::hunt(&loaded.program, inputs, settings, control, &mut store::file, report);
        correlated.detected.iter().for_each(|detected| summary.add_detected(detected));
        failure = correlated.failure;
    });
    progress.finish();
    if let Some(failure) = &failure {
        return Err(not_stored(failure));
    }
    if is_stopped {
        let message = "stopped before all logs were read: counts of a part say nothing";
        return Err(bad("", message.to_owned()));
    }
    let count = |at: usize| summary.rules.get(&at).map_or(0, |count| count.events);
    let items = loaded.program.set.items.iter().enumerate();
    // Rules that are only read by others have no results of their own to count.
    let shown = items
        .filter(|(at, _)| loaded.program.is_shown(sigyn_ir::ItemId(u32::try_from(*at).unwrap_or(u32::MAX))));
    let counts: Vec<Counted> = shown.map(|(at, item)| Counted::new(item.meta(), count(at))).collect();
    let (rows, unknown) = backtest::judge(&counts, &expectations, saved.as_ref());
    if !unknown.is_empty() {
        return Err(unknown.into_iter().map(|found| Found::within(&sources, found)).collect());
    }
    if let Some(path) = &args.save {
        write(path, &backtest::save(&counts))?;
    }
    // Where nothing is held against the counts, they are what was asked for.
    let is_bare = args.expect.is_none() && args.compare.is_none() && args.save.is_none();
    let text = match args.format {
        Format::Text if is_bare && !args.list => {
            let fired: Vec<Row> = rows.iter().filter(|row| row.count > 0).cloned().collect();
            backtest::text(&fired, All::Shown)
        }
        Format::Text => backtest::text(&rows, if args.list { All::Shown } else { All::Hidden }),
        Format::Json => backtest::ndjson(&rows),
        Format::Junit => backtest::junit(&rows),
    };
    write(Path::new("-"), &text)?;
    Ok(sum_up(args, &rows, &summary, &loaded.refused))
}

fn sum_up(args: &Backtest, rows: &[Row], summary: &Summary, refused: &[Found]) -> Exit {
    let failed = rows.iter().filter(|row| !row.is_met()).count();
    let changed = rows.iter().filter(|row| !row.is_same()).count();
    let mut line =
        format!("{} in {}", counted(summary.hits, "detection"), counted(summary.records(), "record"));
    if args.expect.is_some() {
        line += &format!("; {} not as declared", counted(failed as u64, "rule"));
    }
    if args.compare.is_some() {
        line += &format!("; {} not as before", counted(changed as u64, "rule"));
    }
    if let Some(path) = &args.save {
        line += &format!("; counts of {} are in {}", counted(rows.len() as u64, "rule"), path.display());
    }
    findings::say(Diagnostics::Text, &line);
    if summary.unknowns > 0 {
        let files = counted(summary.unknowns, "file");
        findings::say(
            Diagnostics::Text,
            &format!("Not read, because of no known shape: {files}; `sigyn hunt` names them"),
        );
    }
    if summary.damaged > 0 {
        let places = counted(summary.damaged, "damaged place");
        findings::say(Diagnostics::Text, &format!("Not read: {places}; `sigyn hunt` names them"));
    }
    if failed + changed > 0 || !refused.is_empty() { Exit::Findings } else { Exit::Clean }
}

fn expectations(args: &Backtest) -> Result<(Expectations, Arc<Sources>), Vec<Found>> {
    let mut sources = Sources::default();
    let Some(path) = &args.expect else { return Ok((Expectations::default(), Arc::default())) };
    let source = sources.add(setup::read(path).map_err(|found| vec![found])?);
    let text = sources.get(source).map_or("", |file| file.text.as_str());
    let (expectations, findings) = backtest::read_expectations(source, text);
    let sources = Arc::new(sources);
    if findings.is_empty() {
        return Ok((expectations, sources));
    }
    Err(findings.into_iter().map(|found| Found::within(&sources, found)).collect())
}

fn saved(path: &Path) -> Result<Saved, Vec<Found>> {
    let file = setup::read(path).map_err(|found| vec![found])?;
    Saved::read(&file.text).map_err(|why| bad(&file.name, format!("`{}` holds no counts: {why}", file.name)))
}

fn bad(origin: &str, message: String) -> Vec<Found> {
    vec![Found::of(origin, Diagnostic::error(&codes::input::BAD_ARGUMENT, message))]
}

fn write(path: &Path, text: &str) -> Result<(), Vec<Found>> {
    output::write(path, text.as_bytes()).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
    })
}
