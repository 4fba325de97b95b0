//! Holds the laws and properties of correlations over as many random cases as one has time for.
//!
//! `correlate PROPERTY|all CASES [SEED]`: the first seed is 1,000,000, so that the cases of the tests are not repeated.
//! A case that breaks a property is made small and printed as a case of the corpus.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program of the tests")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sigyn_testkit::correlate::laws::{self, Law};
use sigyn_testkit::correlate::properties;
use sigyn_testkit::random::Random;

/// Broken cases beyond this are only counted.
const SHOWN_MAX: u64 = 3;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
    let all = laws::ALL.iter().chain(properties::ALL);
    let wanted: Vec<&Law> = match words.first().map(String::as_str) {
        Some("all") => all.collect(),
        Some(name) => all.filter(|law| law.name == name).collect(),
        None => Vec::new(),
    };
    let (Some(cases), false) = (number(1), wanted.is_empty()) else {
        println!("correlate PROPERTY|all CASES [SEED]\n");
        laws::ALL.iter().chain(properties::ALL).for_each(|law| println!("{:16} {}", law.name, law.about));
        return ExitCode::from(2);
    };
    let first = number(2).unwrap_or(1_000_000);
    let mut is_right = true;
    for law in wanted {
        is_right &= run(law, cases, first);
    }
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(law: &Law, cases: u64, first: u64) -> bool {
    let start = Instant::now();
    let (next, broken) = (AtomicU64::new(0), AtomicU64::new(0));
    let shown = Mutex::new(());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= cases {
                return;
            }
            let seed = first + at;
            if let Err(what) = (law.run)(&mut Random::from_seed(seed)) {
                let before = broken.fetch_add(1, Ordering::Relaxed);
                if law.holds && before < SHOWN_MAX {
                    let _guard = shown.lock().expect("a lock");
                    println!("{}, seed {seed}\n{what}\n", law.name);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        (0..threads).for_each(|_| {
            scope.spawn(work);
        });
    });
    let (broken, seconds) = (broken.into_inner(), start.elapsed().as_secs_f64());
    println!(
        "{:16} {cases} cases, {broken} broken{}, {:.0} cases/s",
        law.name,
        if law.holds { "" } else { " (some must be)" },
        cases as f64 / seconds
    );
    // What is known to be wrong must be found wrong, given enough cases.
    (broken == 0) == law.holds || (!law.holds && cases < 10_000)
}
