//! Logs in memory through all rules: what fires, with everything that is known of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Cursor;
use std::sync::Arc;

use sigyn_correlate::{Hit, Plan};
use sigyn_engine::{ClassId, Explanation, Scratch};
use sigyn_event::{Event, Timestamp};
use sigyn_ir::{ItemId, Rule};
use sigyn_readers::{Decoder, Facts, Reader, Step, Unread, Why};

use crate::correlate::Correlator;
use crate::feed::{Copies, Gatherer};
use crate::program::Program;

/// A log in memory.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its name, by which evidence refers to it.
    pub name: Arc<str>,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// The number of its first record.
    pub first: u64,
    /// Which of the program's hints says what its events are; none: their content does.
    pub hint: Option<usize>,
}

/// A record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventRef {
    /// The log's place.
    pub log: usize,
    /// The record's number in the log.
    pub record: u64,
}

/// A rule that fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// The rule.
    pub rule: ItemId,
    /// When.
    pub time: Option<Timestamp>,
    /// The earliest event that it rests on.
    pub first: Option<Timestamp>,
    /// The latest.
    pub last: Option<Timestamp>,
    /// Fields of its group with their values.
    pub group: Vec<(String, Vec<String>)>,
    /// What was counted or measured.
    pub value: Option<String>,
    /// How many events it rests on.
    pub total: u64,
    /// Those events, or the oldest and newest of very many.
    pub evidence: Vec<EventRef>,
    /// Its outcomes with their values.
    pub outcomes: Vec<(String, Vec<String>)>,
}

/// What a replay gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// What fired, in canonical order.
    pub fired: Vec<Fired>,
    /// How many records each log has.
    pub records: Vec<u64>,
    /// What each event is, over all logs; none if the table of log sources does not know such events.
    pub classes: Vec<Option<ClassId>>,
    /// What could not be read: the log's place and the reason.
    pub unread: Vec<(usize, String)>,
}

/// In which order events reach the correlator, and how far it may look while they come. It makes no difference to what
/// fires in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// In the canonical order.
    Canonical,
    /// In this order, by their numbers over all logs from 1. Everything is decided at once, as if no event could be late:
    /// those that are late put right what was told.
    Order(Vec<usize>),
    /// As a stream brings them: each late by some time up to this, in batches, with decisions in between.
    Stream {
        /// How late an event may be, in nanoseconds.
        lateness_nanos: i64,
        /// Events between two decisions.
        batch: usize,
        /// What decides how late each is.
        seed: u64,
    },
}

/// Runs logs through a program.
pub fn replay(program: &Program, logs: &[Log]) -> Replay {
    replay_paced(program, logs, &Pace::Canonical)
}

/// Runs logs through a program at a pace.
pub fn replay_paced(program: &Program, logs: &[Log], pace: &Pace) -> Replay {
    let mut out = Replay::default();
    let mut hits = Vec::new();
    let times = matches(program, logs, &mut out, &mut hits);
    out.fired.sort_by(|a, b| (a.time, &a.evidence, a.rule).cmp(&(b.time, &b.evidence, b.rule)));
    let Some(plan) = &program.plan else { return out };
    without_copies(&mut hits, plan);
    let mut none = |_: &_| false;
    let mut correlator = Correlator::new(program, plan, &mut none);
    match pace {
        Pace::Order(order) => feed_late(&mut correlator, hits, order, &times),
        _ => feed(&mut correlator, arranged(hits, plan, pace), pace),
    }
    let told = correlator.finish(times.iter().copied().flatten().max());
    let places = Places::new(logs);
    out.fired.extend(told.detections.iter().map(|detection| {
        let detected = told.detected(detection);
        let texts = |value: Option<String>| value.into_iter().collect();
        Fired {
            rule: detection.rule,
            time: Some(detected.time),
            first: Some(detected.first),
            last: Some(detected.last),
            evidence: detected
                .records()
                .into_iter()
                .filter_map(|(log, record)| places.find(log, record))
                .collect(),
            group: detected.group.into_iter().map(|(name, value)| (name.to_string(), texts(value))).collect(),
            value: detected.value,
            total: detected.total,
            outcomes: detected
                .outcomes
                .into_iter()
                .map(|(name, values)| (name.to_string(), values))
                .collect(),
        }
    }));
    out
}

/// Matches of single events, and the hits that rules above them read, each with its event's number; gives the
/// time of each event.
fn matches(
    program: &Program,
    logs: &[Log],
    out: &mut Replay,
    hits: &mut Vec<(usize, Hit)>,
) -> Vec<Option<i64>> {
    let mut scratch = program.engine.scratch();
    let mut facts = Facts::new();
    let mut gatherer = Gatherer::default();
    let (mut number, mut times) = (0, Vec::new());
    for (at, log) in logs.iter().enumerate() {
        let (mut records, mut last) = (0, None);
        let unread = each(log, &mut |record, event| {
            records += 1;
            number += 1;
            let class = class_of(program, log, event, &mut scratch);
            out.classes.push(class);
            let rules = class.map_or(&[][..], |class| program.engine.matches(event, class, &mut scratch));
            let time = facts.time(event);
            let mut name = None;
            last = time.or(last);
            times.push(last.map(|Timestamp(ts)| ts));
            for rule in rules {
                if let Some(plan) = program.plan.as_ref().filter(|plan| plan.is_read(*rule))
                    && let Some(Timestamp(ts)) = last
                {
                    let values = gatherer.values(plan, &program.engine, class, *rule, event);
                    let name = *name.get_or_insert_with(|| gatherer.naming.of(event, &mut facts));
                    let at = crate::feed::at(&log.name, record, ts, name);
                    hits.push((number, Hit { rule: *rule, at, values }));
                }
            }
            out.fired.extend(rules.iter().map(|rule| Fired {
                rule: *rule,
                time,
                first: time,
                last: time,
                group: Vec::new(),
                value: None,
                total: 1,
                evidence: vec![EventRef { log: at, record }],
                outcomes: Vec::new(),
            }));
            true
        });
        out.records.push(records);
        out.unread.extend(unread.into_iter().map(|why| (at, why)));
    }
    times
}

/// Leaves out hits of records that stand in an earlier log too.
fn without_copies(hits: &mut Vec<(usize, Hit)>, plan: &Plan) {
    let mut sorted: Vec<Hit> = hits.iter().map(|(_, hit)| hit.clone()).collect();
    crate::spool::sort(&mut sorted, plan);
    let mut copies = Copies::default();
    let gone: HashSet<(Arc<str>, u64)> = sorted
        .into_iter()
        .filter(|hit| copies.is_copy(&hit.at))
        .map(|hit| (hit.at.source, hit.at.seq))
        .collect();
    hits.retain(|(_, hit)| !gone.contains(&(hit.at.source.clone(), hit.at.seq)));
}

/// Hits in the order in which they arrive.
fn arranged(mut hits: Vec<(usize, Hit)>, plan: &Plan, pace: &Pace) -> Vec<Hit> {
    match pace {
        Pace::Canonical => {
            let mut hits: Vec<Hit> = hits.into_iter().map(|(_, hit)| hit).collect();
            crate::spool::sort(&mut hits, plan);
            return hits;
        }
        // Has a way of its own.
        Pace::Order(_) => {}
        Pace::Stream { lateness_nanos, seed, .. } => hits.sort_by_key(|(number, hit)| {
            let late = i64::try_from(mixed(*seed, *number) >> 1).unwrap_or(0);
            (hit.at.ts.saturating_add(late % (*lateness_nanos).saturating_add(1).max(1)), *number)
        }),
    }
    hits.into_iter().map(|(_, hit)| hit).collect()
}

/// Pushes hits, with decisions in between if they come as a stream does.
fn feed(correlator: &mut Correlator<'_>, hits: Vec<Hit>, pace: &Pace) {
    let mut newest = i64::MIN;
    for (at, hit) in hits.into_iter().enumerate() {
        newest = newest.max(hit.at.ts);
        correlator.push(hit);
        if let Pace::Stream { lateness_nanos, batch, .. } = pace
            && (at + 1) % (*batch).max(1) == 0
        {
            correlator.advance(newest.saturating_sub(*lateness_nanos));
        }
    }
}

/// Pushes the hits of one event after the other and decides in between whatever can be, without waiting for late ones.
fn feed_late(
    correlator: &mut Correlator<'_>,
    hits: Vec<(usize, Hit)>,
    order: &[usize],
    times: &[Option<i64>],
) {
    let mut by_event: HashMap<usize, Vec<Hit>> = HashMap::new();
    for (number, hit) in hits {
        by_event.entry(number).or_default().push(hit);
    }
    let (mut past, mut newest) = (Vec::new(), i64::MIN);
    for number in order {
        let hits = by_event.remove(number).unwrap_or_default();
        past.extend(hits.iter().cloned());
        correlator.push_late(&hits, &past);
        let time = number.checked_sub(1).and_then(|at| times.get(at).copied().flatten());
        if let Some(time) = time.filter(|time| *time > newest) {
            newest = time;
            correlator.advance(newest);
        }
    }
}

/// A number that nothing but the seed and the place decide (splitmix64).
fn mixed(seed: u64, place: usize) -> u64 {
    let mut z = seed.wrapping_add((place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Logs by name and by the number of their first record.
struct Places<'l>(BTreeMap<(&'l str, u64), usize>);

impl<'l> Places<'l> {
    fn new(logs: &'l [Log]) -> Self {
        Self(logs.iter().enumerate().map(|(at, log)| ((&*log.name, log.first), at)).collect())
    }

    fn find(&self, log: &str, record: u64) -> Option<EventRef> {
        let ((name, _), at) = self.0.range(..=(log, record)).next_back()?;
        (*name == log).then_some(EventRef { log: *at, record })
    }
}

/// Why a rule matches a record of a log, or does not; none if there is no such record.
pub fn explain(program: &Program, log: &Log, record: u64, rule: &Rule) -> Option<Explanation> {
    let mut scratch = program.engine.scratch();
    let mut explained = None;
    each(log, &mut |number, event| {
        if number == record {
            let class = class_of(program, log, event, &mut scratch);
            explained = Some(program.engine.explain(rule, event, class));
        }
        number < record
    });
    explained
}

fn class_of(program: &Program, log: &Log, event: Event<'_>, scratch: &mut Scratch) -> Option<ClassId> {
    match log.hint {
        Some(hint) => program.hint(hint),
        None => program.engine.classify(event, scratch),
    }
}

/// Calls `visit` with the number of each record and its event until it says no; gives what could not be read.
fn each(log: &Log, visit: &mut dyn FnMut(u64, Event<'_>) -> bool) -> Vec<String> {
    let mut decoder = Decoder::new(None);
    let (mut next, mut unread, mut goes_on) = (log.first, Vec::new(), true);
    for step in Reader::new(&*log.name, Cursor::new(log.bytes.clone())) {
        match step {
            Step::Batch(batch) => {
                let outcome = decoder.decode(&batch, &mut |record, event| {
                    goes_on = goes_on && visit(next + record, event);
                    goes_on
                });
                next += outcome.records;
                unread.extend(outcome.flaws.into_iter().map(|flaw| flaw.why));
            }
            Step::Unread(Unread { why: why @ Why::NoShape(_), .. }) => {
                unread.push(format!("no known shape ({why})"));
            }
            Step::Unread(Unread { why, .. }) => unread.push(why.to_string()),
        }
        if !goes_on {
            break;
        }
    }
    unread
}
