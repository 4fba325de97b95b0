//! A suite held against its rules.

mod why;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use sigyn_diagnostics::{Diagnostic, Span, codes};
use sigyn_event::Timestamp;
use sigyn_ir::{ItemId, LogSource};
use sigyn_runtime::{Fired, Log, Pace, Program, Replay, replay, replay_paced};

use crate::compare::{Difference, assign};
use crate::suite::{Arrival, Expectation, Given, Suite, Test};

/// Problems of one test that are told one by one.
const PROBLEMS_MAX: usize = 20;

/// What came of a suite.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Its tests, in order.
    pub cases: Vec<Case>,
}

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the test is called.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// How it ended.
    pub verdict: Verdict,
    /// Rules that it says anything about.
    pub rules: BTreeSet<ItemId>,
    /// How many events it has.
    pub events: u64,
}

/// How a test ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed(Vec<Problem>),
    /// It cannot be run.
    Broken(Vec<Diagnostic>),
}

/// One thing that is not as expected.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What, in one line without a full stop.
    pub what: String,
    /// Lines with the details.
    pub details: Vec<String>,
    /// The expectation, if there is one.
    pub span: Option<Span>,
}

/// A detection with its events by number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Detection {
    pub(crate) rule: ItemId,
    pub(crate) time: Option<Timestamp>,
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) group: Vec<(String, Vec<String>)>,
    pub(crate) value: Option<String>,
    pub(crate) total: u64,
    pub(crate) events: BTreeSet<usize>,
    pub(crate) outcomes: Vec<(String, Vec<String>)>,
}

/// How a suite gets at the bytes of a log, by the path that a test says and what it is relative to.
pub type ReadFile<'f> = dyn Fn(&str) -> Result<Vec<u8>, String> + Sync + 'f;

impl Suite {
    /// The log sources that tests say their events have: hints for [`Program::build`].
    pub fn hints(&self) -> Vec<LogSource> {
        let mut hints: Vec<LogSource> = Vec::new();
        for source in self.tests.iter().filter_map(|test| test.log_source.as_ref()) {
            if !hints.contains(source) {
                hints.push(source.clone());
            }
        }
        hints
    }
}

/// Runs a suite against a program that was built with the suite's [hints](Suite::hints).
pub fn run(suite: &Suite, program: &Program, files: &ReadFile<'_>) -> Outcome {
    let hints = suite.hints();
    let cases = suite.tests.par_iter().map(|test| {
        let hint = test.log_source.as_ref().and_then(|source| hints.iter().position(|hint| hint == source));
        case(test, program, hint, files)
    });
    Outcome { cases: cases.collect() }
}

fn case(test: &Test, program: &Program, hint: Option<usize>, files: &ReadFile<'_>) -> Case {
    let mut broken = Vec::new();
    let logs = logs(test, hint, files, &mut broken);
    let mut find = |name: &str, span: Span| match named(program, name) {
        Ok(rule) => Some(rule),
        Err(message) => {
            broken.push(Diagnostic::error(&codes::verify::UNKNOWN_RULE, message).at(span));
            None
        }
    };
    let expected: Vec<(ItemId, &Expectation)> = test
        .expect
        .iter()
        .filter_map(|expectation| Some((find(&expectation.rule, expectation.span)?, expectation)))
        .collect();
    let forbidden: Vec<ItemId> =
        test.expect_none.iter().filter_map(|(name, span)| find(name, *span)).collect();
    let rules = expected.iter().map(|(rule, _)| *rule).chain(forbidden.iter().copied()).collect();
    let mut case = Case {
        name: test.name.clone(),
        span: test.span,
        verdict: Verdict::Passed,
        rules,
        events: logs.len() as u64,
    };
    if !broken.is_empty() {
        case.verdict = Verdict::Broken(broken);
        return case;
    }
    let replayed = replay(program, &logs);
    case.events = replayed.records.iter().sum();
    let run = Run { program, logs: &logs, replayed: &replayed };
    let mut problems = run.problems(test, &expected, &forbidden);
    problems.extend(other_orders(test, program, &logs, &replayed));
    if !problems.is_empty() {
        case.verdict = Verdict::Failed(problems);
    }
    case
}

/// The same events in other orders: whatever differs is a problem of its own.
fn other_orders(test: &Test, program: &Program, logs: &[Log], replayed: &Replay) -> Option<Problem> {
    let count = usize::try_from(replayed.records.iter().sum::<u64>()).unwrap_or(0);
    let paces = match &test.arrival {
        Arrival::Written => Vec::new(),
        Arrival::Order(order) => vec![("in the order of `arrival`".to_owned(), Pace::Order(order.clone()))],
        Arrival::Shuffled => {
            let backwards = ("backwards".to_owned(), Pace::Order((1..=count).rev().collect()));
            let streams = [(1, 60), (2, 60), (3, 3_600), (4, 86_400)].map(|(seed, seconds)| {
                let lateness_nanos = seconds * 1_000_000_000;
                let pace = Pace::Stream { lateness_nanos, batch: 3, seed };
                (format!("each up to {seconds} s late (order {seed})"), pace)
            });
            std::iter::once(backwards).chain(streams).collect()
        }
    };
    let differs = |(_, pace): &(String, Pace)| replay_paced(program, logs, pace).fired != replayed.fired;
    let (how, _) = paces.into_iter().find(differs)?;
    let what = format!("events that arrive {how} give another result, which is a defect of Sigyn");
    Some(Problem { what, details: Vec::new(), span: None })
}

/// What a test is given, as logs. Its events are one log with a record each, so that their order decides ties.
fn logs(test: &Test, hint: Option<usize>, files: &ReadFile<'_>, broken: &mut Vec<Diagnostic>) -> Vec<Log> {
    let name: Arc<str> = "events".into();
    let mut logs = Vec::with_capacity(test.given.len());
    for (given, number) in test.given.iter().zip(1..) {
        match given {
            Given::Event { text, .. } => {
                let bytes = text.as_bytes().into();
                logs.push(Log { name: name.clone(), bytes, first: number, hint });
            }
            Given::File { path, span } => match files(path) {
                Ok(bytes) => {
                    logs.push(Log { name: path.as_str().into(), bytes: bytes.into(), first: 1, hint });
                }
                Err(why) => {
                    let message = format!("`{path}` cannot be read: {why}");
                    broken.push(Diagnostic::error(&codes::verify::UNREADABLE_INPUT, message).at(*span));
                }
            },
        }
    }
    logs
}

/// The rule of an id, a name or a title.
fn named(program: &Program, name: &str) -> Result<ItemId, String> {
    let metas = || program.set.items.iter().zip(0..).map(|(item, at)| (ItemId(at), item.meta()));
    let by_id = metas().find(|(_, meta)| meta.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name)));
    let by_name = || metas().find(|(_, meta)| meta.name.as_deref() == Some(name));
    if let Some((id, _)) = by_id.or_else(by_name) {
        return Ok(id);
    }
    let mut titled = metas().filter(|(_, meta)| meta.title == name);
    match (titled.next(), titled.next()) {
        (Some((id, _)), None) => Ok(id),
        (Some(_), Some(_)) => Err(format!("several rules have the title `{name}`; name one by its id")),
        (None, _) => {
            let titles: Vec<&str> = metas().map(|(_, meta)| meta.title.as_str()).take(5).collect();
            Err(format!("there is no rule `{name}` among those under test ({})", titles.join(", ")))
        }
    }
}

/// A test that ran.
struct Run<'r> {
    program: &'r Program,
    logs: &'r [Log],
    replayed: &'r Replay,
}

impl Run<'_> {
    fn problems(
        &self,
        test: &Test,
        expected: &[(ItemId, &Expectation)],
        forbidden: &[ItemId],
    ) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for (log, why) in &self.replayed.unread {
            let name = self.logs.get(*log).map_or("", |log| &*log.name);
            let number = self.logs.get(*log).map_or(0, |log| log.first);
            let what = match self.logs.get(*log).is_some_and(|log| &*log.name == "events") {
                true => format!("event {number} cannot be read: {why}"),
                false => format!("`{name}` has a damaged place: {why}"),
            };
            problems.push(Problem { what, details: Vec::new(), span: None });
        }
        let detections: Vec<Detection> =
            self.replayed.fired.iter().map(|fired| self.detection(fired)).collect();
        let mut rules: Vec<ItemId> = expected.iter().map(|(rule, _)| *rule).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in &rules {
            let expected: Vec<&Expectation> =
                expected.iter().filter(|(of, _)| of == rule).map(|(_, expectation)| *expectation).collect();
            let found: Vec<&Detection> =
                detections.iter().filter(|detection| detection.rule == *rule).collect();
            self.hold(*rule, &expected, &found, test.allow_others, &mut problems);
        }
        for detection in &detections {
            let is_forbidden = forbidden.contains(&detection.rule);
            let is_unexpected = !test.allow_others
                && !rules.contains(&detection.rule)
                && self.program.is_shown(detection.rule);
            if is_forbidden || is_unexpected {
                let what = format!("`{}` fired and must not", self.title(detection.rule));
                problems.push(Problem { what, details: self.described(detection), span: None });
            }
        }
        if problems.len() > PROBLEMS_MAX {
            let rest = problems.len() - PROBLEMS_MAX;
            problems.truncate(PROBLEMS_MAX);
            let what = format!("and {rest} more");
            problems.push(Problem { what, details: Vec::new(), span: None });
        }
        problems
    }

    /// Holds the expectations about one rule against its detections.
    fn hold(
        &self,
        rule: ItemId,
        expected: &[&Expectation],
        found: &[&Detection],
        allow_others: bool,
        problems: &mut Vec<Problem>,
    ) {
        let differences: Vec<Vec<Vec<Difference>>> = expected
            .iter()
            .map(|one| found.iter().map(|detection| one.wanted.differences(detection)).collect())
            .collect();
        // What must be there is served before what may be there.
        let must = expected.iter().enumerate().flat_map(|(at, one)| vec![at; one.count.min]);
        let may = expected.iter().enumerate().flat_map(|(at, one)| {
            let max = one.count.max.unwrap_or(found.len()).min(found.len());
            vec![at; max.saturating_sub(one.count.min)]
        });
        let slots: Vec<usize> = must.chain(may).collect();
        let fits = |slot: usize, detection: usize| differences[slots[slot]][detection].is_empty();
        let assigned = assign(slots.len(), found.len(), &fits);
        let mut is_taken = vec![false; found.len()];
        let mut counts = vec![0; expected.len()];
        for (slot, detection) in assigned.iter().enumerate() {
            if let Some(detection) = detection {
                is_taken[*detection] = true;
                counts[slots[slot]] += 1;
            }
        }
        for (at, one) in expected.iter().enumerate() {
            if one.count.holds(counts[at]) {
                continue;
            }
            let title = self.title(rule);
            let what = format!("`{title}` must fire: {} expected, {} found", one.count, counts[at]);
            let mut details = Vec::new();
            let free = (0..found.len()).filter(|detection| !is_taken[*detection]);
            match free.min_by_key(|detection| differences[at][*detection].len()) {
                Some(nearest) => {
                    is_taken[nearest] = true;
                    details.push("the nearest that fired differs:".to_owned());
                    details.extend(differences[at][nearest].iter().map(|difference| {
                        format!(
                            "  {}: expected {}, found {}",
                            difference.what, difference.wanted, difference.got
                        )
                    }));
                }
                None => details.extend(self.why_not(rule, one, found)),
            }
            problems.push(Problem { what, details, span: Some(one.span) });
        }
        if !allow_others {
            for (detection, _) in found.iter().zip(is_taken).filter(|(_, is_taken)| !is_taken) {
                let what = format!("`{}` fired more often than expected", self.title(rule));
                problems.push(Problem { what, details: self.described(detection), span: None });
            }
        }
    }

    fn title(&self, rule: ItemId) -> String {
        self.program.set.get(rule).map_or_else(String::new, |item| crate::steps::shown(&item.meta().title))
    }

    fn detection(&self, fired: &Fired) -> Detection {
        Detection {
            rule: fired.rule,
            time: fired.time,
            first: fired.first,
            last: fired.last,
            group: fired.group.clone(),
            value: fired.value.clone(),
            total: fired.total,
            events: fired.evidence.iter().map(|event| self.number(event.log, event.record)).collect(),
            outcomes: fired.outcomes.clone(),
        }
    }

    /// The number of an event over all that the test is given, from 1.
    fn number(&self, log: usize, record: u64) -> usize {
        let before: u64 = self.replayed.records.iter().take(log).sum();
        let first = self.logs.get(log).map_or(1, |log| log.first);
        usize::try_from(before + record.saturating_sub(first) + 1).unwrap_or(usize::MAX)
    }

    /// A detection in lines.
    fn described(&self, detection: &Detection) -> Vec<String> {
        let mut out = Vec::new();
        let time = |time: Option<Timestamp>| time.map_or("no time".to_owned(), |time| time.to_string());
        out.push(format!(
            "at {}, on event{} {}",
            time(detection.time),
            if detection.events.len() == 1 { "" } else { "s" },
            crate::compare::numbers(&detection.events)
        ));
        if detection.first != detection.last {
            out.push(format!("from {} to {}", time(detection.first), time(detection.last)));
        }
        for (name, texts) in &detection.group {
            out.push(format!(
                "group.{}: {}",
                crate::steps::shown(name),
                crate::steps::shown(&texts.join(", "))
            ));
        }
        if let Some(value) = &detection.value {
            out.push(format!("value {value}, {} in all", detection.total));
        }
        for (name, texts) in &detection.outcomes {
            out.push(format!(
                "outcome.{}: {}",
                crate::steps::shown(name),
                crate::steps::shown(&texts.join(", "))
            ));
        }
        out
    }
}
