//! The small simulations that Part III quotes: that the compact states of E31, E32 and E46 decide exactly, and that E40 and
//! E42 reach far enough. They need no engine.
//!
//! A law that holds is never broken; one that is known to be wrong (a hunt warmed up by T alone) must be, or the
//! cases would tell nothing.

use std::collections::BTreeSet;

use sigyn_ir::RuleSet;

use super::hunt::{Reaches, WarmUp, hunt};
use super::random::{self, Round, Shape};
use super::row::{self, Row};
use super::world::{Input, Of, OwnIds};
use super::{Event, Time, World, predicate};
use crate::matching;
use crate::random::Random;

/// A law, and what one case says of it.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Whether it holds; one that does not is broken by some of the cases.
    pub holds: bool,
    /// Tries one case; the error says how the law is broken.
    pub run: fn(&mut Random<'_>) -> Result<(), String>,
}

/// All laws.
pub const ALL: &[Law] = &[
    Law { name: "starts", about: "ordered: S_k against brute force", holds: true, run: starts },
    Law {
        name: "starts-below",
        about: "ordered below n: latest starts against brute force",
        holds: true,
        run: starts_below,
    },
    Law {
        name: "consuming",
        about: "the consuming machine against brute force",
        holds: true,
        run: consuming,
    },
    Law { name: "lru", about: "distinct by the N most recent values", holds: true, run: lru },
    Law {
        name: "one-rule",
        about: "hunt = live, one rule, E42",
        holds: true,
        run: |random| hunts(random, Shape::ONE, WarmUp::ByTable, true),
    },
    Law {
        name: "one-rule-span",
        about: "hunt = live, one rule, warmed up by T",
        holds: false,
        run: |random| hunts(random, Shape::ONE, WarmUp::BySpan, true),
    },
    Law {
        name: "dag",
        about: "hunt = live, chains of all kinds, E42",
        holds: true,
        run: |random| hunts(random, Shape::ALL, WarmUp::ByTable, true),
    },
    Law {
        name: "dag-sum",
        about: "hunt = live, warmed up by the sum of windows",
        holds: false,
        run: |random| hunts(random, Shape::ALL, WarmUp::BySumOfSpans, true),
    },
    Law {
        name: "dag-unsettled",
        about: "hunt = live, read to B alone",
        holds: false,
        run: |random| hunts(random, Shape::ALL, WarmUp::ByTable, false),
    },
    Law { name: "late", about: "one late event changes nothing beyond E40", holds: true, run: late },
];

/// Stages that events hit, in canonical order.
struct Steps {
    span: Time,
    stages: usize,
    inputs: Vec<Input>,
}

fn steps(random: &mut Random<'_>) -> Steps {
    let stages = 2 + random.below(3);
    let count = 1 + random.below(14);
    let mut ts = 0;
    let inputs = (0..count).map(|at| {
        ts += random.below(4) as Time;
        let mut rules = BTreeSet::from([random.below(stages)]);
        while random.once_in(3) {
            rules.insert(random.below(stages));
        }
        let order = (ts, 1, String::new(), 0, super::case::numbered(at + 1));
        Input { order, of: Of::Event(at), rules, counted: Vec::new() }
    });
    let inputs = inputs.collect();
    Steps { span: 1 + random.below(9) as Time, stages, inputs }
}

impl Steps {
    /// The longest chain that ends at each input, by brute force.
    fn longest(&self) -> Vec<usize> {
        let at = |end: usize| {
            let last = &self.inputs[end];
            let within = |input: &&Input| last.ts() - input.ts() <= self.span;
            let window: Vec<&Input> = self.inputs[..=end].iter().filter(within).collect();
            predicate::longest_chain(&window, Some(last))
        };
        (0..self.inputs.len()).map(at).collect()
    }

    fn broken(&self, what: &str) -> String {
        let inputs: Vec<String> =
            self.inputs.iter().map(|input| format!("{}: {:?}", input.ts(), input.rules)).collect();
        format!("{what}; T {}, {} stages, {}", self.span, self.stages, inputs.join(", "))
    }
}

/// E31: for each stage the latest start.
fn starts(random: &mut Random<'_>) -> Result<(), String> {
    let steps = steps(random);
    let longest = steps.longest();
    let mut starts: Vec<Option<Time>> = vec![None; steps.stages];
    for (at, input) in steps.inputs.iter().enumerate() {
        let mut fires = false;
        for stage in (0..steps.stages).rev().filter(|stage| input.rules.contains(stage)) {
            let start = match stage {
                0 => Some(input.ts()),
                _ => starts[stage - 1].filter(|start| input.ts() - start <= steps.span),
            };
            if start.is_some() {
                starts[stage] = start;
                fires |= stage + 1 == steps.stages;
            }
        }
        if fires != (longest[at] == steps.stages) {
            return Err(steps.broken(&format!("S_k says {fires} at {at}")));
        }
    }
    Ok(())
}

/// E31: the latest start for each length and last stage.
fn starts_below(random: &mut Random<'_>) -> Result<(), String> {
    let steps = steps(random);
    let longest = steps.longest();
    let mut starts: Vec<Vec<Option<Time>>> = vec![vec![None; steps.stages]; steps.stages + 1];
    for (at, input) in steps.inputs.iter().enumerate() {
        let mut best = 0;
        for stage in (0..steps.stages).rev().filter(|stage| input.rules.contains(stage)) {
            for length in (1..=stage + 1).rev() {
                let start = match length {
                    1 => Some(input.ts()),
                    _ => {
                        let before = starts[length - 1][..stage].iter().flatten().max().copied();
                        before.filter(|start| input.ts() - start <= steps.span)
                    }
                };
                if start.is_some() {
                    starts[length][stage] = start.max(starts[length][stage]);
                    best = best.max(length);
                }
            }
        }
        if best != longest[at] {
            return Err(steps.broken(&format!("length {best} instead of {} at {at}", longest[at])));
        }
    }
    Ok(())
}

/// E32: one partial for each stage.
fn consuming(random: &mut Random<'_>) -> Result<(), String> {
    let steps = steps(random);
    let exact: Vec<usize> =
        (0..).zip(steps.longest()).filter(|(_, length)| *length == steps.stages).map(|(at, _)| at).collect();
    let mut partials: Vec<Option<Time>> = vec![None; steps.stages];
    let mut fired = Vec::new();
    for (at, input) in steps.inputs.iter().enumerate() {
        for stage in (0..steps.stages).rev().filter(|stage| input.rules.contains(stage)) {
            if stage == 0 {
                partials[0] = Some(input.ts());
                continue;
            }
            let Some(start) = partials[stage - 1].take() else { continue };
            if input.ts() - start <= steps.span {
                partials[stage] = Some(start);
            }
        }
        if partials[steps.stages - 1].take().is_some() {
            fired.push(at);
        }
    }
    let is_right = fired.first() == exact.first() && fired.iter().all(|at| exact.contains(at));
    if is_right { Ok(()) } else { Err(steps.broken(&format!("fires at {fired:?}, sequences at {exact:?}"))) }
}

/// E46: whether the N-th most recent value lies in the window.
fn lru(random: &mut Random<'_>) -> Result<(), String> {
    let (needed, span) = (1 + random.below(4), 1 + random.below(8) as Time);
    let mut ts = 0;
    let mut seen: Vec<(Time, usize)> = Vec::new();
    let mut recent: Vec<(usize, Time)> = Vec::new();
    for _ in 0..1 + random.below(20) {
        ts += random.below(3) as Time;
        let value = random.below(6);
        seen.push((ts, value));
        recent.retain(|(other, _)| *other != value);
        recent.insert(0, (value, ts));
        recent.truncate(needed);
        let within = seen.iter().filter(|(earlier, _)| ts - earlier <= span);
        let exact = within.map(|(_, value)| value).collect::<BTreeSet<_>>().len() >= needed;
        let compact = recent.get(needed - 1).is_some_and(|(_, last)| ts - last <= span);
        if exact != compact {
            return Err(format!("N {needed}, T {span}: {seen:?}"));
        }
    }
    Ok(())
}

/// Rules and events that load and can be evaluated.
pub(crate) fn loaded(round: &Round) -> Option<RuleSet> {
    let loaded = matching::load(&round.text());
    Reaches::of(&loaded.set).ok()?;
    Some(loaded.set)
}

pub(crate) fn rows(found: &[super::Detection]) -> Vec<Row> {
    found.iter().map(Row::from).collect()
}

/// A range near the events.
pub(crate) fn range(random: &mut Random<'_>, events: &[Event]) -> (Time, Time) {
    let instant = |random: &mut Random<'_>| {
        let ts = events.get(random.below(events.len())).map_or(0, |event| Time::from(event.ts));
        const DAY: Time = 86_400_000_000_000;
        match random.below(5) {
            0 => ts + 1,
            1 => ts.div_euclid(DAY) * DAY,
            2 => (ts.div_euclid(DAY) + 1) * DAY + random.below(3) as Time - 1,
            _ => ts,
        }
    };
    let (a, b) = (instant(random), instant(random));
    (a.min(b), a.max(b) + 1)
}

/// E42, E43.
fn hunts(random: &mut Random<'_>, shape: Shape, warm_up: WarmUp, settles: bool) -> Result<(), String> {
    let round = random::round(random, shape);
    let (from, to) = range(random, &round.events);
    let check = |round: &Round| -> Result<(), String> {
        let Some(set) = loaded(round) else { return Ok(()) };
        let live = World::new(&set, &round.events, &OwnIds).and_then(World::run);
        let Ok(mut live) = live else { return Ok(()) };
        live.retain(|detection| (from..to).contains(&detection.ts));
        let hunted = hunt(&set, &round.events, (from, to), (warm_up, settles), &OwnIds)?;
        match row::difference(&set, &rows(&live), &rows(&hunted)) {
            lines if lines.is_empty() => Ok(()),
            lines => Err(format!("from {from} to {to}\n{}", lines.join("\n"))),
        }
    };
    match (warm_up, settles) {
        (WarmUp::ByTable, true) => small(round, &check),
        // Known to break: there is nothing to look at.
        _ => check(&round),
    }
}

/// E40.
fn late(random: &mut Random<'_>) -> Result<(), String> {
    let round = random::round(random, Shape::ALL);
    let check = |round: &Round| -> Result<(), String> {
        let (Some(set), Some(late)) = (loaded(round), round.events.last()) else { return Ok(()) };
        let run = |events: &[Event]| World::new(&set, events, &OwnIds).and_then(World::run);
        let before = run(&round.events[..round.events.len() - 1]);
        let (Ok(before), Ok(after)) = (before, run(&round.events)) else { return Ok(()) };
        let reaches = Reaches::of(&set)?.reach_of_event(late.ts.into());
        let outside = |found: Vec<super::Detection>| -> Vec<Row> {
            let is_outside = |detection: &&super::Detection| {
                let reach = reaches[detection.rule.0 as usize];
                reach.is_none_or(|(from, to)| !(from..=to).contains(&detection.ts))
            };
            found.iter().filter(is_outside).map(Row::from).collect()
        };
        match row::difference(&set, &outside(before), &outside(after)) {
            lines if lines.is_empty() => Ok(()),
            lines => Err(format!("the last event changes\n{}", lines.join("\n"))),
        }
    };
    small(round, &check)
}

/// Checks a round; what is broken is made small and told as a case.
pub(crate) fn small(round: Round, check: &dyn Fn(&Round) -> Result<(), String>) -> Result<(), String> {
    if check(&round).is_ok() {
        return Ok(());
    }
    let small = round.shrink(&|round| check(round).is_err());
    let what = check(&small).err().unwrap_or_default();
    Err(format!("{}\n{what}", small.as_case("A difference")))
}
