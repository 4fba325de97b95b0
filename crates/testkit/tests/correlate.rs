//! Correlations: every case of the corpus, the laws of Part III, and random rules over random events.

use sigyn_engine::{Engine, LogSources};
use sigyn_ir::RuleSet;
use sigyn_testkit::correlate::live::{Fast, Rules, Step};
use sigyn_testkit::correlate::{Event, OwnIds, Row, case, detections, laws, properties};
use sigyn_testkit::matching;
use sigyn_testkit::random::Random;

/// The naive evaluator.
fn naive(set: &RuleSet, events: &[Event]) -> Result<Vec<Row>, String> {
    Ok(detections(set, events, &OwnIds)?.iter().map(Row::from).collect())
}

/// The machine, with all events in the order of their arrival and no watermark before the end.
fn machine(set: &RuleSet, events: &[Event]) -> Result<Vec<Row>, String> {
    let rules = Rules::of_set(set.clone())?;
    let hits = rules.hits(events)?;
    let steps: Vec<Step> = (0..events.len()).map(Step::Event).collect();
    let run = rules.run(&hits, &steps, &mut rules.matcher())?;
    Ok(rules.rows(&hits, &run))
}

/// The engine and the machine together; events in the order of time, the watermark right behind each, a restart after each.
fn engine(set: &RuleSet, events: &[Event]) -> Result<Vec<Row>, String> {
    let rules = Rules::of_set(set.clone())?;
    let sources = LogSources::built_in().map_err(|error| format!("{error:?}"))?;
    let (_, config) = matching::configs().swap_remove(0);
    let built = Engine::build(set, &sources, config);
    if let Some((_, refused)) = built.refused.first() {
        return Err(refused.message.clone());
    }
    let mut fast = Fast::new(&rules, &built.engine);
    let hits = fast.hits(events);
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|event| events[*event].ts);
    let steps: Vec<Step> = order
        .into_iter()
        .flat_map(|event| [Step::Watermark(events[event].ts.into()), Step::Event(event), Step::Restart])
        .collect();
    let run = rules.run(&hits, &steps, &mut fast)?;
    Ok(rules.rows(&hits, &run))
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
            let ways: [(&str, case::Way<'_>); 3] =
                [("evaluator", &naive), ("machine", &machine), ("engine and machine", &engine)];
            for (name, way) in ways {
                wrong.extend(case.check(way).into_iter().map(|what| format!("{name}: {what}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "only {count} cases");
}

#[test]
fn laws_and_properties_hold() {
    for law in laws::ALL.iter().chain(properties::ALL).filter(|law| law.holds) {
        for seed in 0..150 {
            if let Err(broken) = (law.run)(&mut Random::from_seed(seed)) {
                panic!("{}, seed {seed}: {broken}", law.name);
            }
        }
    }
}
