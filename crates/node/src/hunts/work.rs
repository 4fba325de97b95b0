//! The thread that works hunts off, one at a time and behind everything else.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sigyn_correlate::At;
use sigyn_engine::ClassId;
use sigyn_ir::ItemId;
use sigyn_runtime::live::{Gathering, Retro};
use sigyn_runtime::{Program, RunFile};
use sigyn_store::catalog::{Hunt, HuntKind, HuntProgress, HuntState, Split, SplitQuery};

use super::again::Reason;
use super::found::Found;
use super::scan::{Scan, Sink, Stored};
use crate::book::Book;
use crate::evidence::Explainer;
use crate::notice::Notice;
use crate::run::rest;
use crate::{Error, Node, Result, now};

/// How often it looks whether something is to be done.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often it says how far it is, and asks whether to go on; in nanoseconds.
const TELL_EVERY: i64 = 500_000_000;
/// By how much others go before, as `nice` counts it.
const NICE: i32 = 10;
/// What ends a hunt that somebody stopped.
const STOPPED: &str = "the hunt was stopped";

/// Works until it is told to stop. A hunt that is not done by then begins anew at the next start.
pub(crate) fn work(node: &Arc<Node>, stop: &AtomicBool) {
    step_back();
    while !stop.load(Ordering::Acquire) {
        match node.catalog().read(|view| view.next_hunt()) {
            Ok(Some(hunt)) => job(node, &hunt, stop),
            // The catalog is asked again.
            Ok(None) | Err(_) => rest(LOOK_EVERY, stop),
        }
    }
}

/// Lets all other threads go before.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // For a process this is the calling thread. If it may not, hunts take their share.
        let _ = rustix::process::setpriority_process(None, NICE);
    }
}

fn job(node: &Arc<Node>, hunt: &Hunt, stop: &AtomicBool) {
    let outcome = Job::new(node, hunt, stop).and_then(|mut job| job.run());
    let failure = match outcome {
        Ok(()) => None,
        // It was cancelled, or goes on after the next start.
        Err(_) if stop.load(Ordering::Acquire) || !is_running(node, hunt) => return,
        Err(error) => Some(error.told()),
    };
    if let Some(failure) = failure {
        // If even that cannot be written it is tried again.
        let ended = node.catalog().write(|tx| tx.end_hunt(hunt.id, now(), "", Some(&failure)));
        if ended.is_err() {
            rest(LOOK_EVERY, stop);
        }
    }
    node.notices().tell(&Notice::Hunts);
}

fn is_running(node: &Node, hunt: &Hunt) -> bool {
    let found = node.catalog().read(|view| view.hunt(hunt.id));
    found.is_ok_and(|found| found.is_some_and(|found| found.state == HuntState::Running))
}

/// A hunt at work.
struct Job<'j> {
    node: &'j Arc<Node>,
    hunt: &'j Hunt,
    stop: &'j AtomicBool,
    book: Arc<Book>,
    retro: Retro,
    progress: HuntProgress,
    said: i64,
    remarks: Vec<String>,
}

impl<'j> Job<'j> {
    fn new(node: &'j Arc<Node>, hunt: &'j Hunt, stop: &'j AtomicBool) -> Result<Self> {
        node.catalog().write(|tx| tx.begin_hunt(hunt.id, now()))?;
        node.notices().tell(&Notice::Hunts);
        let book = node.book();
        let rules = rules(&book, hunt)?;
        let program = program(&book, &rules)?;
        let retro = Retro::new(program, &rules, hunt.since..hunt.until);
        Ok(Self {
            node,
            hunt,
            stop,
            book,
            retro,
            progress: HuntProgress::default(),
            said: 0,
            remarks: Vec::new(),
        })
    }

    fn run(&mut self) -> Result<()> {
        let node = self.node;
        let seen_until = now();
        let end = node.log().end().0;
        let stop = self.stop;
        if !node.flushing().reach(end, &|| !stop.load(Ordering::Acquire)) && !stop.load(Ordering::Acquire) {
            self.remarks.push("the last events are not in the lake yet, and were not looked at".to_owned());
        }
        let _reading = node.reading().with_others();
        let feed = self.retro.feed();
        let query = SplitQuery { since: Some(feed.start), until: Some(feed.end), classes: Vec::new() };
        let mut splits = node.catalog().read(|view| view.splits(&query))?;
        // In the order of time results show early what is old, and the correlator's input is nearly sorted.
        splits.sort_by_key(|split| (split.first_ts, split.hour));
        self.progress.files.1 = splits.len() as u64;
        self.progress.events.1 = splits.iter().map(|split| split.rows).sum();
        self.say(true)?;

        let mut found = Found::new(Arc::clone(node), Arc::clone(&self.book), self.hunt.clone());
        let data = node.data().to_owned();
        let mut store = || tempfile::tempfile_in(&data).map(|file| Box::new(file) as Box<dyn RunFile>);
        let retro = std::mem::replace(&mut self.retro, Retro::new(Arc::clone(&self.book.program), &[], 0..0));
        let mut scan = Scan::new(&retro, Explainer::new(Arc::clone(&self.book)));
        let mut late = Vec::new();
        let outcome = {
            let mut work = |gathering: &mut Gathering<'_>| {
                for split in &splits {
                    self.split(&retro, &mut scan, split, gathering, &mut found).map_err(io::Error::other)?;
                }
                Ok(())
            };
            retro.run(seen_until, &mut store, &mut work, &mut |signal| late.push(signal))
        };
        let outcome = outcome.map_err(|error| Error::io("the hunt cannot go on", error))?;
        self.progress.events.0 = self.progress.events.1;
        self.say(true)?;
        found.hide(outcome.hidden);
        late.into_iter().for_each(|signal| found.late(&signal));
        found.write()?;
        for uid in outcome.degraded {
            let title = self.book.get(&uid).map_or(&*uid, |(_, item)| &item.meta().title);
            self.remarks.push(format!("`{title}` met more than it may hold: it may lack detections"));
        }
        let remarks = self.remarks.join("\n");
        node.catalog().write(|tx| tx.end_hunt(self.hunt.id, now(), &remarks, None))?;
        Ok(())
    }

    /// Looks through a file.
    fn split(
        &mut self,
        retro: &Retro,
        scan: &mut Scan<'_>,
        split: &Split,
        gathering: &mut Gathering<'_>,
        found: &mut Found,
    ) -> Result<()> {
        let before = self.progress.events.0;
        let looked = scan.split(self.node, split, &mut Taking { job: self, before, retro, gathering, found });
        match looked {
            Ok(()) => {}
            Err(error) if error.is_damaged() || error.is_missing() => {
                self.remarks.push(format!("{} was passed over: {error}", split.path));
                self.node.health().lake_damaged(format!("{}: {error}", split.path));
                self.node.notices().tell(&Notice::Storage);
            }
            Err(error) => return Err(error),
        }
        self.progress.files.0 += 1;
        self.progress.events.0 = before + split.rows;
        self.say(false)
    }

    /// Says how far it is, now and then.
    ///
    /// # Errors
    /// It is not to go on.
    fn say(&mut self, is_due: bool) -> Result<()> {
        let now = now();
        if self.stop.load(Ordering::Acquire) {
            return Err(Error::invalid(STOPPED));
        }
        if !is_due && now.saturating_sub(self.said) < TELL_EVERY {
            return Ok(());
        }
        self.said = now;
        let goes_on = self.node.catalog().write(|tx| tx.hunt_goes_on(self.hunt.id, &self.progress))?;
        self.node.notices().tell(&Notice::Hunts);
        if goes_on { Ok(()) } else { Err(Error::invalid(STOPPED)) }
    }
}

/// Takes what a file holds.
struct Taking<'t, 'j, 'g> {
    job: &'t mut Job<'j>,
    /// Events of the files before.
    before: u64,
    retro: &'t Retro,
    gathering: &'t mut Gathering<'g>,
    found: &'t mut Found,
}

impl Taking<'_, '_, '_> {
    fn after(&mut self) -> Result<()> {
        if self.found.is_full() {
            self.found.write()?;
        }
        Ok(())
    }
}

fn not_kept(error: io::Error) -> Error {
    Error::io("matches cannot be kept", error)
}

impl Sink for Taking<'_, '_, '_> {
    fn looked(&mut self, rows: u64) -> Result<()> {
        self.job.progress.events.0 = self.before + rows;
        self.job.say(false)
    }

    fn event(&mut self, at: &At, stored: Stored<'_>, class: Option<ClassId>, rules: &[ItemId]) -> Result<()> {
        let found = &mut *self.found;
        found.at_hand(at, stored.bytes);
        let tell = &mut |signal| found.add(&signal);
        self.gathering.event(at, stored.event, class, rules, tell).map_err(not_kept)?;
        self.after()
    }

    fn place(&mut self, at: &At, rule: ItemId, reason: &Reason) -> Result<()> {
        let found = &mut *self.found;
        if let Some(Some(pattern)) = reason.pattern.get()
            && let Some(id) = self.retro.id_alone(rule, at)
        {
            found.again(pattern, id, at);
            return self.after();
        }
        found.explained(&reason.matched);
        self.gathering.bare(at, rule, &mut |signal| found.first(&signal, at, reason)).map_err(not_kept)?;
        self.after()
    }

    fn counted(&mut self, rule: ItemId, events: u64) -> Result<()> {
        if let Some(uid) = self.retro.uid(rule) {
            self.found.count(&uid, None, events);
        }
        self.job.say(false)
    }

    fn wants_events(&self) -> bool {
        self.job.hunt.kind == HuntKind::BackFill
    }

    fn wants_numbers(&self) -> bool {
        self.found.is_truncated()
    }
}

/// The uids of the rules that a hunt is for; none for all.
fn rules(book: &Book, hunt: &Hunt) -> Result<Vec<String>> {
    let Some(chain) = &hunt.chain else {
        if let Some(gone) = hunt.rules.iter().find(|uid| book.find(uid).is_none()) {
            return Err(Error::missing(format!("there is no rule {gone} any more")));
        }
        return Ok(hunt.rules.clone());
    };
    if book.find(chain).is_none() {
        return Err(Error::missing(format!("there is no rule {chain} any more")));
    }
    let mut family = below(book, std::slice::from_ref(chain));
    let is_above = |uid: &String| below(book, std::slice::from_ref(uid)).contains(chain);
    family.extend(book.rules.iter().map(|rule| rule.uid.clone()).filter(is_above));
    let mut family: Vec<String> = family.into_iter().collect();
    family.sort();
    Ok(family)
}

/// Some rules and all that they read.
fn below(book: &Book, uids: &[String]) -> HashSet<String> {
    let (mut found, mut to_see) = (HashSet::new(), uids.to_vec());
    while let Some(uid) = to_see.pop() {
        let reads = book.find(&uid).and_then(|at| book.rules.get(at)).map(|rule| rule.reads.clone());
        if found.insert(uid) {
            to_see.extend(reads.unwrap_or_default());
        }
    }
    found
}

/// What is in force; with rules that are switched off, if they are asked for.
fn program(book: &Book, rules: &[String]) -> Result<Arc<Program>> {
    let needed = below(book, rules);
    let is_off = |rule: &crate::book::Rule| !rule.is_enabled && needed.contains(&rule.uid);
    if book.rules.iter().any(is_off) {
        return book.program_with(&needed).map(Arc::new);
    }
    Ok(Arc::clone(&book.program))
}
