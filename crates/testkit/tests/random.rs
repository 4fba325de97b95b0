//! Random rules against random events: the engine under every strategy says what the evaluator says.
//!
//! `cargo run --release -p sigyn-testkit --example agree -- random 10000000` runs the same at any length.

use serde_json::json;
use sigyn_engine::LogSources;
use sigyn_testkit::agree::Counts;
use sigyn_testkit::matching;
use sigyn_testkit::random::{self, Alphabet, Random};
use sigyn_testkit::shrink::Round;

fn round(seed: u64) -> Round {
    let mut random = Random::from_seed(seed);
    let alphabet = Alphabet::choose(&mut random);
    let mut rules: Vec<_> = (0..40).map(|_| random::rule(&alphabet, &mut random)).collect();
    rules.iter_mut().enumerate().for_each(|(at, rule)| rule["title"] = json!(format!("random {at}")));
    let events = (0..25).map(|_| random::event(&alphabet, &mut random)).collect();
    Round { rules, events }
}

#[test]
fn the_engine_agrees_with_the_evaluator() {
    let sources = LogSources::built_in().expect("the table of log sources");
    let ways = matching::configs();
    let mut total = Counts::default();
    for seed in 0..40 {
        let round = round(seed);
        match round.run(&sources, &ways, true) {
            Ok(counts) => total += counts,
            Err(found) => {
                let small = round.shrink(&|round| round.run(&sources, &ways, true).is_err());
                let found = small.run(&sources, &ways, true).err().unwrap_or(found);
                panic!("seed {seed}\n{}", small.as_case(&found));
            }
        }
    }
    let share = total.matches * 100 / total.pairs;
    println!("{total:?}, {share} % match");
    assert!(total.pairs > 30_000, "most rules load: {total:?}");
    assert!((20..=60).contains(&share), "{share} % match: too few or too many to tell much");
}
