//! The properties of Part III that need the crate `correlate`: however events arrive, however often a machine is killed, it ends
//! with what the evaluator finds.
//!
//! Every property holds the final detections against the evaluator's, not one run against another: two runs could be
//! wrong alike.

use sigyn_correlate as real;
use sigyn_ir::{ItemId, RuleItem};

use super::laws::{self, Property};
use super::live::{self, RealIds, Rules, Run, Step};
use super::random::{self, Round, Shape};
use super::row::{self, Row};
use super::strata::reads_detections;
use super::{Event, Time, World};
use crate::random::Random;

/// All properties.
pub const ALL: &[Property] = &[
    Property {
        name: "naive",
        about: "P8, P10, P15: one machine, events in order, against the evaluator",
        holds: true,
        run: |random| arrivals(random, in_order),
    },
    Property {
        name: "permutation",
        about: "P1: any order of arrival within the lateness, watermarks behind it",
        holds: true,
        run: |random| arrivals(random, |random, events| delayed(random, events, Restarts::None)),
    },
    Property {
        name: "duplicates",
        about: "P3: events delivered again, at once or later",
        holds: true,
        run: |random| arrivals(random, duplicated),
    },
    Property {
        name: "restarts",
        about: "P4: batches of any size, killed and restored in between",
        holds: true,
        run: |random| arrivals(random, |random, events| delayed(random, events, Restarts::Random)),
    },
    Property {
        name: "repair",
        about: "P2, P9: any order of arrival whatever the watermark, late events repaired",
        holds: true,
        run: repair,
    },
    Property {
        name: "shards",
        about: "P5: several machines, events divided by key",
        holds: true,
        run: shards,
    },
    Property { name: "hunt", about: "P6, P7: hunts over random ranges", holds: true, run: hunts },
    Property { name: "activation", about: "P11: rules deployed in mid-stream", holds: true, run: activation },
    Property { name: "inventory", about: "E35: keys of which nothing came", holds: true, run: inventory },
    Property {
        name: "budgets",
        about: "P12: too little room, and the repair of what is degraded",
        holds: true,
        run: budgets,
    },
];

/// An order of arrival.
type Arrivals = fn(&mut Random<'_>, &[Event]) -> Vec<Step>;

/// A machine fed in some order against the evaluator.
fn arrivals(random: &mut Random<'_>, steps: Arrivals) -> Result<(), String> {
    let round = random::round(random, Shape::ALL);
    let seed = random.below(1 << 30) as u64;
    laws::small(round, &|round| {
        let Some(rules) = Rules::of_round(round) else { return Ok(()) };
        let Ok(hits) = rules.hits(&round.events) else { return Ok(()) };
        let steps = steps(&mut Random::from_seed(seed), &round.events);
        let run = rules.run(&hits, &steps, &mut rules.matcher())?;
        against_naive(&rules, round, &hits, &run)
    })
}

/// Holds what came out of a machine against the evaluator.
pub(crate) fn against_naive(
    rules: &Rules,
    round: &Round,
    hits: &[Vec<real::Hit>],
    run: &Run,
) -> Result<(), String> {
    let ids = RealIds::of(&rules.rows(hits, run));
    let found = World::new(&rules.set, &round.events, &ids).and_then(World::run);
    let found = found.map_err(|error| format!("compiled, but the evaluator says {error}"))?;
    same(rules, &laws::rows(&found), &run.rows())
}

/// Whether two sides have the same detections of correlations and of rules over detections.
pub(crate) fn same(rules: &Rules, expected: &[Row], got: &[Row]) -> Result<(), String> {
    let listed = |rows: &[Row]| -> Vec<Row> {
        let is_listed = |row: &&Row| match rules.set.get(row.rule) {
            Some(RuleItem::Rule(rule)) => reads_detections(rule),
            _ => true,
        };
        rows.iter().filter(is_listed).cloned().collect()
    };
    match row::difference(&rules.set, &listed(expected), &listed(got)) {
        lines if lines.is_empty() => Ok(()),
        lines => Err(format!("- the evaluator, + the machine\n{}", lines.join("\n"))),
    }
}

/// The places of events in the order of their times, equal ones as they come.
fn by_time(events: &[Event]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|event| events[*event].ts);
    order
}

fn in_order(_: &mut Random<'_>, events: &[Event]) -> Vec<Step> {
    by_time(events).into_iter().map(Step::Event).collect()
}

/// How often a machine is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restarts {
    None,
    Random,
}

/// Events that come later than they are, by no more than a lateness; watermarks that keep to it.
fn delayed(random: &mut Random<'_>, events: &[Event], restarts: Restarts) -> Vec<Step> {
    let first = events.iter().map(|event| Time::from(event.ts)).min().unwrap_or(0);
    let last = events.iter().map(|event| Time::from(event.ts)).max().unwrap_or(0);
    let length = usize::try_from(last - first).unwrap_or(usize::MAX - 1);
    // From none to all of it.
    let lateness = match random.below(3) {
        0 => 0,
        1 => random.below(length / 4 + 1),
        _ => random.below(length + 1),
    };
    let mut order: Vec<(Time, usize)> = (0..events.len())
        .map(|event| (Time::from(events[event].ts) + random.below(lateness + 1) as Time, event))
        .collect();
    order.sort_unstable();
    let mut steps = Vec::new();
    let mut newest = Time::MIN;
    let (mark_every, restart_every) = (1 + random.below(4), 1 + random.below(6));
    for (_, event) in order {
        steps.push(Step::Event(event));
        newest = newest.max(events[event].ts.into());
        if random.once_in(mark_every) {
            let watermark = newest - lateness as Time;
            // Somewhat behind what is known, at times.
            steps.push(Step::Watermark(
                watermark - if random.once_in(3) { random.below(lateness + 2) as Time } else { 0 },
            ));
        }
        if restarts == Restarts::Random && random.once_in(restart_every) {
            steps.push(Step::Restart);
        }
    }
    if random.once_in(2) {
        steps.push(Step::Watermark(newest + 1 + random.below(length + 1) as Time));
    }
    steps
}

/// Some events again: right behind, or as late as the lateness allows.
fn duplicated(random: &mut Random<'_>, events: &[Event]) -> Vec<Step> {
    let mut steps = Vec::new();
    for step in delayed(random, events, Restarts::None) {
        steps.push(step);
        if let (Step::Event(_), true) = (step, random.once_in(4)) {
            let again: Vec<Step> =
                steps.iter().copied().filter(|step| matches!(step, Step::Event(_))).collect();
            steps.push(again[random.below(again.len())]);
        }
    }
    steps
}

/// A round with what is needed to run it; nothing where it does not load.
fn prepared(round: &Round) -> Option<(Rules, Vec<Vec<real::Hit>>)> {
    let rules = Rules::of_round(round)?;
    let hits = rules.hits(&round.events).ok()?;
    Some((rules, hits))
}

/// What the evaluator finds, with the ids that a machine gave to what was found in the whole.
fn expected(rules: &Rules, round: &Round, hits: &[Vec<real::Hit>]) -> Result<Vec<Row>, String> {
    let steps = in_order(&mut Random::from_seed(0), &round.events);
    let run = rules.run(hits, &steps, &mut rules.matcher())?;
    let ids = RealIds::of(&rules.rows(hits, &run));
    let found = World::new(&rules.set, &round.events, &ids).and_then(World::run);
    Ok(laws::rows(&found.map_err(|error| format!("compiled, but the evaluator says {error}"))?))
}

/// A range as the crate takes it.
fn instants(from: Time, to: Time) -> std::ops::Range<i64> {
    let narrow = |instant: Time| i64::try_from(instant).unwrap_or(i64::MAX);
    narrow(from)..narrow(to)
}

/// Any order of arrival, and watermarks that promise too much.
fn repair(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape::ALL);
    let seed = random.below(1 << 30) as u64;
    laws::small(round, &|round| {
        let Some((rules, hits)) = prepared(round) else { return Ok(()) };
        let mut random = Random::from_seed(seed);
        let mut steps = delayed(&mut random, &round.events, Restarts::Random);
        // Some events come much later than that.
        for _ in 0..1 + random.below(3) {
            let events: Vec<usize> =
                (0..steps.len()).filter(|at| matches!(steps[*at], Step::Event(_))).collect();
            if !events.is_empty() {
                let late = steps.remove(events[random.below(events.len())]);
                steps.insert(random.below(steps.len() + 1), late);
            }
        }
        let got = rules.run_with_repair(&hits, &steps, &mut rules.matcher(), random.below(3))?;
        let expected = expected(&rules, round, &hits)?;
        same(&rules, &expected, &got)
    })
}

/// Events divided by key over several machines.
fn shards(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape { is_keyed: true, ..Shape::ALL });
    let (count, seed) = (2 + random.below(3), random.below(1 << 30) as u64);
    laws::small(round, &|round| {
        let Some((rules, hits)) = prepared(round) else { return Ok(()) };
        let is_keyed = |item: &RuleItem| match item {
            RuleItem::Correlation(correlation) => correlation.group_by.as_deref() == Some(&["u".to_owned()]),
            RuleItem::Rule(_) => true,
        };
        if !rules.set.items.iter().all(is_keyed) {
            return Ok(());
        }
        let mut got = Vec::new();
        let shard_of = |event: &Event| {
            let key = event.fields.get("u").and_then(serde_json::Value::as_str).unwrap_or("");
            key.bytes().fold(7_usize, |hash, byte| hash * 31 + usize::from(byte)) % count
        };
        for shard in 0..count {
            let steps = delayed(&mut Random::from_seed(seed), &round.events, Restarts::None);
            let own = |step: &Step| match step {
                Step::Event(event) => shard_of(&round.events[*event]) == shard,
                _ => true,
            };
            let steps: Vec<Step> = steps.into_iter().filter(own).collect();
            got.extend(rules.run(&hits, &steps, &mut rules.matcher())?.rows());
        }
        same(&rules, &expected(&rules, round, &hits)?, &got)
    })
}

fn hunts(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape::ALL);
    let (from, to) = laws::range(random, &round.events);
    laws::small(round, &|round| {
        let Some((rules, hits)) = prepared(round) else { return Ok(()) };
        let mut expected = expected(&rules, round, &hits)?;
        expected.retain(|row| (from..to).contains(&row.ts));
        let interval = instants(from, to);
        let fed = rules.plan.feed(rules.plan.rules(), &interval);
        let stored = hits.iter().flatten().filter(|hit| fed.contains(&hit.at.ts)).cloned();
        let found = real::hunt(&rules.plan, stored, interval, &mut rules.matcher());
        let got: Vec<Row> = found.iter().map(live::row).collect();
        if !found.is_sorted_by_key(|detection| (detection.ts, detection.stratum)) {
            return Err("a hunt's detections are not in canonical order".to_owned());
        }
        same(&rules, &expected, &got).map_err(|what| format!("from {from} to {to}\n{what}"))
    })
}

/// Rules that are in force from an instant on, with the events before it that they need.
fn activation(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape::ALL);
    let (from, _) = laws::range(random, &round.events);
    let seed = random.below(1 << 30) as u64;
    laws::small(round, &|round| {
        let Some((rules, hits)) = prepared(round) else { return Ok(()) };
        let mut expected = expected(&rules, round, &hits)?;
        expected.retain(|row| row.ts >= from);
        let active = instants(from, from).start;
        let needs = rules.plan.rules().iter().map(|rule| rules.plan.need(*rule, active));
        let need = needs.min().unwrap_or(active);
        let mut steps = delayed(&mut Random::from_seed(seed), &round.events, Restarts::None);
        steps.retain(|step| match step {
            Step::Event(event) => round.events[*event].ts >= need,
            _ => true,
        });
        let mut got = rules.run(&hits, &steps, &mut rules.matcher())?.rows();
        got.retain(|row| row.ts >= from);
        same(&rules, &expected, &got).map_err(|what| format!("from {from}\n{what}"))
    })
}

/// Inventories, from an instant of activation up to a watermark.
fn inventory(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape { has_inventory: true, ..Shape::ALL });
    // No whole days of buckets of a second: each is judged for each key, by an evaluator that looks at all inputs.
    let (first, last) = round.events.iter().fold((Time::MAX, Time::MIN), |(first, last), event| {
        (first.min(event.ts.into()), last.max(event.ts.into()))
    });
    let (from, to) = laws::range(random, &round.events);
    let room = (last - first) / 2 + 2;
    let (from, to) = (from.max(first - room), to.min(last + room));
    let (from, to) = (from.min(to), to.max(from));
    let seed = random.below(1 << 30) as u64;
    laws::small(round, &|round| {
        let Some((rules, hits)) = prepared(round) else { return Ok(()) };
        let newest = round.events.iter().map(|event| Time::from(event.ts)).max().unwrap_or(from);
        let mut steps = delayed(&mut Random::from_seed(seed), &round.events, Restarts::Random);
        // The last watermark is what the evaluator is told.
        steps.retain(|step| !matches!(step, Step::Watermark(instant) if *instant > newest));
        let until = newest.max(to) + 1;
        steps.push(Step::Watermark(until));
        let run = rules.run_from(Some(from), &hits, &steps, &mut rules.matcher(), false)?;
        let ids = RealIds::of(&rules.rows(&hits, &run));
        let world = World::new(&rules.set, &round.events, &ids)?.with_horizon(from, until);
        let mut expected = laws::rows(&world.run()?);
        // What is decided behind the watermark can change what goes on, but no bucket that is over.
        let is_judged = |row: &Row| {
            let options = rules.set.get(row.rule).and_then(|item| item.meta().custom("sigyn"));
            let has = |name| options.is_some_and(|options| options.get(name).is_some());
            row.ts < until && has("inventory") && !has("suppress")
        };
        expected.retain(is_judged);
        let mut got = run.rows();
        got.retain(is_judged);
        same(&rules, &expected, &got).map_err(|what| format!("from {from} until {until}\n{what}"))
    })
}

/// Little room: what is wrong lies in what is declared degraded, and is right once that is repaired.
fn budgets(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape::ALL);
    let limits = real::Limits {
        groups_max: 1 + random.below(3),
        inputs_max: 1 + random.below(8),
        ..real::Limits::standard()
    };
    let seed = random.below(1 << 30) as u64;
    laws::small(round, &|round| {
        let Some((rules, hits)) = prepared(round) else { return Ok(()) };
        let expected = expected(&rules, round, &hits)?;
        let (narrow, _) = real::Plan::compile(&rules.set, &limits);
        let narrow = Rules { set: rules.set.clone(), plan: std::sync::Arc::new(narrow) };
        let steps = delayed(&mut Random::from_seed(seed), &round.events, Restarts::Random);
        let run = narrow.run_from(None, &hits, &steps, &mut narrow.matcher(), true)?;
        let degraded = degraded(&rules, &run.degraded);
        let is_degraded =
            |row: &Row| degraded.iter().any(|(rule, range)| *rule == row.rule && range.contains(&row.ts));
        let sound =
            |rows: &[Row]| -> Vec<Row> { rows.iter().filter(|row| !is_degraded(row)).cloned().collect() };
        same(&rules, &sound(&expected), &sound(&run.rows()))
            .map_err(|what| format!("not declared degraded: {degraded:?}\n{what}"))?;
        let mut repaired = sound(&run.rows());
        let all = instants(Time::from(i64::MIN) / 2, Time::from(i64::MAX) / 2);
        let hunted = real::hunt(&rules.plan, hits.iter().flatten().cloned(), all, &mut rules.matcher());
        repaired.extend(hunted.iter().map(live::row).filter(is_degraded));
        same(&rules, &expected, &repaired).map_err(|what| format!("after the repair\n{what}"))
    })
}

/// The times at which rules may be wrong: those declared, and where they can reach in the rules above.
fn degraded(rules: &Rules, declared: &[real::Degraded]) -> Vec<(ItemId, std::ops::Range<Time>)> {
    let mut all: Vec<(ItemId, std::ops::Range<Time>)> = Vec::new();
    for rule in rules.plan.rules() {
        let own = declared.iter().filter(|degraded| degraded.rule == rule.0);
        let mut of_rule: Vec<std::ops::Range<Time>> =
            own.map(|degraded| degraded.from.into()..degraded.to.into()).collect();
        for (child, range) in &all {
            if rules.plan.children(*rule).contains(child) {
                let reached = rules.plan.reach(*rule, instants(range.start, range.end));
                of_rule.push(reached.start.into()..reached.end.into());
            }
        }
        all.extend(of_rule.into_iter().map(|range| (*rule, range)));
    }
    all
}
