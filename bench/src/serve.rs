//! The server under load: a process with all of SigmaHQ's rules takes events through `_bulk`, from one process with several
//! connections, on the same cores. What counts is what is acknowledged, that is on disk, and has been through detection.

mod load;
mod sender;
mod server;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::load::{Load, Mix, PER_REQUEST, Recorded};
use self::sender::Sender;
pub(crate) use self::server::Server;
use crate::report::{Table, grouped, mebibytes};
use crate::{inputs, process};

/// How long a load lasts unless the call says otherwise.
pub(crate) const SECONDS: usize = 60;
/// One as fast as it goes lasts no longer: what is acknowledged is some times what detection gets through, which has to be waited
/// for, and takes 400 MB of disk a second.
const FULL_SECONDS_MAX: usize = 15;
const CONNECTIONS: usize = 8;
/// A marked event comes every so many requests of a connection, to time its signal.
const MARK_EVERY: u64 = 10;
/// How long what was acknowledged may need to get through detection.
const DRAIN_MAX: Duration = Duration::from_secs(120);
/// How often a page asks again for what it shows while more changes than it is told.
const ASK_EVERY: Duration = Duration::from_secs(1);
const MARK: &str = "sigyn-bench-mark-";
const MARK_RULE: &str = "title: Mark of the benchmark\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e00ff\nlogsource:\n  category: process_creation\n  \
                         product: windows\ndetection:\n  sel:\n    CommandLine|startswith: 'sigyn-bench-mark-'\n  condition: sel\nlevel: low\n";
const MARK_ID: &str = "5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e00ff";

/// What one load has shown.
struct Outcome {
    acknowledged: u64,
    refused: u64,
    wall: Duration,
    detected: u64,
    backlog: u64,
    drained: Duration,
    processor: Duration,
    peak: u64,
    stored: u64,
    /// From before a request with a mark was sent until its signal was told, in order.
    latencies: Vec<Duration>,
    marks: usize,
}

/// All loads, or those of one mix: `usual` or `attack`.
pub(crate) fn run(seconds: usize, only: Option<&str>) -> Result<Vec<Table>> {
    let (Some(inputs), Some(sigmahq)) = (inputs::prepare()?, crate::data("sigmahq")) else {
        return Ok(Vec::new());
    };
    let sigyn = process::sigyn()?;
    let marks = crate::workspace().join("target/bench-serve-rules");
    std::fs::create_dir_all(&marks)?;
    std::fs::write(marks.join("mark.yml"), MARK_RULE)?;
    let mut rules: Vec<PathBuf> = crate::matching::RULES.iter().map(|name| sigmahq.join(name)).collect();
    let distinct = inputs.logs.iter().find(|log| log.name == "flat-distinct");
    let recorded = Recorded::read(&distinct.context("there is an input of distinct events")?.path, &rules)?;
    rules.push(marks);
    let duration = Duration::from_secs(seconds as u64);
    let full_seconds = seconds.min(FULL_SECONDS_MAX);
    let full_duration = Duration::from_secs(full_seconds as u64);
    let mut table = Table::new(
        format!(
            "Serving: {seconds} s of events ({full_seconds} s of as many as go) through _bulk, {CONNECTIONS} connections, {PER_REQUEST} events a request"
        ),
        &[
            "load",
            "acknowledged/s",
            "through detection/s",
            "backlog at the end",
            "drained in",
            "signals after p50",
            "p99",
            "largest resident set",
            "processor time",
        ],
    );
    if only.is_none_or(|only| only == "usual") {
        let usual = recorded.load(Mix::Usual);
        note(&mut table, "usual", &usual);
        let full = measure(&sigyn, &rules, &usual, full_duration, None)?;
        row(&mut table, "usual, as fast as it goes", &full);
        let rate = full.detected as f64 / full.wall.as_secs_f64();
        let half = measure(&sigyn, &rules, &usual, duration, Some(rate / 2.0))?;
        row(&mut table, "usual, half of that", &half);
    }
    if only.is_none_or(|only| only == "attack") {
        let attack = recorded.load(Mix::Attack);
        note(&mut table, "attack", &attack);
        let flood = measure(&sigyn, &rules, &attack, full_duration, None)?;
        row(&mut table, "attack, as fast as it goes", &flood);
    }
    table.note(
        "Sender and server share the machine's cores; each request is synced to disk before it is answered.",
    );
    table.note("Through detection: up to the end of the load, what was still to do left out. Signals are timed from before their request is sent until the stream of changes tells them, which gathers changes for 250 ms.");
    Ok(vec![table])
}

fn note(table: &mut Table, name: &str, load: &Load) {
    table.note(format!(
        "{name}: {} distinct events of {} bytes, over and over; {} of them match a rule",
        grouped(load.events as f64),
        load.bytes / load.events.max(1),
        grouped(load.matching as f64)
    ));
}

fn row(table: &mut Table, name: &str, outcome: &Outcome) {
    let per_second = |count: u64| grouped(count as f64 / outcome.wall.as_secs_f64());
    let share = |share: f64| {
        let at = (outcome.latencies.len() as f64 * share) as usize;
        let latency = outcome.latencies.get(at.min(outcome.latencies.len().saturating_sub(1)));
        latency.map_or_else(|| "-".to_owned(), |latency| format!("{:.2} s", latency.as_secs_f64()))
    };
    table.row([
        name.to_owned(),
        per_second(outcome.acknowledged),
        per_second(outcome.detected),
        grouped(outcome.backlog as f64),
        format!("{:.1} s", outcome.drained.as_secs_f64()),
        share(0.5),
        share(0.99),
        mebibytes(outcome.peak),
        format!("{:.1} s", outcome.processor.as_secs_f64()),
    ]);
    table.note(format!(
        "{name}: {} requests refused; {} of {} marked events had their signal; {} on disk",
        outcome.refused,
        outcome.latencies.len(),
        outcome.marks,
        mebibytes(outcome.stored)
    ));
}

/// A load under way: what its threads share.
struct Course<'l> {
    server: &'l Server,
    load: &'l Load,
    /// Events per second; none for as many as are acknowledged.
    rate: Option<f64>,
    start: Instant,
    duration: Duration,
    /// Which body is sent next.
    next: AtomicUsize,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    /// When each mark was sent.
    marks: Mutex<HashMap<u64, Instant>>,
    /// When each signal was told.
    told: Mutex<HashMap<String, Instant>>,
    is_over: AtomicBool,
}

/// Puts a load on a new server.
fn measure(
    sigyn: &Path,
    rules: &[PathBuf],
    load: &Load,
    duration: Duration,
    rate: Option<f64>,
) -> Result<Outcome> {
    let server = Server::start(sigyn, rules)?;
    let before = server.processor();
    let course = Course {
        server: &server,
        load,
        rate,
        start: Instant::now(),
        duration,
        next: AtomicUsize::new(0),
        acknowledged: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        marks: Mutex::default(),
        told: Mutex::default(),
        is_over: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| course.listen());
        let outcome = course.run(scope, before);
        course.is_over.store(true, Ordering::Release);
        outcome
    })
}

impl Course<'_> {
    fn run<'s>(&'s self, scope: &'s std::thread::Scope<'s, '_>, before: Duration) -> Result<Outcome> {
        let senders: Vec<_> =
            (0..CONNECTIONS as u64).map(|number| scope.spawn(move || self.send(number))).collect();
        for sender in senders {
            sender.join().map_err(|_| anyhow::anyhow!("a sender has failed"))??;
        }
        let wall = self.start.elapsed();
        let (end, detected) = self.server.positions()?;
        let processor = self.server.processor().saturating_sub(before);
        let drained = self.drain()?;
        // The last signals are told a moment later.
        std::thread::sleep(Duration::from_secs(2));
        let latencies = self.latencies()?;
        Ok(Outcome {
            acknowledged: self.acknowledged.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            wall,
            detected: detected.saturating_sub(1),
            backlog: end.saturating_sub(detected),
            drained,
            processor,
            peak: self.server.peak(),
            stored: self.server.stored(),
            latencies,
            marks: self.marks.lock().unwrap_or_else(PoisonError::into_inner).len(),
        })
    }

    /// Sends requests over one connection until time is up.
    fn send(&self, number: u64) -> Result<()> {
        let mut sender = Sender::connect(&self.server.address, &self.server.key)?;
        let mut sent = 0;
        while self.start.elapsed() < self.duration {
            if let Some(rate) = self.rate {
                let due = (sent * CONNECTIONS as u64 + number) as f64 * PER_REQUEST as f64 / rate;
                let due = self.start + Duration::from_secs_f64(due);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let at = self.next.fetch_add(1, Ordering::Relaxed) % self.load.bodies.len().max(1);
            let body = self.load.bodies.get(at).context("there are events")?;
            let mut mark = Vec::new();
            if sent.is_multiple_of(MARK_EVERY) {
                let id = number << 32 | sent;
                mark = marked(id);
                self.marks.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Instant::now());
            }
            match sender.send(&[body, &mark])? {
                200 => _ = self.acknowledged.fetch_add(PER_REQUEST as u64, Ordering::Relaxed),
                429 | 503 => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(100));
                }
                status => bail!("a request is answered with {status}"),
            }
            sent += 1;
        }
        Ok(())
    }

    /// Waits until detection has seen everything.
    fn drain(&self) -> Result<Duration> {
        let start = Instant::now();
        loop {
            let (end, detected) = self.server.positions()?;
            if detected >= end {
                return Ok(start.elapsed());
            }
            if start.elapsed() > DRAIN_MAX {
                bail!("{} events are still to be looked at", end - detected);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Notes when each signal is told, until it is over.
    fn listen(&self) {
        let mut asked = self.start;
        while !self.is_over.load(Ordering::Acquire) {
            let Ok(lines) = self.server.stream() else { return };
            for line in lines.map_while(std::result::Result::ok) {
                let now = Instant::now();
                let changes =
                    line.strip_prefix("data:").and_then(|data| serde_json::from_str::<Value>(data).ok());
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                for signal in changes.iter().filter_map(|changes| changes["signals"].as_array()).flatten() {
                    if let Some(id) = signal["id"].as_str() {
                        told.entry(id.to_owned()).or_insert(now);
                    }
                }
                let is_partial = changes.is_some_and(|changes| changes["is_partial"] == true);
                if is_partial && asked.elapsed() > ASK_EVERY {
                    asked = now;
                    self.ask(&mut told);
                }
                if self.is_over.load(Ordering::Acquire) {
                    return;
                }
            }
        }
    }

    /// Asks for the newest marks, as a page does for what it shows when it was not told everything.
    fn ask(&self, told: &mut HashMap<String, Instant>) {
        let path = format!("/api/v1/signals?rule={MARK_ID}&sort=newest&limit=200");
        let Ok(page) = self.server.json(&path) else { return };
        let now = Instant::now();
        for id in page["items"].as_array().into_iter().flatten().filter_map(|signal| signal["id"].as_str()) {
            told.entry(id.to_owned()).or_insert(now);
        }
    }

    /// How long each marked event took until its signal was told, the shortest first. One that never was is left out, and
    /// missing in the number of them.
    fn latencies(&self) -> Result<Vec<Duration>> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.server.json(&format!("/api/v1/signals?limit=1000&rule={MARK_ID}{cursor}"))?;
            for signal in page["items"].as_array().into_iter().flatten() {
                let id = signal["id"].as_str().unwrap_or_default();
                let detail = self.server.json(&format!("/api/v1/signals/{id}"))?;
                let line = detail["evidence"][0]["event"]["CommandLine"].as_str().unwrap_or_default();
                let mark = line.strip_prefix(MARK).and_then(|number| number.parse::<u64>().ok());
                let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                if let (Some(sent), Some(told)) = (mark.and_then(|mark| marks.get(&mark)), told.get(id)) {
                    found.push(told.saturating_duration_since(*sent));
                }
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn marked(id: u64) -> Vec<u8> {
    format!(
        "{{\"create\":{{\"_index\":\"winlogbeat\"}}}}\n{{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\
         \"Provider_Name\":\"Microsoft-Windows-Sysmon\",\"Computer\":\"bench\",\"Image\":\"C:\\\\bench.exe\",\"CommandLine\":\"{MARK}{id}\"}}\n"
    )
    .into_bytes()
}
