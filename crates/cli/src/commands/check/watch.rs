//! `--watch`: checks again whenever files change, until Ctrl-C.
//!
//! What changed is told by reading all files again and comparing, once the system says that something did: that takes
//! some hundredths of a second for thousands of rules, and cannot miss what editors do to replace a file. Only texts that
//! differ are looked at anew; what depends on other rules (ids, titles, references) is found anew each time.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecursiveMode, Watcher};
use sigyn_diagnostics::{SourceFile, SourceId, Sources};
use sigyn_lint::{Finding, Kept, Linter};

use super::mend::Mended;
use super::run::bad;
use super::{Check, output};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::progress::Progress;
use crate::{Exit, input, setup};

/// How long it must be quiet before files are read: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(80);
/// How long a run of changes may put that off.
const PATIENCE: Duration = Duration::from_secs(1);
/// Clears a terminal, and what was scrolled out of it.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// What the loop waits for.
enum Signal {
    /// Something changed, perhaps.
    Changed,
    /// The system no longer tells what changes.
    Blind(String),
    /// Ctrl-C.
    Stop,
}

pub(super) fn run(check: &Check, linter: Linter) -> Result<Exit, Vec<Found>> {
    if check.rules.input.iter().any(|path| input::is_stdin(path)) {
        return Err(vec![bad("standard input cannot be watched".to_owned())]);
    }
    // A path that does not exist is a mistake at first, and may come back later.
    setup::texts(&check.rules.input, &check.rules.file_pattern)?;
    let (sender, signals) = mpsc::channel();
    let is_asked = AtomicBool::new(false);
    let stop = sender.clone();
    // Only a test in one process with others could have set a handler before.
    let _ = ctrlc::set_handler(move || {
        // Whoever asks twice does not want to wait.
        if is_asked.swap(true, Ordering::Relaxed) || stop.send(Signal::Stop).is_err() {
            std::process::exit(130);
        }
    });
    // Before the first look, so that nothing is missed between.
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Nobody listens once the loop has ended.
        let _ = match event {
            Ok(event) if !tells_of_change(&event) => Ok(()),
            Ok(_) => sender.send(Signal::Changed),
            Err(error) => sender.send(Signal::Blind(error.to_string())),
        };
    })
    .map_err(|error| cannot_watch(&error.to_string()))?;
    for path in &check.rules.input {
        let (folder, mode) = watched(path);
        watcher.watch(&folder, mode).map_err(|error| cannot_watch(&error.to_string()))?;
    }
    let mut state = State::new(check, linter);
    state.read();
    let mut exit = state.check()?;
    loop {
        match next(&signals) {
            Signal::Stop => return Ok(exit),
            Signal::Blind(why) => return Err(cannot_watch(&why)),
            Signal::Changed => {
                if state.read() {
                    exit = state.check()?;
                }
            }
        }
    }
}

fn cannot_watch(why: &str) -> Vec<Found> {
    vec![bad(format!("the files cannot be watched: {why}"))]
}

/// Reading a file is an event too, and would never end.
fn tells_of_change(event: &Event) -> bool {
    event.need_rescan() || !matches!(event.kind, EventKind::Access(_))
}

/// What the system is asked to watch for a path of the call: of a file its folder, because editors put another file in its
/// place.
fn watched(path: &Path) -> (PathBuf, RecursiveMode) {
    if path.is_dir() {
        return (path.to_owned(), RecursiveMode::Recursive);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    (folder.unwrap_or(Path::new(".")).to_owned(), RecursiveMode::NonRecursive)
}

/// The next signal, once it is quiet.
fn next(signals: &Receiver<Signal>) -> Signal {
    // A channel without senders, which cannot be while the watcher lives, ends the loop.
    let first = signals.recv().unwrap_or(Signal::Stop);
    let began = Instant::now();
    let mut last = first;
    while matches!(last, Signal::Changed) && began.elapsed() < PATIENCE {
        match signals.recv_timeout(QUIET) {
            Ok(signal) => last = signal,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return Signal::Stop,
        }
    }
    last
}

/// The files as they were read last.
struct State<'a> {
    check: &'a Check,
    linter: Linter,
    /// A file keeps its id for as long as it is there; what is gone leaves an empty text without a name.
    sources: Sources,
    ids: HashMap<String, SourceId>,
    /// Where each file stands among those of the call.
    ranks: HashMap<SourceId, usize>,
    unread: Vec<Found>,
    kept: Kept,
    is_terminal: bool,
}

impl<'a> State<'a> {
    fn new(check: &'a Check, linter: Linter) -> Self {
        Self {
            check,
            linter,
            sources: Sources::default(),
            ids: HashMap::new(),
            ranks: HashMap::new(),
            unread: Vec::new(),
            kept: Kept::default(),
            is_terminal: std::io::stdout().is_terminal(),
        }
    }

    /// Reads all files; says whether anything differs.
    fn read(&mut self) -> bool {
        let (files, missing) = input::collect(&self.check.rules.input, &self.check.rules.file_pattern);
        let (texts, unread) = input::read(&files, &Progress::hidden());
        let unread: Vec<Found> = missing.into_iter().chain(unread).map(setup::found).collect();
        let said =
            |found: &[Found]| found.iter().map(|one| one.diagnostic.message.clone()).collect::<Vec<_>>();
        let mut differs = said(&unread) != said(&self.unread);
        self.unread = unread;
        self.ranks.clear();
        let mut gone = std::mem::take(&mut self.ids);
        for (rank, text) in texts.into_iter().enumerate() {
            let id = match gone.remove(&text.name) {
                Some(id) => id,
                None => self.sources.add(SourceFile::new(text.name.clone(), String::new())),
            };
            self.ids.insert(text.name.clone(), id);
            self.ranks.insert(id, rank);
            if self.sources.get(id).is_none_or(|known| known.text != text.text) {
                self.sources.replace(id, text);
                self.kept.forget(id);
                differs = true;
            }
        }
        for id in gone.into_values() {
            self.sources.replace(id, SourceFile::new("", ""));
            self.kept.forget(id);
            differs = true;
        }
        differs
    }

    /// Checks and prints.
    fn check(&mut self) -> Result<Exit, Vec<Found>> {
        let mut outcome = self.linter.run_again(&self.sources, &mut self.kept);
        outcome.add(self.check.refusals(&self.sources)?);
        // Stable, so that those of one file stay in the order of its text.
        outcome.findings.sort_by_key(|finding: &Finding| self.ranks.get(&finding.source).copied());
        let known = self.check.baseline(&mut outcome, &self.sources)?;
        if self.is_terminal {
            // If the terminal is gone, what follows fails too and says so.
            let _ = write!(std::io::stdout().lock(), "{CLEAR}");
        }
        findings::print(&self.unread, Diagnostics::Text);
        let summary = output::Summary { outcome: &outcome, known, mended: Mended::default() };
        output::print(self.check, &summary, &self.sources).map_err(|found| vec![found])?;
        findings::say(Diagnostics::Text, &format!("watching {} files; Ctrl-C ends", self.ids.len()));
        Ok(self.check.exit(&outcome, !self.unread.is_empty()))
    }
}
