//! Values of a test file: JSON for events, numbers, times and spans of time.

use serde_json::{Map, Number, Value as Json};
use sigyn_event::Timestamp;
use sigyn_syntax::{Reading, Scalar, Value, ValueKind};

const SECOND: i64 = 1_000_000_000;

/// A value as JSON, which readers take.
pub(crate) fn json(value: &Value<'_>) -> Json {
    match &value.kind {
        ValueKind::Scalar(scalar) => scalar_json(scalar),
        ValueKind::List(items) => Json::Array(items.iter().map(json).collect()),
        ValueKind::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (key_text(key), json(value)));
            Json::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

pub(crate) fn key_text(key: &Value<'_>) -> String {
    key.source_text().map(ToString::to_string).unwrap_or_default()
}

fn scalar_json(scalar: &Scalar<'_>) -> Json {
    let text = || Json::String(scalar.text.to_string());
    match scalar.reading {
        Reading::Null => Json::Null,
        Reading::Bool(value) => Json::Bool(value),
        Reading::Int(value) => Number::from_i128(value).map_or_else(text, Json::Number),
        Reading::Float(value) => Number::from_f64(value).map_or_else(text, Json::Number),
        Reading::Text | Reading::Date | Reading::Huge => text(),
    }
}

/// A span of time in nanoseconds: `90s`, `1m30s`, `1.5h`, `200ms`, `-5s`, `0`.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let (is_negative, mut rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim().trim_start_matches('+')),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut sum: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(end);
        let unit_end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let unit = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            "d" => 86_400 * SECOND,
            "w" => 7 * 86_400 * SECOND,
            _ => return None,
        };
        sum = sum.checked_add(scaled(number, unit)?)?;
        rest = behind;
    }
    Some(if is_negative { -sum } else { sum })
}

/// A decimal times a unit, exactly to the nanosecond.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    if !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut sum = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in part.bytes() {
        place /= 10;
        sum = sum.checked_add(place.checked_mul(i64::from(digit.checked_sub(b'0')?))?)?;
    }
    Some(sum)
}

/// A moment: a time of its own, or a span of time from the start.
pub(crate) fn moment(text: &str, start: Option<Timestamp>) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| start?.0.checked_add(duration(text)?).map(Timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_exact() {
        for (text, expect) in [
            ("90s", Some(90 * SECOND)),
            ("1m30s", Some(90 * SECOND)),
            ("1.5h", Some(5_400 * SECOND)),
            ("0.1s", Some(SECOND / 10)),
            ("-5s", Some(-5 * SECOND)),
            ("250ms", Some(SECOND / 4)),
            ("0", Some(0)),
            ("5", None),
            ("", None),
            ("s", None),
            ("1y", None),
            ("99999999999999w", None),
        ] {
            assert_eq!(duration(text), expect, "{text}");
        }
    }
}
