//! The way of a call: rules, logs, matches, sum.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_event::Timestamp;
use sigyn_hunt::record::{self, Columns};
use sigyn_hunt::{Control, Events, Hit, Input, Report, Settings, Summary, html};
use sigyn_runtime::Correlated;

use super::output::Writer;
use super::{Format, Hunt, Loaded, Selection, evidence, summary};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::grid::Fit;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::{Exit, input, output, store};

/// Matches that a timeline or a page holds in memory.
const KEPT_MAX: usize = 1_000_000;
/// Smaller than what readers ask for at once: then nothing is copied twice.
const BUFFER_BYTES: usize = 64 * 1024;

/// Runs the command.
pub(crate) fn run(args: &Hunt) -> Exit {
    hunt(args).unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

fn hunt(args: &Hunt) -> Result<Exit, Vec<Found>> {
    let settings = settings(args)?;
    let selection = Selection::new(&args.selection)?;
    let inputs = inputs(&args.logs)?;
    let loaded = selection.load(&args.rules)?;
    if args.verbose {
        findings::print(&loaded.refused, Diagnostics::Text);
    }
    let total = inputs.iter().map(|input| input.bytes).sum();
    let progress = Progress::bytes("hunting", total);
    let mut results = Results::new(args, &loaded);
    let mut correlated = Correlated::default();
    let is_stopped = watched(&progress, |control| {
        results.begin();
        let report = &mut |report: Report<'_>| results.take(report);
        correlated =
            sigyn_runtime::hunt(&loaded.program, inputs, settings, control, &mut store::file, report);
    });
    progress.finish();
    if let Some(failure) = &correlated.failure {
        return Err(not_stored(failure));
    }
    results.take_detected(correlated);
    results.finish(is_stopped)
}

/// Runs something while the bar follows it and Ctrl-C asks it to stop; says whether it was asked.
pub(crate) fn watched(progress: &Progress, body: impl FnOnce(&Control)) -> bool {
    let control = Arc::new(Control::default());
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let (stop, asked) = (control.clone(), is_interrupted.clone());
    // A second handler cannot be set, which only tests would try; the hunt then runs without one.
    let _ = ctrlc::set_handler(move || {
        // Whoever asks twice does not want to wait.
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        stop.stop.store(true, Ordering::Relaxed);
    });
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let bar = scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                progress.set(control.bytes.load(Ordering::Relaxed));
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        body(&control);
        is_done.store(true, Ordering::Relaxed);
        // Without it a short hunt would wait for the bar's next turn.
        bar.thread().unpark();
    });
    is_interrupted.load(Ordering::Relaxed)
}

/// What becomes of matches.
struct Results<'a> {
    args: &'a Hunt,
    loaded: &'a Loaded,
    writer: Option<Writer<'a>>,
    summary: Summary,
    kept: Vec<Hit<'static>>,
    correlated: Correlated,
    failure: Option<std::io::Error>,
}

impl<'a> Results<'a> {
    fn new(args: &'a Hunt, loaded: &'a Loaded) -> Self {
        let columns = if loaded.program.correlates() { Columns::Detected } else { Columns::Matches };
        let writer = (args.format != Format::Table).then(|| Writer::new(args.format, columns, &loaded.infos));
        let (summary, correlated) = (Summary::default(), Correlated::default());
        Self { args, loaded, writer, summary, kept: Vec::new(), correlated, failure: None }
    }

    fn begin(&mut self) {
        if let Some(writer) = &mut self.writer {
            self.failure = writer.begin().err();
        }
    }

    /// Takes a report; false if nobody reads what is written.
    fn take(&mut self, report: Report<'_>) -> bool {
        self.summary.add(&report);
        if let Report::Hit(hit) = report {
            if let Some(writer) = &mut self.writer
                && let Err(error) = writer.hit(&hit)
            {
                self.failure.get_or_insert(error);
            }
            let is_kept = self.args.timeline && self.args.format == Format::Table || self.args.html.is_some();
            if is_kept && self.kept.len() < KEPT_MAX {
                self.kept.push(hit.into_owned());
            }
        }
        self.failure.is_none()
    }

    /// Takes what several events say together, when all are read.
    fn take_detected(&mut self, correlated: Correlated) {
        if let Some((class, count)) = correlated.tried.filter(|(_, count)| *count > 0) {
            self.summary.classes.insert(Some(class), count);
        }
        for detected in &correlated.detected {
            self.summary.add_detected(detected);
            if let Some(writer) = &mut self.writer
                && self.failure.is_none()
            {
                self.failure = writer.detected(detected).err();
            }
        }
        self.correlated = correlated;
    }

    fn finish(mut self, is_stopped: bool) -> Result<Exit, Vec<Found>> {
        if let Some(writer) = self.writer.take() {
            let ended = if self.failure.is_none() { writer.end() } else { Ok(()) };
            match self.failure.take().map_or(ended, Err) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    return Err(unwritable("-", &error));
                }
                _ => {}
            }
        } else if !self.summary.rules.is_empty() {
            let fit = if self.args.wide { Fit::Nothing } else { Fit::Screen };
            let (screen, infos) = (Screen::stdout(), &self.loaded.infos);
            let text = if self.args.timeline {
                summary::timeline(&mut self.kept, &self.correlated.detected, infos, screen, fit)
            } else {
                let detected = &self.correlated.detected;
                summary::counts(&self.summary, infos, screen, fit)
                    + &summary::correlated(detected, infos, screen, fit)
            };
            let trees = match self.args.evidence {
                true => evidence::trees(&self.correlated.detected, infos),
                false => String::new(),
            };
            output::write(Path::new("-"), (text + &trees).as_bytes())
                .map_err(|error| unwritable("-", &error))?;
        }
        let idle = sigyn_hunt::idle(
            &self.summary,
            &self.loaded.program.engine,
            &self.loaded.program.set,
            &self.loaded.inert,
        );
        if let Some(path) = &self.args.html {
            let page = html::page(
                &self.summary,
                &self.loaded.infos,
                &self.kept,
                &self.correlated.detected,
                &idle,
                now(),
            );
            output::write(path, page.as_bytes())
                .map_err(|error| unwritable(&path.to_string_lossy(), &error))?;
        }
        if let Some(path) = &self.args.summary {
            let text = record::summary(&self.summary, &self.loaded.infos, &idle);
            output::write(path, text.as_bytes())
                .map_err(|error| unwritable(&path.to_string_lossy(), &error))?;
        }
        summary::sum_up(&self.summary, self.loaded, &idle, self.args.verbose, is_stopped);
        summary::say_correlated(&self.correlated, &self.loaded.infos);
        Ok(if self.summary.hits > 0 { Exit::Findings } else { Exit::Clean })
    }
}

/// What to say where matches that wait for the end could not be stored.
pub(crate) fn not_stored(error: &std::io::Error) -> Vec<Found> {
    unwritable(&std::env::temp_dir().to_string_lossy(), error)
}

fn unwritable(path: &str, error: &std::io::Error) -> Vec<Found> {
    let message = format!("`{path}` cannot be written: {error}");
    vec![Found::of(path, Diagnostic::error(&codes::input::UNWRITABLE, message))]
}

fn settings(args: &Hunt) -> Result<Settings, Vec<Found>> {
    Ok(Settings {
        threads: thread_count(args.threads),
        events: if args.include_event { Events::Included } else { Events::LeftOut },
        from: args.from.as_deref().map(time).transpose()?,
        to: args.to.as_deref().map(time).transpose()?,
        now: now(),
    })
}

/// The threads of a call; as many as the machine has if it does not say.
pub(crate) fn thread_count(wanted: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    wanted.filter(|threads| *threads > 0).unwrap_or_else(cores)
}

/// A day or a moment, in UTC unless it says otherwise.
fn time(text: &str) -> Result<Timestamp, Vec<Found>> {
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    Timestamp::parse(text).or_else(day).ok_or_else(|| {
        let message = format!("`{text}` is no time");
        let help = "write 2026-01-31 or 2026-01-31T12:00:00Z";
        vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message).with_help(help))]
    })
}

pub(crate) fn now() -> Option<Timestamp> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_nanos();
    i64::try_from(nanos).ok().map(Timestamp)
}

/// The logs of the call, folders searched, in order.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>, Vec<Found>> {
    let (files, missing) = input::collect(paths, "*");
    if !missing.is_empty() {
        return Err(missing.into_iter().map(|missing| Found::of(missing.name, missing.diagnostic)).collect());
    }
    // The size of each is asked for: a folder of 20,000 takes a while.
    Ok(files.into_par_iter().map(log).collect())
}

fn log(path: PathBuf) -> Input {
    let name = input::name(&path);
    if input::is_stdin(&path) {
        let open = || {
            Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, std::io::stdin())) as Box<dyn BufRead + Send>)
        };
        return Input { path: name, bytes: 0, open: Box::new(open) };
    }
    let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let open = move || {
        let file = std::fs::File::open(&path)?;
        // Small files need no large buffer.
        let buffer = usize::try_from(bytes).map_or(BUFFER_BYTES, |bytes| bytes.clamp(8 * 1024, BUFFER_BYTES));
        Ok(Box::new(BufReader::with_capacity(buffer, file)) as Box<dyn BufRead + Send>)
    };
    Input { path: name, bytes, open: Box::new(open) }
}
