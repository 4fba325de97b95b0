//! A running Sigyn: rules, the event log and the catalog of one data folder, and what happens between them.
//!
//! | module | what it does |
//! |---|---|
//! | [`book`] | rule folders as they are now: what is in force, what is refused and why |
//! | `ingest` | events in, acknowledged when they are on disk |
//! | `pipeline` | one thread from the event log to signals |
//! | [`evidence`] | what a signal rests on |
//! | [`respond`] | whom to tell of signals, whom to block |
//! | [`hunts`] | hunts over the lake, as they are ordered |
//! | `flush` | one thread from the event log to the lake |
//! | `upkeep` | one thread that keeps the lake in order and lets closed signals go |
//! | [`storage`] | what is stored, for how long, and what of it is damaged |
//! | [`backup`] | a copy of the catalog while work goes on |
//! | [`notice`] | who wants to know is told of signals, sources and rules as they change |
//!
//! This crate owns the clock, the threads, the files and the sockets of `sigyn serve`. It serves no HTTP: `sigyn-server`
//! does, on top of it. Everything here is synchronous; nothing waits in a queue without a bound.

pub mod backup;
mod body;
pub mod book;
mod clock;
mod decode;
mod entities;
mod error;
mod events;
pub mod evidence;
mod files;
mod flush;
pub mod hunts;
mod ingest;
pub mod notice;
mod past;
mod pipeline;
pub mod respond;
mod run;
mod sources;
pub mod storage;
mod syslog;
mod tail;
mod tally;
mod telling;
mod upkeep;
mod watch;
mod weigh;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use sigyn_correlate::Id as Hash;
use sigyn_store::catalog::{Catalog, NewAudit};
use sigyn_store::lake::{self, Lake};
use sigyn_store::wal::{Log, Position, Report, Settings as LogSettings};
use sigyn_store::{Id, LocalDisk};

pub use clock::now;
pub use error::{Error, Result};
pub use ingest::{Given, Taken};
pub use run::Running;
pub use sigyn_runtime::live::Lateness;
pub use tally::Tally;
pub use weigh::Cost;

use book::Book;
use notice::Notices;
use respond::Respond;
use sources::Sources;

/// What a node is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything is kept.
    pub data: PathBuf,
    /// Rule files and folders.
    pub rules: Vec<PathBuf>,
    /// Log files to follow.
    pub tail: Vec<PathBuf>,
    /// Where to take syslog, over UDP and TCP.
    pub syslog: Vec<SocketAddr>,
    /// The socket of the helper that blocks addresses, if there is one.
    pub blocker: Option<PathBuf>,
    /// How late events may come and still be in time (E9): when results are known, not what they are.
    pub lateness: Lateness,
    /// Any number that senders of events cannot know: it salts checksums.
    pub salt: u64,
}

/// How soon a node does what can wait: taking events over into the lake, and keeping that in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Events are taken over together up to so many bytes; it takes about four times that in memory meanwhile.
    pub batch_bytes: usize,
    /// Events wait for others for so long, in nanoseconds: small files cost more to read.
    pub batch_after: i64,
    /// What stays of the log although everybody has it, in bytes: it tells copies of events after a restart, and shows evidence
    /// at once.
    pub log_bytes_min: u64,
    /// How often the lake is put in order, and how soon after the start for the first time.
    pub upkeep: (Duration, Duration),
}

impl Pace {
    /// As servers do.
    pub fn standard() -> Self {
        Self {
            batch_bytes: 32 << 20,
            batch_after: 60 * 1_000_000_000,
            log_bytes_min: 128 << 20,
            upkeep: (Duration::from_secs(600), Duration::from_secs(60)),
        }
    }

    /// All the time: for tests of what a crash in the middle of it leaves.
    pub fn restless() -> Self {
        Self {
            batch_bytes: 1 << 20,
            batch_after: 20_000_000,
            log_bytes_min: 0,
            upkeep: (Duration::from_millis(100), Duration::from_millis(100)),
        }
    }
}

impl Settings {
    /// A data folder and nothing else: no rules, no inputs.
    pub fn of(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            rules: Vec::new(),
            tail: Vec::new(),
            syslog: Vec::new(),
            blocker: None,
            lateness: Lateness::standard(),
            salt: 0,
        }
    }
}

/// A running node. It is shared by all threads.
pub struct Node {
    settings: Settings,
    pace: Pace,
    catalog: Catalog,
    log: Log,
    lake: Lake,
    health: storage::Health,
    flushing: flush::Flushing,
    copying: backup::Copying,
    reading: Reading,
    book: RwLock<Arc<Book>>,
    notices: Notices,
    started: i64,
    opened: Report,
    rule_states: RwLock<HashMap<String, RuleState>>,
    sources: Sources,
    respond: Respond,
    batches: AtomicU64,
    detected: AtomicU64,
    failure: Mutex<Option<String>>,
    rebuilt: Mutex<Option<String>>,
}

/// What a rule has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleState {
    /// Events or detections that matched since the node started.
    pub matches: u64,
    /// When its last signal happened.
    pub last: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
    /// What it takes.
    pub cost: Cost,
}

/// Who reads the lake.
#[derive(Debug, Default)]
pub(crate) struct Reading(RwLock<()>);

impl Reading {
    /// While this is held no file of the lake is removed.
    pub(crate) fn with_others(&self) -> RwLockReadGuard<'_, ()> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files may be removed while this is held; none if somebody reads.
    pub(crate) fn alone(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        self.0.try_write().ok()
    }
}

impl Node {
    /// Opens a data folder, or makes one, and reads the rules. Broken rules are no error: they are in the book.
    ///
    /// # Errors
    /// If another process has the folder, a newer version wrote it, a rule folder is not there, or the disk says so.
    pub fn open(settings: Settings) -> Result<Self> {
        Self::open_with(settings, Pace::standard())
    }

    /// As [`open`](Self::open), at another pace.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(settings: Settings, pace: Pace) -> Result<Self> {
        // Others have no business there: it holds what was logged, and secrets of channels.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.data)
            .map_err(|error| Error::io(format!("{} cannot be made", settings.data.display()), error))?;
        let wal = settings.data.join("wal");
        let (log, opened) = Log::open(Arc::new(LocalDisk), &wal, LogSettings::standard(settings.salt))?;
        let catalog = Catalog::open(&settings.data.join("catalog.db"))?;
        let book = Book::read(&settings.rules, &catalog)?;
        let respond = Respond::open(&catalog, settings.blocker.clone())?;
        let started = now();
        // Files of the lake never get a name twice: another start is at another time, or has another salt.
        let run = Hash::of(&[b"lake", &started.to_le_bytes(), &settings.salt.to_le_bytes()]);
        let folder = settings.data.join("lake");
        let lake = Lake::open(Arc::new(LocalDisk), &folder, lake::Settings::standard(), Id(run.0))?;
        let health = storage::Health::default();
        opened.damages.iter().for_each(|damage| health.log_damaged(damage));
        Ok(Self {
            settings,
            pace,
            catalog,
            log,
            lake,
            health,
            flushing: flush::Flushing::default(),
            copying: backup::Copying::default(),
            reading: Reading::default(),
            book: RwLock::new(Arc::new(book)),
            notices: Notices::default(),
            started,
            opened,
            rule_states: RwLock::default(),
            sources: Sources::default(),
            respond,
            batches: AtomicU64::new(0),
            detected: AtomicU64::new(0),
            failure: Mutex::default(),
            rebuilt: Mutex::default(),
        })
    }

    /// What it was told when it started.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where everything is kept.
    pub fn data(&self) -> &Path {
        &self.settings.data
    }

    /// Everything that changes.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The events as they came.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The events by log source and hour.
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    pub(crate) fn health(&self) -> &storage::Health {
        &self.health
    }

    /// Who reads the lake, so that no file goes away between being listed and being opened.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    pub(crate) fn flushing(&self) -> &flush::Flushing {
        &self.flushing
    }

    pub(crate) fn copying(&self) -> &backup::Copying {
        &self.copying
    }

    /// Damaged places of the event log that were met since the node started, or found when it was opened.
    pub fn log_damage(&self) -> u64 {
        self.health.log_damage()
    }

    /// What was found when the event log was opened.
    pub fn opened(&self) -> &Report {
        &self.opened
    }

    /// Since when it runs, in nanoseconds UTC.
    pub fn started(&self) -> i64 {
        self.started
    }

    /// The rules as they are now.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who wants to know what changes.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Whom to tell of signals, whom to block.
    pub fn respond(&self) -> &Respond {
        &self.respond
    }

    /// What a rule has done since the node started.
    pub fn rule_state(&self, uid: &str) -> RuleState {
        let states = self.rule_states.read().unwrap_or_else(PoisonError::into_inner);
        states.get(uid).cloned().unwrap_or_default()
    }

    pub(crate) fn set_rule_states(&self, states: HashMap<String, RuleState>) {
        *self.rule_states.write().unwrap_or_else(PoisonError::into_inner) = states;
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(crate) fn next_batch(&self) -> u64 {
        self.batches.fetch_add(1, Ordering::Relaxed)
    }

    /// The position behind the last event that has been through detection, signals written. What lies between it and the end
    /// of the event log is still to do.
    pub fn detected(&self) -> Position {
        Position(self.detected.load(Ordering::Acquire))
    }

    pub(crate) fn set_detected(&self, position: Position) {
        self.detected.store(position.0, Ordering::Release);
    }

    /// Why detection does not go on, if it does not. Events are still taken.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_failure(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Why the state of detection is made anew from the event log, if it is: that of the last run could not be read.
    pub fn rebuilt(&self) -> Option<String> {
        self.rebuilt.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that it is, here and in the audit trail.
    pub(crate) fn rebuild_state(&self, why: String) -> Result<()> {
        let detail = serde_json::json!({ "why": why }).to_string();
        let entry = NewAudit {
            at: now(),
            who: "sigyn",
            client: "",
            action: "state.rebuild",
            target: "detection",
            detail: &detail,
        };
        self.catalog.write(|tx| tx.record(&entry))?;
        *self.rebuilt.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        Ok(())
    }

    /// How many events per second a source has sent in the last minute.
    pub fn rate(&self, source: &str) -> f64 {
        self.sources.rate(source, now())
    }

    /// Reads the rule folders again. What is broken is refused rule by rule; the rest goes on.
    ///
    /// # Errors
    /// If a folder is not there any more: then the rules stay as they are.
    pub fn reload(&self) -> Result<Arc<Book>> {
        let book = Arc::new(Book::read(&self.settings.rules, &self.catalog)?);
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book);
        self.notices.tell(&notice::Notice::Rules);
        self.fill_back()?;
        Ok(book)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("settings", &self.settings).finish_non_exhaustive()
    }
}
