//! Correlations: every case of the corpus, the laws of Part III, and random rules over random events.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use sigyn_engine::{Engine, LogSources};
use sigyn_ir::{CorrelationCondition, RuleItem, RuleSet};
use sigyn_testkit::correlate::case::Span;
use sigyn_testkit::correlate::live::{Fast, Rules, Run, Step};
use sigyn_testkit::correlate::random::{self, Shape};
use sigyn_testkit::correlate::{Event, OwnIds, Row, World, case, detections, laws, properties};
use sigyn_testkit::matching;
use sigyn_testkit::random::Random;

/// The naive evaluator.
fn naive(set: &RuleSet, events: &[Event], range: Option<Span>) -> Result<Vec<Row>, String> {
    let mut world = World::new(set, events, &OwnIds)?;
    if let Some((from, until)) = range {
        world = world.with_horizon(from, until);
    }
    Ok(world.run()?.iter().map(Row::from).collect())
}

/// The machine, with all events in the order of their arrival and no watermark before the end.
fn machine(set: &RuleSet, events: &[Event], range: Option<Span>) -> Result<Vec<Row>, String> {
    let rules = Rules::of_set(set.clone())?;
    let hits = rules.hits(events)?;
    let steps: Vec<Step> = (0..events.len()).map(Step::Event).collect();
    let run = run(&rules, &hits, steps, range, &mut rules.matcher())?;
    Ok(rules.rows(&hits, &run))
}

/// Steps to their end: that of all time, or where a range ends.
fn run(
    rules: &Rules,
    hits: &[Vec<sigyn_correlate::Hit>],
    mut steps: Vec<Step>,
    range: Option<Span>,
    matcher: &mut dyn sigyn_correlate::Matcher,
) -> Result<Run, String> {
    let Some((from, until)) = range else { return rules.run(hits, &steps, matcher) };
    steps.push(Step::Watermark(until));
    rules.run_from(Some(from), hits, &steps, matcher, false)
}

/// The engine and the machine together; events in the order of time, the watermark right behind each, a restart after each.
fn engine(set: &RuleSet, events: &[Event], range: Option<Span>) -> Result<Vec<Row>, String> {
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
    let run = run(&rules, &hits, steps, range, &mut fast)?;
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

/// Rules with a chain over them, in which some text is replaced by another.
fn logic(replaced: &str, by: &str) -> BTreeMap<String, sigyn_correlate::Id> {
    const RULES: &str = "title: A\nname: a\nid: 11111111-1111-4111-8111-111111111111\nstatus: test\nlevel: low\n\
        tags: [attack.t1110]\nlogsource: {category: test}\ndetection: {s: {k: a}, condition: s}\n---\n\
        title: B\nname: b\nlogsource: {category: test}\ndetection: {s: {k: b}, condition: s}\n---\n\
        title: Burst\nname: burst\nlevel: medium\ncorrelation: {type: event_count, rules: [a], group-by: [u], \
        timespan: 10s, condition: {gte: 2}}\n---\n\
        title: Of level\nname: of_level\nlogsource: {product: sigyn, service: detection}\n\
        detection: {s: {rule.name: burst, level: medium}, condition: s}\n---\n\
        title: Top\nname: top\nsigyn: {suppress: 1h}\ncorrelation: {type: temporal_ordered, rules: [burst, b], \
        timespan: 1m}\n";
    assert!(replaced.is_empty() || RULES.contains(replaced), "{replaced}");
    let rules = Rules::of_text(&RULES.replace(replaced, by)).unwrap();
    let items = (0..).map(sigyn_ir::ItemId).zip(&rules.set.items);
    let named =
        items.filter_map(|(item, rule)| Some((rule.meta().name.clone()?, rules.plan.logic_hash(item)?)));
    named.collect()
}

/// What changes a rule changes its ids and those of all that reads it, and nothing else does (E3).
#[test]
fn ids_follow_logic_and_nothing_else() {
    let before = logic("", "");
    assert_eq!(before.len(), 5);
    let check = |replaced: &str, by: &str, expect: &[&str]| {
        let after = logic(replaced, by);
        let changed: Vec<&str> =
            before.keys().filter(|name| before.get(*name) != after.get(*name)).map(String::as_str).collect();
        assert_eq!(changed, expect, "{replaced} -> {by}");
    };
    // Metadata, the form in which something is written, places of documents.
    check("title: A\n", "title: Another\ndescription: New\nauthor: Me\n", &[]);
    check("status: test", "status: stable", &[]);
    check("level: low", "level: high", &[]);
    check("attack.t1110", "attack.t1021", &[]);
    check("timespan: 1m", "timespan: 60s", &[]);
    check("rules: [burst, b]", "rules: ['burst', b]", &[]);
    // What a rule over detections asks for is logic, and what a producer says of it.
    check("level: medium}", "level: [medium, high]}", &["of_level"]);
    check("level: medium\n", "level: high\n", &["of_level"]);
    // A rule, with all above it.
    check("k: a", "k: [a, z]", &["a", "burst", "of_level", "top"]);
    check("k: b", "k: z", &["b", "top"]);
    check("category: test}\ndetection: {s: {k: b}", "category: other}\ndetection: {s: {k: b}", &["b", "top"]);
    for (replaced, by) in [
        ("gte: 2", "gte: 3"),
        ("gte: 2", "gt: 2"),
        ("group-by: [u]", "group-by: [v]"),
        ("group-by: [u]", "group-by: [u, v]"),
        ("timespan: 10s", "timespan: 11s"),
        ("type: event_count", "type: temporal"),
    ] {
        check(replaced, by, &["burst", "of_level", "top"]);
    }
    for by in [
        "suppress: 2h",
        "suppress: 1h, evidence: 5",
        "suppress: 1h, on_match: every",
        "suppress: 1h, missing: group",
        "suppress: 1h, revisions: each",
        "suppress: 1h, outcomes: {n: {count: true}}",
        "suppress: 1h, window: session, gap: 5s",
    ] {
        check("suppress: 1h", by, &["top"]);
    }
    check("rules: [burst, b]", "rules: [b, burst]", &["top"]);
}

/// What of the examples must not load, and the code of what is said: those that show mistakes, and the specification's percentile,
/// which has no `percentile` (E28).
const REFUSED: &[(&str, u16)] = &[
    ("pysigma_test_conversion_correlations_py_666_", 2061),
    ("pysigma_test_correlations_py_1334_", 2068),
    ("pysigma_test_correlations_py_173_", 2051),
    ("pysigma_test_correlations_py_189_", 2050),
    ("pysigma_test_correlations_py_206_", 2052),
    ("pysigma_test_correlations_py_224_", 2052),
    ("pysigma_test_correlations_py_257_", 2054),
    ("pysigma_test_correlations_py_273_", 2053),
    ("pysigma_test_correlations_py_297_", 2065),
    ("pysigma_test_correlations_py_315_", 2068),
    ("pysigma_test_correlations_py_331_", 2067),
    ("pysigma_test_correlations_py_359_", 2062),
    ("pysigma_test_correlations_py_404_", 2056),
    ("pysigma_test_correlations_py_522_", 2057),
    ("pysigma_test_correlations_py_637_", 2062),
    ("pysigma_test_correlations_py_654_", 2062),
    ("pysigma_test_correlations_py_671_", 2062),
    ("pysigma_test_correlations_py_732_", 2068),
    ("pysigma_test_correlations_py_833_", 2069),
    ("pysigma_test_correlations_py_853_", 2068),
    ("pysigma_test_correlations_py_873_", 2069),
    ("spec_sigma_correlation_rules_specification_md_256_", 2050),
    ("spec_sigma_correlation_rules_specification_md_569_", 2061),
    ("spec_value_percentile_", 2061),
];

/// A text in which rules stand in for those that it names and does not hold, and which has titles.
fn completed(text: &str) -> String {
    let mut text = text.replace("title: —\nid: —\n", "title: Without a title\n");
    if !text.contains("title:") {
        text = format!("title: Without a title\n{text}");
    }
    let found = matching::load(&text).diagnostics;
    let unknown = found.iter().filter(|found| found.code.number == 2058);
    let missing: BTreeSet<String> =
        unknown.filter_map(|found| Some(found.message.split('`').nth(1)?.to_owned())).collect();
    for (at, rule) in missing.iter().enumerate() {
        let key = if rule.len() == 36 && rule.matches('-').count() == 4 { "id" } else { "name" };
        text += &format!(
            "\n---\ntitle: Stands in {at}\n{key}: {rule}\nlogsource: {{category: test}}\n\
             detection: {{s: {{k: {at}}}, condition: s}}\n"
        );
    }
    text
}

/// The examples of the specification and of pySigma's tests load, and are followed over time. What they mean is pinned by
/// specification.md and by the tests beside `verify`.
#[test]
fn examples_load() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/oracle/corr-rules");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("skipped: the examples are not there");
        return;
    };
    let (mut loaded, mut wrong, mut refused) = (0, Vec::new(), 0);
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("spec_") && !name.starts_with("pysigma_") {
            continue;
        }
        let text = completed(&std::fs::read_to_string(&path).unwrap());
        let found = matching::load(&text);
        let errors = found.diagnostics.iter().filter(|found| found.is_error());
        let codes: Vec<u16> = errors.map(|error| error.code.number).collect();
        match REFUSED.iter().find(|(start, _)| name.starts_with(start)) {
            Some((_, code)) if codes.contains(code) => refused += 1,
            Some((_, code)) => wrong.push(format!("{name} is not refused with {code}: {codes:?}")),
            None if !codes.is_empty() => wrong.push(format!("{name}: {codes:?}")),
            None => match Rules::of_set(found.set) {
                Ok(_) => loaded += 1,
                Err(error) => wrong.push(format!("{name}: {error}")),
            },
        }
    }
    println!("{loaded} examples load, {refused} are refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(loaded > 50 && refused == REFUSED.len(), "{loaded} {refused}");
}
