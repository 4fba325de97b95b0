//! Random rules against random events: the engine under every strategy says what the evaluator says.
//!
//! `cargo run --release -p sigyn-testkit --example agree -- random 10000000` runs the same at any length.

use serde_json::json;
use sigyn_engine::{Base64Case, Config, LogSources, Routing};
use sigyn_testkit::agree::Counts;
use sigyn_testkit::matching;
use sigyn_testkit::random::{self, Random};
use sigyn_testkit::shrink::Round;

#[test]
fn the_engine_agrees_with_the_evaluator() {
    let sources = LogSources::built_in().expect("the table of log sources");
    let ways = matching::configs();
    let mut total = Counts::default();
    for seed in 0..40 {
        let round = random::round(&mut Random::from_seed(seed), 40, 25);
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

/// The comparison itself can fail: an engine that takes encoded text without regard to case is found out, by one rule and
/// one event.
#[test]
fn a_difference_is_found_and_made_small() {
    let sources = LogSources::built_in().expect("the table of log sources");
    let config =
        Config { routing: Routing::AllRules, base64_case: Base64Case::Insensitive, ..Config::standard() };
    let ways = [("insensitive", config)];
    let differs = |round: &Round| round.run(&sources, &ways, false).is_err();
    let rule = json!({
        "title": "random 0",
        "logsource": { "category": "test" },
        "detection": { "x": { "a|base64offset|contains": ["foo", "bar"] }, "y": { "b": "c" }, "condition": "x or (y)" },
    });
    let events = vec![json!({ "a": "Zm9v" }), json!({ "a": ["x", "zM9V"], "b": "d" })];
    let round = Round { rules: vec![json!({ "title": "no rule" }), rule], events };
    let small = round.shrink(&differs);
    assert_eq!((small.rules.len(), small.events.len()), (1, 1), "{small:?}");
    assert!(small.text().len() < 140 && small.events[0].to_string().len() < 20, "{small:?}");
    let found = small.run(&sources, &ways, false).expect_err("still differs");
    let case = matching::cases(&format!("\n{}", small.as_case(&found))).expect("a case");
    assert_eq!((case.len(), case[0].events.len()), (1, 1));
    assert!(matching::run(&case[0]).is_empty(), "the case holds in the engine as it is: {}", case[0].rule);
}
