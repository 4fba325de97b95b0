//! When, where, who: what every result says about its event, and what its producer calls it. Which fields say it is
//! data (`data/facts.tsv`).
//!
//! Asked for events that match, not for every event. Where in an event the fields lie follows from its layout; so it
//! is looked up once for each layout, and from then on a fact costs as much as its value.

use std::sync::LazyLock;

use sigyn_event::{Event, FieldPath, NodeId, Timestamp, Value, VocabularyId, write_scalar};

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("../data/facts.tsv")));

struct Table {
    time: Vec<Line>,
    host: Vec<Line>,
    user: Vec<Line>,
    record: Vec<Line>,
}

/// A field, and another that must be there too.
struct Line {
    field: FieldPath,
    beside: Option<FieldPath>,
}

impl Line {
    fn place(&self, event: Event<'_>) -> Option<NodeId> {
        self.beside.as_ref().is_none_or(|other| first_place(event, other).is_some()).then_some(())?;
        first_place(event, &self.field)
    }
}

impl Table {
    fn parse(text: &str) -> Self {
        let fields = |fact: &str| {
            let lines = text.lines().map(|line| line.split('\t'));
            let fields = lines.filter_map(|mut columns| {
                columns.next().filter(|name| *name == fact)?;
                Some(Line {
                    field: FieldPath::new(columns.next()?),
                    beside: columns.next().map(FieldPath::new),
                })
            });
            fields.collect()
        };
        Self { time: fields("time"), host: fields("host"), user: fields("user"), record: fields("record") }
    }
}

/// Finds when, where and who in events; kept by a thread for what it has learned about layouts.
#[derive(Debug, Default)]
pub struct Facts {
    vocabulary: Option<VocabularyId>,
    known: Vec<Option<Places>>,
    /// Those of an event without a layout.
    other: Places,
}

/// Where an event has the fields of each fact, the best first.
#[derive(Debug, Default)]
struct Places {
    time: Vec<NodeId>,
    host: Vec<NodeId>,
    user: Vec<NodeId>,
    /// All of them, or none.
    record: Vec<NodeId>,
}

impl Facts {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// When it happened: the reader's time, else the first field that holds one.
    pub fn time(&mut self, event: Event<'_>) -> Option<Timestamp> {
        if let Some(time) = event.time() {
            return Some(time);
        }
        // Without a layout nothing is remembered, and mostly the first field has it: no need to look for all.
        if event.layout().is_none() {
            return TABLE.time.iter().find_map(|line| moment(event.value(line.place(event)?)?));
        }
        self.places(event).time.iter().find_map(|id| moment(event.value(*id)?))
    }

    /// Appends the machine it happened on or that wrote it down; false if none is named.
    pub fn host(&mut self, event: Event<'_>, out: &mut String) -> bool {
        first_text(event, &self.places(event).host, out)
    }

    /// Appends the account that acted; false if none is named.
    pub fn user(&mut self, event: Event<'_>, out: &mut String) -> bool {
        first_text(event, &self.places(event).user, out)
    }

    /// Appends what the event's producer calls it (E4): its provider, computer and channel, its number in that log, and the
    /// second in which it was written; false if one of them is missing. The second is there because a log that was
    /// cleared counts from 1 again. Copies of a log, in files of one form or of several, have the same names.
    pub fn record_id(&mut self, event: Event<'_>, out: &mut String) -> bool {
        let places = &self.places(event).record;
        if places.is_empty() {
            return false;
        }
        let start = out.len();
        for id in places {
            let before = out.len();
            event.value(*id).into_iter().for_each(|value| write_scalar(out, value));
            if out.len() == before {
                out.truncate(start);
                return false;
            }
            out.push('\n');
        }
        let Some(Timestamp(nanos)) = self.time(event) else {
            out.truncate(start);
            return false;
        };
        // Exports keep different parts of a second.
        out.push_str(&nanos.div_euclid(1_000_000_000).to_string());
        true
    }

    fn places(&mut self, event: Event<'_>) -> &Places {
        let Some(layout) = event.layout() else {
            self.other = Places::of(event);
            return &self.other;
        };
        if self.vocabulary != Some(event.vocabulary()) {
            self.vocabulary = Some(event.vocabulary());
            self.known.clear();
        }
        // Layouts are numbered without gaps and are bounded, and so is this.
        if self.known.len() <= layout.index() {
            self.known.resize_with(layout.index() + 1, || None);
        }
        match self.known.get_mut(layout.index()) {
            Some(places) => places.get_or_insert_with(|| Places::of(event)),
            None => &self.other,
        }
    }
}

impl Places {
    fn of(event: Event<'_>) -> Self {
        let all = |lines: &[Line]| lines.iter().filter_map(|line| line.place(event)).collect();
        let mut record: Vec<NodeId> = all(&TABLE.record);
        if record.len() < TABLE.record.len() {
            record.clear();
        }
        Self { time: all(&TABLE.time), host: all(&TABLE.host), user: all(&TABLE.user), record }
    }
}

/// The first place that a field name leads to.
fn first_place(event: Event<'_>, field: &FieldPath) -> Option<NodeId> {
    let mut first = None;
    event.visit_places(field, &mut |id| {
        first.get_or_insert(id);
    });
    first
}

fn first_text(event: Event<'_>, places: &[NodeId], out: &mut String) -> bool {
    let start = out.len();
    places.iter().any(|id| {
        event.value(*id).into_iter().for_each(|value| write_scalar(out, value));
        let is_named = !matches!(out.get(start..), None | Some("" | "-" | "N/A"));
        if !is_named {
            out.truncate(start);
        }
        is_named
    })
}

/// RFC 3339 text, or seconds, milliseconds or nanoseconds since 1970.
fn moment(value: Value<'_>) -> Option<Timestamp> {
    match value {
        Value::Text(text) => Timestamp::parse(text).or_else(|| seconds(text.parse().ok()?)),
        Value::Int(number) =>
        {
            #[expect(
                clippy::cast_precision_loss,
                reason = "whole seconds are exact, and so is every date at hand"
            )]
            seconds(number as f64)
        }
        Value::Float(number) => seconds(number),
        _ => None,
    }
}

/// A count since 1970 in the unit that puts it between 2001 and 2100.
fn seconds(number: f64) -> Option<Timestamp> {
    const FIRST: f64 = 1e9;
    const LAST: f64 = 4.2e9;
    let unit = [1.0, 1e3, 1e6, 1e9].into_iter().find(|unit| (FIRST..LAST).contains(&(number / unit)))?;
    #[expect(clippy::cast_possible_truncation, reason = "in range by the test above")]
    let micros = (number / unit * 1e6).round() as i64;
    // A float of today's dates holds microseconds, not more.
    micros.checked_mul(1_000).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use sigyn_event::EventBuf;

    use super::*;
    use crate::decoding::json;

    #[test]
    fn facts_are_found_where_shapes_put_them() {
        let (mut facts, mut buf) = (Facts::new(), EventBuf::new());
        let mut check = |text: &str, expect: [&str; 3]| {
            buf.clear();
            json::value(text, 0, &mut buf).unwrap();
            buf.recall();
            buf.learn();
            let event = buf.event(text);
            let time = facts.time(event).map_or(String::new(), |time| time.to_string());
            let (mut host, mut user) = (String::new(), String::new());
            facts.host(event, &mut host);
            facts.user(event, &mut user);
            let got = [time, host, user];
            assert_eq!(got, expect, "{text}");
        };
        check(
            r#"{"@timestamp":"2024-01-01T00:00:00Z","Computer":"h","User":"u"}"#,
            ["2024-01-01T00:00:00Z", "h", "u"],
        );
        check(
            r#"{"UtcTime":"2024-01-01 00:00:00.5","host":{"name":"h"},"User":"-","SubjectUserName":"s"}"#,
            ["2024-01-01T00:00:00.500Z", "h", "s"],
        );
        check(r#"{"ts":1704067200.25,"auid":1000}"#, ["2024-01-01T00:00:00.250Z", "", "1000"]);
        check(r#"{"timestamp":1704067200000}"#, ["2024-01-01T00:00:00Z", "", ""]);
        check(r#"{"time":"soon"}"#, ["", "", ""]);
        // Who changed a group, not the group.
        check(
            r#"{"TargetUserName":"Administrators","MemberSid":"S-1","SubjectUserName":"s"}"#,
            ["", "", "s"],
        );
        check(r#"{"TargetUserName":"t","SubjectUserName":"s"}"#, ["", "", "t"]);
        // The same layout, other values.
        check(r#"{"time":"2024-01-01T00:00:00Z"}"#, ["2024-01-01T00:00:00Z", "", ""]);
        check(r#"{"UtcTime":"?","host":{"name":"N/A"},"User":"v","SubjectUserName":"s"}"#, ["", "", "v"]);
    }

    #[test]
    fn a_record_is_named_by_its_producer_if_all_is_there() {
        let (mut facts, mut buf) = (Facts::new(), EventBuf::new());
        let mut check = |text: &str, expect: Option<&str>| {
            buf.clear();
            json::value(text, 0, &mut buf).unwrap();
            let mut out = "x".to_owned();
            let is_named = facts.record_id(buf.event(text), &mut out);
            assert_eq!((is_named, &out[1..]), (expect.is_some(), expect.unwrap_or("")), "{text}");
        };
        let event = |fields: &str| {
            format!(r#"{{"Provider_Name":"p","Computer":"h","Channel":"c","EventRecordID":7,{fields}"x":1}}"#)
        };
        let name = Some("p\nh\nc\n7\n1704067200");
        check(&event(r#""UtcTime":"2024-01-01T00:00:00.1234567Z","#), name);
        check(&event(r#""UtcTime":"2024-01-01T00:00:00.123Z","#), name);
        check(&event(""), None);
        check(r#"{"Computer":"h","Channel":"c","EventRecordID":7,"UtcTime":"2024-01-01T00:00:00Z"}"#, None);
        check(
            r#"{"Provider_Name":"","Computer":"h","Channel":"c","EventRecordID":7,"UtcTime":"2024-01-01T00:00:00Z"}"#,
            None,
        );
    }
}
