//! When, where, who: what every result says about its event, and what its producer calls it. Which fields say it is
//! data (`data/facts.tsv`).
//!
//! Asked for events that match; when something above single rules reads matches, every event is asked for its time. Where in an
//! event the fields lie follows from its layout; so it is looked up once for each layout, and from then on a fact costs as much as
//! its value. Of a time the minute is mostly that of the event before.

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
    layouts: Layouts,
    minute: Minute,
}

/// What was learned about layouts.
#[derive(Debug, Default)]
struct Layouts {
    vocabulary: Option<VocabularyId>,
    known: Vec<Places>,
    /// Those of an event without a layout.
    other: Places,
}

/// Where an event has the fields of each fact, the best first; none if that was not asked for.
#[derive(Debug, Default)]
struct Places {
    time: Option<Vec<NodeId>>,
    host: Option<Vec<NodeId>>,
    user: Option<Vec<NodeId>>,
    /// All of them, or an empty list.
    record: Option<Vec<NodeId>>,
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
            return TABLE
                .time
                .iter()
                .find_map(|line| moment(event.value(line.place(event)?)?, &mut self.minute));
        }
        let places = self.layouts.places(event).time.get_or_insert_with(|| all(&TABLE.time, event));
        places.iter().find_map(|id| moment(event.value(*id)?, &mut self.minute))
    }

    /// Appends the machine it happened on or that wrote it down; false if none is named.
    pub fn host(&mut self, event: Event<'_>, out: &mut String) -> bool {
        let places = self.layouts.places(event).host.get_or_insert_with(|| all(&TABLE.host, event));
        first_text(event, places, out)
    }

    /// Appends the account that acted; false if none is named.
    pub fn user(&mut self, event: Event<'_>, out: &mut String) -> bool {
        let places = self.layouts.places(event).user.get_or_insert_with(|| all(&TABLE.user, event));
        first_text(event, places, out)
    }

    /// Appends what the event's producer calls it (E4): its provider, computer and channel, its number in that log, and the
    /// second in which it was written; false if one of them is missing. The second is there because a log that was
    /// cleared counts from 1 again. Copies of a log, in files of one form or of several, have the same names.
    pub fn record_id(&mut self, event: Event<'_>, out: &mut String) -> bool {
        let places = self.layouts.places(event).record.get_or_insert_with(|| {
            let places = all(&TABLE.record, event);
            if places.len() < TABLE.record.len() { Vec::new() } else { places }
        });
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
}

impl Layouts {
    fn places(&mut self, event: Event<'_>) -> &mut Places {
        let Some(layout) = event.layout() else {
            self.other = Places::default();
            return &mut self.other;
        };
        if self.vocabulary != Some(event.vocabulary()) {
            self.vocabulary = Some(event.vocabulary());
            self.known.clear();
        }
        // Layouts are numbered without gaps and are bounded, and so is this.
        if self.known.len() <= layout.index() {
            self.known.resize_with(layout.index() + 1, Places::default);
        }
        match self.known.get_mut(layout.index()) {
            Some(places) => places,
            None => &mut self.other,
        }
    }
}

/// Where an event has some fields.
fn all(lines: &[Line], event: Event<'_>) -> Vec<NodeId> {
    lines.iter().filter_map(|line| line.place(event)).collect()
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

/// The minute that was read last. Reading a time takes some 600 instructions, within the same minute a tenth of that.
#[derive(Debug, Default)]
struct Minute {
    /// `YYYY-MM-DDThh:mm:`, in UTC.
    text: [u8; MINUTE],
    start: Option<Timestamp>,
}

/// Nanoseconds of the last of so many digits.
const UNITS: [i64; 10] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
/// Bytes of a time up to its seconds.
const MINUTE: usize = 17;

impl Minute {
    /// As [`Timestamp::parse`].
    fn parse(&mut self, text: &str) -> Option<Timestamp> {
        let (minute, rest) = text.as_bytes().split_first_chunk::<MINUTE>()?;
        if *minute != self.text {
            let time = Timestamp::parse(text)?;
            let first = [minute, &b"00"[..]].concat();
            (self.text, self.start) = (*minute, Timestamp::parse(str::from_utf8(&first).ok()?));
            return Some(time);
        }
        match self.start.zip(nanos(rest)) {
            Some((Timestamp(start), nanos)) => start.checked_add(nanos).map(Timestamp),
            None => Timestamp::parse(text),
        }
    }
}

/// Seconds and their fraction at the end of a time in UTC, as nanoseconds; none if it ends otherwise.
fn nanos(text: &[u8]) -> Option<i64> {
    let (seconds, rest) = text.split_first_chunk::<2>()?;
    let [tens @ b'0'..=b'5', ones @ b'0'..=b'9'] = *seconds else { return None };
    let nanos = (i64::from(tens - b'0') * 10 + i64::from(ones - b'0')) * 1_000_000_000;
    let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
    let Some((b'.', digits)) = rest.split_first() else { return rest.is_empty().then_some(nanos) };
    let mut fraction = 0;
    for digit in digits.iter().take(9) {
        fraction = fraction * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    let unit = UNITS.get(digits.len().min(9)).filter(|_| !digits.is_empty())?;
    let is_number = digits.iter().skip(9).all(u8::is_ascii_digit);
    is_number.then_some(nanos + fraction * unit)
}

/// RFC 3339 text, or seconds, milliseconds or nanoseconds since 1970.
fn moment(value: Value<'_>, minute: &mut Minute) -> Option<Timestamp> {
    match value {
        Value::Text(text) => minute.parse(text).or_else(|| seconds(text.parse().ok()?)),
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
    fn times_are_read_as_if_each_were_the_first() {
        let texts = [
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:59.123456789Z",
            "2024-01-01T00:00:07.1234567891Z",
            "2024-01-01T00:00:07",
            "2024-01-01T00:00:07.5",
            "2024-01-01T00:00:07.5z",
            "2024-01-01T00:00:07+01:00",
            "2024-01-01T00:00:07.25-01:30",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:61Z",
            "2024-01-01T00:00:7Z",
            "2024-01-01T00:00:07.Z",
            "2024-01-01T00:00:07ZZ",
            "2024-01-01T00:00:",
            "2024-01-01T00:00",
            "2024-01-01 00:00:07Z",
            "2024-01-01T00:01:07Z",
            "2024-01-01T00:0x:07Z",
            "2024-02-30T00:00:07Z",
            "2262-04-11T23:47:16.854775807Z",
            "2262-04-11T23:47:16.854775808Z",
            "1677-09-21T00:12:43Z",
            "1677-09-21T00:12:44Z",
            "1704067200",
            concat!("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "07"),
        ];
        for before in texts {
            let mut minute = Minute::default();
            for text in texts {
                minute.parse(before);
                assert_eq!(minute.parse(text), Timestamp::parse(text), "{text:?} behind {before:?}");
            }
        }
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
