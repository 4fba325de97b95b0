//! The properties of Part III that need the crate `correlate`: however events arrive, however often a machine is killed, it ends
//! with what the evaluator finds.
//!
//! Every property holds the final detections against the evaluator's, not one run against another: two runs could be
//! wrong alike.

use super::laws::{self, Law};
use super::live::{RealIds, Rules, Run, Step};
use super::random::{self, Round, Shape};
use super::row::{self, Row};
use super::strata::reads_detections;
use super::{Event, Time, World};
use crate::random::Random;

/// All properties.
pub const ALL: &[Law] = &[
    Law {
        name: "naive",
        about: "P8, P10, P15: one machine, events in order, against the evaluator",
        holds: true,
        run: |random| arrivals(random, in_order),
    },
    Law {
        name: "permutation",
        about: "P1: any order of arrival within the lateness, watermarks behind it",
        holds: true,
        run: |random| arrivals(random, |random, events| delayed(random, events, Restarts::None)),
    },
    Law {
        name: "duplicates",
        about: "P3: events delivered again, at once or later",
        holds: true,
        run: |random| arrivals(random, duplicated),
    },
    Law {
        name: "restarts",
        about: "P4: batches of any size, killed and restored in between",
        holds: true,
        run: |random| arrivals(random, |random, events| delayed(random, events, Restarts::Random)),
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
    hits: &[Vec<sigyn_correlate::Hit>],
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
            Some(sigyn_ir::RuleItem::Rule(rule)) => reads_detections(rule),
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
