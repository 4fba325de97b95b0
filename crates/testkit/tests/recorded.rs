//! SigmaHQ's rules over some recorded events: the engine says what the evaluator says.
//!
//! Runs where the shared data lies beside the repository, over an event of each kind in a few recordings.
//! `cargo run --release -p sigyn-testkit --example agree -- recorded` takes all recordings.

use std::collections::HashSet;

use sigyn_engine::LogSources;
use sigyn_readers::{Decoder, Reader, Step};
use sigyn_testkit::agree::{Trial, Ways};
use sigyn_testkit::{matching, recorded};

#[test]
fn recorded_events_match_alike() {
    let Some(data) = recorded::folder() else {
        eprintln!("skipped: no data beside the repository");
        return;
    };
    let set = recorded::rules(&data).expect("the rules");
    let sources = LogSources::built_in().expect("the table of log sources");
    let is_chosen = |name: &str| matches!(name, "all on" | "all off");
    let mut configs = matching::configs();
    configs.extend(matching::routed_configs());
    configs.retain(|(name, _)| is_chosen(name));
    let ways = Ways::new(&set, &sources, &configs).expect("all strategies refuse the same rules");
    let mut trial = Trial::new(&ways).expect("the evaluator refuses the same rules");
    let mut decoder = Decoder::new(None);
    let mut shapes = HashSet::new();
    for path in recorded::logs(&data).expect("the recordings").iter().skip(20).step_by(20) {
        let bytes = std::io::Cursor::new(std::fs::read(path).expect("a recording"));
        for step in Reader::new(path.display().to_string(), bytes) {
            let Step::Batch(batch) = step else { continue };
            decoder.decode(&batch, &mut |_, event| {
                if shapes.insert(recorded::shape(event)) {
                    let compared = trial.event(event, &|_| true);
                    assert_eq!(compared, Ok(()), "{}", path.display());
                }
                true
            });
        }
    }
    println!("{:?}", trial.counts);
    assert!(trial.counts.events > 50 && trial.counts.matches > 50, "{:?}", trial.counts);
}
