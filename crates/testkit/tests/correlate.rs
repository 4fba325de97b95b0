//! Correlations: every case of the corpus, the laws of Part III, and random rules over random events.

use sigyn_testkit::correlate::laws;
use sigyn_testkit::correlate::{OwnIds, Row, case, detections};
use sigyn_testkit::random::Random;

/// The naive evaluator.
fn naive(set: &sigyn_ir::RuleSet, events: &[sigyn_testkit::correlate::Event]) -> Result<Vec<Row>, String> {
    Ok(detections(set, events, &OwnIds)?.iter().map(Row::from).collect())
}

#[test]
fn every_case_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/correlation");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for case in case::cases(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            count += 1;
            wrong.extend(case.check(&naive));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 1, "only {count} cases");
}

#[test]
fn laws_hold() {
    for law in laws::ALL.iter().filter(|law| law.holds) {
        for seed in 0..150 {
            if let Err(broken) = (law.run)(&mut Random::from_seed(seed)) {
                panic!("{}, seed {seed}: {broken}", law.name);
            }
        }
    }
}
