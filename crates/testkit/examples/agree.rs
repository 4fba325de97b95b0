//! Holds the engine under every strategy against the reference evaluator, for as long as it takes.
//!
//! `agree random PAIRS [SEED]`: that many pairs of random rules and events. The first seed is 1,000,000, so that the
//! rounds of the tests are not repeated; what was run and where it differs is printed, made small, as a case of
//! the corpus.
//!
//! `agree recorded [all | N]`: SigmaHQ's active rules over the recordings beside the repository. Every event meets every
//! rule with everything on, and one other strategy in turn, each both over all rules and by log source; an event of a new kind
//! (channel, event id, keys), or with `all` every event, meets all strategies. With a number only every n-th event
//! is taken, and those of a new kind.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program of the tests")]

use std::collections::HashSet;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use sigyn_engine::LogSources;
use sigyn_event::Event;
use sigyn_ir::{ItemId, RuleSet};
use sigyn_readers::{Decoder, Reader, Step, Unread};
use sigyn_testkit::agree::{Counts, Trial, Ways};
use sigyn_testkit::random::{self, Random};
use sigyn_testkit::{matching, recorded};

/// Differences beyond this are only counted.
const SHOWN_MAX: u64 = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
    let differences = match words.first().map(String::as_str) {
        Some("random") => over_random(number(1).unwrap_or(1_000_000), number(2).unwrap_or(1_000_000)),
        Some("recorded") => {
            let every_way = words.get(1).is_some_and(|word| word == "all");
            over_recorded(every_way, number(1).unwrap_or(1).max(1))
        }
        _ => {
            println!("agree random PAIRS [SEED] | agree recorded [all | N]");
            return ExitCode::from(2);
        }
    };
    if differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn print(what: &str, counts: Counts, differences: u64, start: Instant) {
    let Counts { events, pairs, matches, verdicts } = counts;
    println!(
        "{what}: {events} events, {pairs} pairs of rule and event ({:.1} % match), {verdicts} verdicts of the \
         engine, {differences} differences, {:.0} s",
        matches as f64 * 100.0 / pairs.max(1) as f64,
        start.elapsed().as_secs_f64()
    );
}

fn over_random(pairs: u64, first: u64) -> u64 {
    let start = Instant::now();
    let sources = LogSources::built_in().expect("the table of log sources");
    let ways = matching::configs();
    let (seed, differences) = (AtomicU64::new(first), AtomicU64::new(0));
    let total = Mutex::new(Counts::default());
    let done = || total.lock().expect("a count").pairs >= pairs || differences.load(Ordering::Relaxed) > 3;
    let work = || {
        while !done() {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            let round = random::round(&mut Random::from_seed(seed), 200, 150);
            match round.run(&sources, &ways, true) {
                Ok(counts) => *total.lock().expect("a count") += counts,
                Err(found) => {
                    differences.fetch_add(1, Ordering::Relaxed);
                    let small = round.shrink(&|round| round.run(&sources, &ways, true).is_err());
                    let found = small.run(&sources, &ways, true).err().unwrap_or(found);
                    println!("seed {seed}\n{}\n", small.as_case(&found));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        (0..threads()).for_each(|_| {
            scope.spawn(work);
        });
    });
    let (counts, differences) = (*total.lock().expect("a count"), differences.into_inner());
    print(&format!("seeds {first} to {}", seed.into_inner() - 1), counts, differences, start);
    differences
}

/// What the threads share.
struct Recorded<'r> {
    set: &'r RuleSet,
    ways: &'r Ways<'r>,
    logs: Vec<PathBuf>,
    next: AtomicUsize,
    shapes: Mutex<HashSet<u64>>,
    differences: AtomicU64,
    every_way: bool,
    /// One of how many events is taken.
    step: u64,
    met: AtomicU64,
    /// How many strategies there are for each of the two kinds of routing.
    half: usize,
}

fn over_recorded(every_way: bool, step: u64) -> u64 {
    let start = Instant::now();
    let Some(data) = recorded::folder() else {
        println!("skipped: no data beside the repository");
        return 0;
    };
    let set = recorded::rules(&data).expect("the rules");
    let sources = LogSources::built_in().expect("the table of log sources");
    let mut configs = matching::configs();
    let half = configs.len();
    configs.extend(matching::routed_configs());
    let ways = Ways::new(&set, &sources, &configs).expect("all strategies refuse the same rules");
    println!("{} rules, {} refused, {} strategies", set.items.len(), ways.refused().len(), ways.len());
    let shared = Recorded {
        set: &set,
        ways: &ways,
        logs: recorded::logs(&data).expect("the recordings"),
        next: AtomicUsize::new(0),
        shapes: Mutex::default(),
        differences: AtomicU64::new(0),
        every_way,
        step,
        met: AtomicU64::new(0),
        half,
    };
    let total = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| *total.lock().expect("a count") += shared.work(start));
        }
    });
    let differences = shared.differences.load(Ordering::Relaxed);
    let kinds = shared.shapes.lock().expect("shapes").len();
    println!("{} files, {} events of {} kinds", shared.logs.len(), shared.met.into_inner(), kinds);
    print("recorded", *total.lock().expect("a count"), differences, start);
    differences
}

impl Recorded<'_> {
    fn work(&self, start: Instant) -> Counts {
        let mut trial = Trial::new(self.ways).expect("the evaluator refuses the same rules");
        let mut decoder = Decoder::new(None);
        while let Some(path) = self.logs.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let file = std::fs::File::open(path).expect("a recording");
            for step in Reader::new(path.display().to_string(), BufReader::new(file)) {
                match step {
                    Step::Batch(batch) => {
                        decoder.decode(&batch, &mut |_, event| {
                            self.compare(&mut trial, event);
                            true
                        });
                    }
                    Step::Unread(Unread { path, why }) => println!("{path}: not read: {why}"),
                }
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if trial.counts.events > 0 {
                let seconds = start.elapsed().as_secs();
                eprintln!("{seconds} s: {} events by this thread, behind {name}", trial.counts.events);
            }
        }
        trial.counts
    }

    fn compare(&self, trial: &mut Trial<'_>, event: Event<'_>) {
        let is_new = self.shapes.lock().expect("shapes").insert(recorded::shape(event));
        if !self.met.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.step) && !is_new {
            return;
        }
        let turn = usize::try_from(trial.counts.events).unwrap_or(0) % self.half;
        let wanted = |way: usize| {
            let way = way % self.half;
            self.every_way || is_new || way == 0 || way == turn
        };
        if let Err(difference) = trial.event(event, &wanted)
            && self.differences.fetch_add(1, Ordering::Relaxed) < SHOWN_MAX
        {
            let ItemId(at) = difference.rule;
            let title = self.set.items.get(at as usize).map_or("", |item| item.meta().title.as_str());
            let mut text = String::new();
            event.write_json(&mut text);
            println!("{}, {title}: must match: {}\n{text}", difference.strategy, difference.expected);
        }
    }
}
