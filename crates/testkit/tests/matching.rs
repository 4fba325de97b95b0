//! Every matching case, through the evaluator and the engine under every strategy.

use sigyn_testkit::matching;

#[test]
fn every_case_holds_in_every_way() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/match");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for case in matching::cases(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            count += case.events.len().max(1);
            wrong.extend(matching::run(&case));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 150, "only {count} expectations");
}
