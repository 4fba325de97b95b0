//! When, where, who: what every result says about its event. Which fields say it is data (`data/facts.tsv`).
//!
//! Asked for events that match, not for every event.

use std::sync::LazyLock;

use sigyn_event::{Event, FieldPath, Timestamp, Value, write_scalar};

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("../data/facts.tsv")));

struct Table {
    time: Vec<FieldPath>,
    host: Vec<FieldPath>,
    user: Vec<FieldPath>,
}

impl Table {
    fn parse(text: &str) -> Self {
        let fields = |fact: &str| {
            let lines = text.lines().filter_map(|line| line.split_once('\t'));
            lines.filter(|(name, _)| *name == fact).map(|(_, field)| FieldPath::new(field)).collect()
        };
        Self { time: fields("time"), host: fields("host"), user: fields("user") }
    }
}

/// When it happened: the reader's time, else the first field that holds one.
pub fn time(event: Event<'_>) -> Option<Timestamp> {
    event.time().or_else(|| TABLE.time.iter().find_map(|field| moment(event.first(field)?)))
}

/// The machine it happened on or that wrote it down.
pub fn host(event: Event<'_>) -> Option<String> {
    first_text(event, &TABLE.host)
}

/// The account that acted.
pub fn user(event: Event<'_>) -> Option<String> {
    first_text(event, &TABLE.user)
}

fn first_text(event: Event<'_>, fields: &[FieldPath]) -> Option<String> {
    fields.iter().find_map(|field| {
        let mut text = String::new();
        write_scalar(&mut text, event.first(field)?);
        (!matches!(text.as_str(), "" | "-" | "N/A")).then_some(text)
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
        let check = |text: &str, expect: [&str; 3]| {
            let mut buf = EventBuf::new();
            json::value(text, 0, &mut buf).unwrap();
            let event = buf.event(text);
            let time = time(event).map_or(String::new(), |time| time.to_string());
            let got = [time, host(event).unwrap_or_default(), user(event).unwrap_or_default()];
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
    }
}
