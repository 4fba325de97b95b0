//! Correlation cases: Markdown files with rules, events and the detections that must come of them.
//!
//! ````text
//! Rules that all cases of the file share.
//!
//! ```yaml
//! title: A
//! name: rule_a
//! …
//! ```
//!
//! ## What the case shows
//!
//! ```yaml
//! title: Burst
//! name: burst
//! correlation: …
//! ```
//!
//! ```events
//! 1000 k=a u=x
//! 1000.5 host/7 {"k": "a", "u": ["x", "y"]}
//! #1 1000 k=a u=x
//! ```
//!
//! ```detections
//! burst ["x"] at 1000.5 anchor 2 value 2 total 2 first 1000 last 1000.5 evidence 1,2
//! ```
//! ````
//!
//! An event is a time in seconds (`1000+1*5`: five of them, one second apart), the source with its own order if there is one, and the fields. Events are numbered in
//! the order of writing, which is the order of arrival; `#1` in front says that it is event 1 once more. A detection is
//! the rule's name, the group and what is to be checked of it: what a line leaves out may be anything. Detections of
//! single-event rules over events are not listed. `range` (`FROM..UNTIL`) says from when the rules are in force and up to where
//! all has been seen; without it that is for ever. `signals` lists the rules that speak for themselves, `refused`
//! the titles of rules that must not load; with `refused` alone the rules must be refused in some way.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sigyn_ir::{RuleItem, RuleSet};

use super::options::is_silent;
use super::row::{Names, Row, rule_name, time_of, time_text};
use super::strata::reads_detections;
use super::{Event, Id, Time};
use crate::matching;

/// Rules, events and detections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// The documents, those that the file's cases share first.
    pub rules: String,
    /// The events in the order of their arrival.
    pub events: Vec<Event>,
    /// From when the rules are in force and up to where all has been seen, if the case says so.
    pub range: Option<Span>,
    /// The detections.
    pub detections: Vec<Expected>,
    /// Names of the rules that speak for themselves, if the case says so.
    pub signals: Option<Vec<String>>,
    /// Titles of rules that must be refused.
    pub refused: Option<Vec<String>>,
}

/// A detection that must come.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The line as written.
    pub line: String,
    /// What it says, by name: `rule`, `group`, `at`, ….
    pub says: BTreeMap<String, String>,
}

/// From one instant to another.
pub type Span = (Time, Time);

/// What runs a case: rules and events, and where they begin and end, to detections.
pub type Way<'w> = &'w dyn Fn(&RuleSet, &[Event], Option<Span>) -> Result<Vec<Row>, String>;

/// The cases of a file.
///
/// # Errors
/// The file is not in the form above.
pub fn cases(text: &str) -> Result<Vec<Case>, String> {
    let mut sections = text.split("\n## ");
    let shared = sections.next().map(|head| block(head, "yaml").unwrap_or_default()).unwrap_or_default();
    sections.map(|section| case(section, &shared)).collect()
}

fn case(text: &str, shared: &str) -> Result<Case, String> {
    let title = text.lines().next().unwrap_or("").to_owned();
    let own = block(text, "yaml").unwrap_or_default();
    let rules = match (shared.is_empty(), own.is_empty()) {
        (false, false) => format!("{shared}---\n{own}"),
        _ => format!("{shared}{own}"),
    };
    let names = |kind: &str| {
        let words = block(text, kind)?;
        Some(words.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    };
    let mut case = Case {
        title: title.clone(),
        rules,
        signals: names("signals"),
        refused: names("refused"),
        ..Case::default()
    };
    let wrong = |error: String| format!("{title}: {error}");
    for line in block(text, "events").unwrap_or_default().lines() {
        for line in repeated(line).ok_or_else(|| wrong(format!("no event: {line}")))? {
            let event = event(&line, case.events.len() + 1).map_err(wrong)?;
            case.events.push(event);
        }
    }
    if let Some(range) = block(text, "range") {
        let (from, until) = range.trim().split_once("..").unwrap_or(("", ""));
        let range = time_of(from).zip(time_of(until)).filter(|(from, until)| from < until);
        case.range = Some(range.ok_or_else(|| wrong("no range".to_owned()))?);
    }
    let detections = block(text, "detections");
    for line in detections.iter().flat_map(|lines| lines.lines()) {
        case.detections.push(expected(line).map_err(wrong)?);
    }
    if detections.is_none() && case.refused.is_none() && case.signals.is_none() {
        return Err(format!("{title}: nothing expected"));
    }
    Ok(case)
}

/// The body of the block of a kind.
fn block(text: &str, kind: &str) -> Option<String> {
    let (_, behind) = text.split_once(&format!("\n```{kind}\n"))?;
    if behind.starts_with("```") {
        return Some(String::new());
    }
    behind.split_once("\n```").map(|(body, _)| format!("{body}\n"))
}

/// The id of the event with a number.
pub fn numbered(number: usize) -> Id {
    (number as u128).to_be_bytes()
}

/// `START+STEP*COUNT` in place of a time: as many events, one after the other.
fn repeated(line: &str) -> Option<Vec<String>> {
    let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
    let Some((start, every)) = time.split_once('+') else { return Some(vec![line.to_owned()]) };
    let (step, count) = every.split_once('*')?;
    let (start, step, count) = (time_of(start)?, time_of(step)?, count.parse::<Time>().ok()?);
    Some((0..count).map(|at| format!("{} {rest}", time_text(start + at * step))).collect())
}

fn event(line: &str, number: usize) -> Result<Event, String> {
    let wrong = || format!("no event: {line}");
    let (eid, rest) = match line.strip_prefix('#') {
        Some(rest) => {
            let (number, rest) = rest.split_once(' ').ok_or_else(wrong)?;
            (numbered(number.parse().map_err(|_| wrong())?), rest)
        }
        None => (numbered(number), line),
    };
    let (time, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let ts = time_of(time).and_then(|ts| i64::try_from(ts).ok()).ok_or_else(wrong)?;
    let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    let has_source = !first.is_empty() && !first.starts_with('{') && !first.contains('=');
    let (source, seq, rest) = match has_source {
        true => {
            let (source, seq) = first.split_once('/').unwrap_or((first, "0"));
            (source, seq.parse().map_err(|_| wrong())?, behind)
        }
        false => ("", 0, rest),
    };
    let fields = match rest.starts_with('{') {
        true => serde_json::from_str(rest).map_err(|error| format!("{error}: {line}"))?,
        false => words(rest).ok_or_else(wrong)?,
    };
    Ok(Event { ts, source: source.to_owned(), seq, eid, fields })
}

/// `key=value` words; a value that is no JSON is a text.
fn words(text: &str) -> Option<Map<String, Value>> {
    let pairs = text.split_whitespace().map(|word| {
        let (key, value) = word.split_once('=')?;
        Some((key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))))
    });
    pairs.collect()
}

/// Names that a line of a detection may give.
const SAYS: &[&str] = &[
    "at",
    "anchor",
    "value",
    "total",
    "first",
    "last",
    "evidence",
    "truncated",
    "cut",
    "suppressed",
    "outcome",
    "grown",
];

fn expected(line: &str) -> Result<Expected, String> {
    let wrong = || format!("no detection: {line}");
    let (rule, rest) = line.split_once(" [").ok_or_else(wrong)?;
    let rest = format!("[{rest}");
    let mut groups = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
    let group = groups.next().and_then(Result::ok).ok_or_else(wrong)?;
    let behind = rest.get(groups.byte_offset()..).unwrap_or("");
    let mut says =
        BTreeMap::from([("rule".to_owned(), rule.to_owned()), ("group".to_owned(), group.to_string())]);
    let mut words = behind.split_whitespace();
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(wrong)?;
        if !SAYS.contains(&name) {
            return Err(wrong());
        }
        let (name, value) = match value.split_once('=') {
            Some((outcome, value)) if matches!(name, "outcome" | "grown") => {
                (format!("{name} {outcome}"), value)
            }
            _ => (name.to_owned(), value),
        };
        says.insert(name, value.to_owned());
    }
    Ok(Expected { line: line.to_owned(), says })
}

impl Case {
    /// Whether a detection is what a line expects.
    fn fits(expected: &Expected, actual: &Expected) -> bool {
        let own = |name: &str| match name {
            "truncated" | "cut" => "no".to_owned(),
            "suppressed" => "0".to_owned(),
            _ => String::new(),
        };
        expected.says.iter().all(|(name, value)| match actual.says.get(name) {
            Some(other) => other == value,
            None => own(name) == *value,
        })
    }

    /// Runs the case one way; gives what is wrong.
    pub fn check(&self, way: Way<'_>) -> Vec<String> {
        let loaded = matching::load(&self.rules);
        let mut wrong = Vec::new();
        let mut complain = |what: String| wrong.push(format!("{}: {what}", self.title));
        let refused: Vec<String> = loaded.failed.iter().filter_map(|failed| failed.title.clone()).collect();
        let rows = way(&loaded.set, &self.events, self.range);
        match &self.refused {
            Some(titles) if titles.is_empty() => {
                if refused.is_empty() && rows.is_ok() {
                    complain("is not refused".to_owned());
                }
                return wrong;
            }
            Some(titles) if *titles != refused => complain(format!("refused: {refused:?}")),
            None if !loaded.failed.is_empty() => {
                complain(format!("refused: {:?}", loaded.failed[0].error.message));
            }
            _ => {}
        }
        if let Some(signals) = &self.signals {
            let speaks = |at: &usize| loaded.set.outputs[*at] && !is_silent(loaded.set.items[*at].meta());
            let mut speaking: Vec<String> = (0..loaded.set.items.len())
                .filter(speaks)
                .map(|at| rule_name(&loaded.set, sigyn_ir::ItemId(u32::try_from(at).unwrap_or(0))))
                .collect();
            let mut signals = signals.clone();
            speaking.sort();
            signals.sort();
            if speaking != signals {
                complain(format!("these rules speak for themselves: {speaking:?}"));
            }
        }
        match rows {
            Ok(rows) => self.compare(&loaded.set, &rows, &mut complain),
            Err(error) => complain(error),
        }
        wrong
    }

    fn compare(&self, set: &RuleSet, rows: &[Row], complain: &mut dyn FnMut(String)) {
        let names = Names::of(set, rows);
        let listed = rows.iter().filter(|row| is_listed(set, row));
        let lines = listed.map(|row| row.line(set, &names));
        let mut actual: Vec<Expected> = Vec::new();
        for line in lines {
            match expected(&line) {
                Ok(line) => actual.push(line),
                Err(error) => complain(error),
            }
        }
        for expected in &self.detections {
            match actual.iter().position(|actual| Self::fits(expected, actual)) {
                Some(place) => {
                    actual.remove(place);
                }
                None => complain(format!("missing: {}", expected.line)),
            }
        }
        actual.iter().for_each(|line| complain(format!("not expected: {}", line.line)));
    }

    /// The case as it would stand in a file, with the detections of some run.
    pub fn text(&self, set: &RuleSet, rows: &[Row]) -> String {
        let names = Names::of(set, rows);
        let mut text = format!("## {}\n\n```yaml\n{}```\n\n```events\n", self.title, self.rules);
        for (at, event) in self.events.iter().enumerate() {
            text += &event_line(event, at + 1);
        }
        text += "```\n\n```detections\n";
        for row in rows.iter().filter(|row| is_listed(set, row)) {
            text += &row.line(set, &names);
            text += "\n";
        }
        text + "```\n"
    }
}

/// Whether a case lists the detections of a rule.
fn is_listed(set: &RuleSet, row: &Row) -> bool {
    match set.get(row.rule) {
        Some(RuleItem::Rule(rule)) => reads_detections(rule),
        _ => true,
    }
}

/// An event as a line of a case.
pub fn event_line(event: &Event, number: usize) -> String {
    let mut line = String::new();
    if event.eid != numbered(number) {
        line += &format!("#{} ", u128::from_be_bytes(event.eid));
    }
    line += &time_text(event.ts.into());
    if !event.source.is_empty() || event.seq > 0 {
        line += &format!(" {}/{}", event.source, event.seq);
    }
    line + &format!(" {}\n", Value::from(event.fields.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::{OwnIds, detections};
    use super::*;

    /// What a file of one case complains about.
    fn complaints(text: &str) -> Vec<String> {
        let naive = |set: &RuleSet, events: &[Event], _: Option<Span>| {
            Ok(detections(set, events, &OwnIds)?.iter().map(Row::from).collect())
        };
        let cases = cases(&format!("\n## Case\n{text}")).unwrap();
        assert_eq!(cases.len(), 1);
        cases[0].check(&naive)
    }

    const RULES: &str = "\n```yaml\ntitle: A\nname: a\nlogsource: {category: test}\n\
        detection: {s: {k: a}, condition: s}\n---\ntitle: C\nname: c\ncorrelation: {type: event_count, \
        rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}}\n```\n\n\
        ```events\n1+1*3 k=a u=x\n```\n\n";

    #[test]
    fn a_line_is_held_to_all_that_it_says() {
        let right =
            "c [\"x\"] at 2 anchor 2 value 2 total 3 first 1 last 3 evidence 1,2,3 truncated no suppressed 0";
        let with = |line: &str| complaints(&format!("{RULES}```detections\n{line}\n```\n"));
        assert_eq!(with(right), [""; 0]);
        for (from, to) in [
            ("c [", "a ["),
            ("[\"x\"]", "[\"y\"]"),
            ("[\"x\"]", "[null]"),
            ("at 2", "at 3"),
            ("anchor 2", "anchor 1"),
            ("value 2", "value 3"),
            ("total 3", "total 2"),
            ("first 1", "first 2"),
            ("last 3", "last 2"),
            ("1,2,3", "1,2"),
            ("truncated no", "truncated yes"),
            ("suppressed 0", "suppressed 1"),
            ("suppressed 0", "outcome n=[\"1\"]"),
        ] {
            let wrong = right.replace(from, to);
            assert_eq!(with(&wrong).len(), 2, "missing and not expected: {wrong}");
        }
        assert_eq!(with(&format!("{right}\n{right}")).len(), 1, "twice");
        assert_eq!(complaints(&format!("{RULES}```detections\n```\n")).len(), 1, "not listed");
        assert_eq!(complaints(&format!("{RULES}```signals\nc\n```\n```detections\n{right}\n```\n")), [""; 0]);
        assert_eq!(complaints(&format!("{RULES}```signals\na\n```\n```detections\n{right}\n```\n")).len(), 1);
        assert_eq!(complaints(&format!("{RULES}```refused\n```\n")).len(), 1, "is not refused");
    }

    #[test]
    fn what_is_no_case_is_said() {
        for text in [
            "",
            "```events\nsoon k=a\n```\n```detections\n```\n",
            "```range\n5..5\n```\n\n```detections\n```\n",
            "```events\n1 k=a b\n```\n```detections\n```\n",
            "```events\n1+1 k=a\n```\n```detections\n```\n",
            "```detections\nc at 2\n```\n",
            "```detections\nc [] at\n```\n",
            "```detections\nc [] when 2\n```\n",
        ] {
            assert!(cases(&format!("\n## Case\n\n{text}")).is_err(), "{text}");
        }
    }
}
