//! Live equals hunt: real rules through the engine and the driver, events in every order, with crashes, copies, threads and
//! changes of rules; the result is held against `hunt` over the same events.
//!
//! Each property runs over some dozens of random cases; `SIGYN_LIVE_CASES` sets how many.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod arrivals;
mod changes;
mod crashes;
mod web;
mod world;

/// Runs a property over random cases, each with a seed.
fn cases(run: fn(&mut world::Random)) {
    let count = std::env::var("SIGYN_LIVE_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    for seed in 0..count {
        // A failure names its case.
        eprintln!("case {seed}");
        run(&mut world::Random(seed));
    }
}
