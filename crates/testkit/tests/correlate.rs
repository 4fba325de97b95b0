//! Correlations: every case of the corpus, the laws of Part III, and random rules over random events.

use std::collections::BTreeMap;

use sigyn_engine::{Engine, LogSources};
use sigyn_ir::{CorrelationCondition, RuleItem, RuleSet};
use sigyn_testkit::correlate::live::{Fast, Rules, Step};
use sigyn_testkit::correlate::random::{self, Shape};
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
        for seed in 0..40 {
            if let Err(broken) = (law.run)(&mut Random::from_seed(seed)) {
                panic!("{}, seed {seed}: {broken}", law.name);
            }
        }
    }
}

/// The random rules and events are worth something: most load, and all kinds of them find things.
#[test]
fn random_rounds_find_things() {
    let (mut loaded, mut found) = (0, BTreeMap::<String, usize>::new());
    let rounds = 400;
    for seed in 0..rounds {
        let round = random::round(&mut Random::from_seed(seed), Shape::ALL);
        let Ok(rules) = Rules::of_text(&round.text()) else { continue };
        loaded += 1;
        for detection in
            detections(&rules.set, &round.events, &OwnIds).expect("what is compiled is evaluated")
        {
            let item = rules.set.get(detection.rule).expect("a rule of the set");
            let what = match item {
                RuleItem::Rule(rule) if rule.logsource.product.is_none() => continue,
                RuleItem::Rule(_) => "over detections".to_owned(),
                RuleItem::Correlation(correlation) => {
                    let mut count = |what: String| *found.entry(what).or_default() += 1;
                    let options = correlation.meta.custom("sigyn");
                    for name in ["window", "on_match", "suppress", "missing", "evidence", "outcomes"] {
                        if let Some(value) = options.and_then(|options| options.get(name)) {
                            count(match value.as_str() {
                                Some(text) if name != "suppress" => format!("{name} {text}"),
                                _ => name.to_owned(),
                            });
                        }
                    }
                    count(format!("stratum {}", detection.stratum.min(5)));
                    if detection.suppressed > 0 {
                        count("suppressed".to_owned());
                    }
                    if detection.truncated {
                        count("truncated".to_owned());
                    }
                    let kind = correlation.kind;
                    match &correlation.condition {
                        CorrelationCondition::Extended { text, .. } if text.contains("not ") => {
                            format!("{kind} with not")
                        }
                        CorrelationCondition::Extended { .. } => format!("{kind} extended"),
                        CorrelationCondition::Thresholds { .. } => kind.to_string(),
                    }
                }
            };
            *found.entry(what).or_default() += 1;
        }
    }
    println!("{loaded} of {rounds} load: {found:?}");
    assert!(loaded * 10 > rounds * 9, "only {loaded} of {rounds} load");
    assert!(found.len() >= 27 && found.values().all(|count| *count >= 5), "{found:?}");
}
