//! Logs in memory through all rules: what fires, with everything that is known of it.

use std::io::Cursor;
use std::sync::Arc;

use sigyn_engine::{ClassId, Explanation, Scratch};
use sigyn_event::{Event, Timestamp};
use sigyn_ir::{ItemId, Rule};
use sigyn_readers::{Decoder, Facts, Reader, Step};

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
    /// Events of no known log source, by their numbers over all logs, from 1.
    pub unknown: Vec<usize>,
    /// What could not be read: the log's place and the reason.
    pub unread: Vec<(usize, String)>,
}

/// Runs logs through a program.
pub fn replay(program: &Program, logs: &[Log]) -> Replay {
    let mut out = Replay::default();
    let mut scratch = program.engine.scratch();
    let mut facts = Facts::new();
    let mut number = 0;
    for (at, log) in logs.iter().enumerate() {
        let mut records = 0;
        let unread = each(log, &mut |record, event| {
            records += 1;
            number += 1;
            let class = class_of(program, log, event, &mut scratch);
            if class.is_none() {
                out.unknown.push(number);
            }
            let rules = class.map_or(&[][..], |class| program.engine.matches(event, class, &mut scratch));
            let time = facts.time(event);
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
    out.fired.sort_by(|a, b| (a.time, &a.evidence, a.rule).cmp(&(b.time, &b.evidence, b.rule)));
    out
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
            Step::Unknown { tried, .. } => {
                let tried: Vec<_> =
                    tried.iter().map(|tried| format!("{}: {}", tried.shape, tried.why)).collect();
                unread.push(format!("no known shape ({})", tried.join("; ")));
            }
            Step::Failed { error, .. } => unread.push(error.to_string()),
        }
        if !goes_on {
            break;
        }
    }
    unread
}
