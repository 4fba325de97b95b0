//! Matches counted by rule, and what was read.

use std::collections::{BTreeMap, BTreeSet};

use sigyn_engine::{Blind, ClassId, Engine, SeenFields};
use sigyn_event::Timestamp;
use sigyn_ir::RuleItem;
use sigyn_readers::{Unread, Why};

use crate::detected::Detected;
use crate::found::Hit;
use crate::run::Report;

/// Hosts and users that are remembered per rule.
const NAMES_MAX: usize = 1_000;
/// Logs of unknown shape and damaged places that are remembered.
const NOTES_MAX: usize = 1_000;

/// What was found by one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Events.
    pub events: u64,
    /// The earliest of them.
    pub first: Option<Timestamp>,
    /// The latest.
    pub last: Option<Timestamp>,
    /// Hosts, at most 1,000.
    pub hosts: BTreeSet<String>,
    /// Users, at most 1,000.
    pub users: BTreeSet<String>,
}

/// A log of one shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Logs.
    pub logs: u64,
    /// Records that were decoded.
    pub records: u64,
    /// Records and places that were not.
    pub damaged: u64,
}

/// A place that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The log.
    pub path: String,
    /// Where in it, if known.
    pub offset: Option<u64>,
    /// What is wrong.
    pub why: String,
}

/// Everything but the matches themselves. Memory is bounded by the number of rules.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// By the rule's place in its set.
    pub rules: BTreeMap<usize, Count>,
    /// By the shape's name.
    pub shapes: BTreeMap<&'static str, Reads>,
    /// Matches in all, detections of correlations among them.
    pub hits: u64,
    /// Detections of correlations.
    pub detected: u64,
    /// Damaged places, the first 1,000.
    pub damage: Vec<Damage>,
    /// How many there are.
    pub damaged: u64,
    /// Logs that no shape fits, with the last reason, the first 1,000.
    pub unknown: Vec<Damage>,
    /// How many there are.
    pub unknowns: u64,
    /// Records by class of the engine.
    pub classes: BTreeMap<Option<ClassId>, u64>,
    /// Which fields they had.
    pub fields: SeenFields,
    last_path: String,
}

impl Summary {
    /// Counts a report.
    pub fn add(&mut self, report: &Report<'_>) {
        match report {
            Report::Hit(hit) => self.hit(hit),
            Report::Read { path, shape, outcome, classes } => {
                for (class, count) in classes {
                    *self.classes.entry(*class).or_default() += count;
                }
                let reads = self.shapes.entry(shape).or_default();
                if self.last_path != *path {
                    reads.logs += 1;
                    self.last_path.clone_from(path);
                }
                reads.records += outcome.records;
                reads.damaged += outcome.damaged;
                self.damaged += outcome.damaged;
                for flaw in &outcome.flaws {
                    note(&mut self.damage, path, flaw.offset, &flaw.why);
                }
            }
            Report::Unread(Unread { path, why }) => match why {
                Why::Failed { offset, .. } => {
                    self.damaged += 1;
                    note(&mut self.damage, path, Some(*offset), &why.to_string());
                }
                Why::NoShape(_) => {
                    self.unknowns += 1;
                    note(&mut self.unknown, path, None, &why.to_string());
                }
            },
            Report::Fields(fields) => self.fields.clone_from(fields),
        }
    }

    /// Counts a detection of a correlation.
    pub fn add_detected(&mut self, detected: &Detected) {
        self.hits += 1;
        self.detected += 1;
        let count = self.rules.entry(detected.rule).or_default();
        count.events += 1;
        count.first = Some(count.first.map_or(detected.first, |first| first.min(detected.first)));
        count.last = Some(count.last.map_or(detected.last, |last| last.max(detected.last)));
    }

    /// Records that were decoded.
    pub fn records(&self) -> u64 {
        self.shapes.values().map(|reads| reads.records).sum()
    }

    /// Logs that were read.
    pub fn logs(&self) -> u64 {
        self.shapes.values().map(|reads| reads.logs).sum()
    }

    /// Records that no log source is known for.
    pub fn unclassified(&self) -> u64 {
        self.classes.get(&None).copied().unwrap_or(0)
    }

    /// Whether some record was of a log source that the rule reads.
    pub fn has_log_source_of(&self, item: &RuleItem, engine: &Engine) -> bool {
        let RuleItem::Rule(rule) = item else { return true };
        let mut seen = self.classes.keys().flatten().flat_map(|class| engine.class_sources(*class));
        seen.any(|source| rule.logsource.covers(source))
    }

    /// Rules that read records but could match none, because a field that they need was in none.
    pub fn blind(&self, engine: &Engine) -> Vec<Blind> {
        let mut blind = engine.blind(&self.fields);
        blind.retain(|blind| !self.rules.contains_key(&(blind.rule.0 as usize)));
        blind
    }

    fn hit(&mut self, hit: &Hit<'_>) {
        self.hits += 1;
        let count = self.rules.entry(hit.rule).or_default();
        count.events += 1;
        if let Some(time) = hit.time {
            count.first = Some(count.first.map_or(time, |first| first.min(time)));
            count.last = Some(count.last.map_or(time, |last| last.max(time)));
        }
        remember(&mut count.hosts, hit.host.as_deref());
        remember(&mut count.users, hit.user.as_deref());
    }
}

fn remember(names: &mut BTreeSet<String>, name: Option<&str>) {
    if let Some(name) = name
        && names.len() < NAMES_MAX
        && !names.contains(name)
    {
        names.insert(name.to_owned());
    }
}

fn note(notes: &mut Vec<Damage>, path: &str, offset: Option<u64>, why: &str) {
    if notes.len() < NOTES_MAX {
        notes.push(Damage { path: path.to_owned(), offset, why: why.to_owned() });
    }
}
