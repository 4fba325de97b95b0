//! Plain data as values of rules, and as Python would print and compare it.

use std::sync::OnceLock;

use fancy_regex::Regex;
use sigyn_ir::{Data, Number, Part, SigmaString, Value};

/// A plain value as a rule would hold it; `None` for lists and maps.
pub(crate) fn sigma_value(data: &Data) -> Option<Value> {
    Some(match data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(*value),
        Data::Number(number) => Value::Number(normal(*number)),
        Data::Text(text) => Value::Str(SigmaString::parse(text)),
        Data::List(_) | Data::Map(_) => return None,
    })
}

/// A decimal without fraction is an integer.
pub(crate) fn normal(number: Number) -> Number {
    match number {
        #[expect(clippy::cast_possible_truncation, reason = "guarded by the range")]
        Number::Float(value) if value.fract() == 0.0 && value.abs() < 1e18 => Number::Int(value as i128),
        other => other,
    }
}

/// Reads a number as Python's `int()` and `float()` together.
pub(crate) fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let is_grouped =
        text.contains('_') && !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    let plain = if is_grouped { text.replace('_', "") } else { text.to_owned() };
    if let Ok(value) = plain.parse::<i128>() {
        return Some(Number::Int(value));
    }
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() && plain.contains(|c: char| c.is_ascii_digit()) => {
            Some(normal(Number::Float(value)))
        }
        _ => None,
    }
}

/// Whether a rule's value equals plain data: same kind and same content; numbers by value.
pub(crate) fn equals(value: &Value, data: &Data) -> bool {
    match (value, data) {
        (Value::Str(string) | Value::Cased(string), Data::Text(text)) => *string == SigmaString::parse(text),
        (Value::Number(number) | Value::TimePart { number, .. }, Data::Number(other)) => {
            numbers_equal(*number, *other)
        }
        (Value::Number(number), Data::Bool(other)) => numbers_equal(*number, Number::Int(i128::from(*other))),
        (Value::Bool(value), Data::Bool(other)) => value == other,
        _ => false,
    }
}

pub(crate) fn numbers_equal(one: Number, other: Number) -> bool {
    match (normal(one), normal(other)) {
        (Number::Int(one), Number::Int(other)) => one == other,
        (one, other) => one.as_f64() == other.as_f64(),
    }
}

/// `%name%` becomes a placeholder, `\%` a percent sign: what the modifier `expand` does.
pub(crate) fn insert_placeholders(string: &SigmaString) -> SigmaString {
    static PLACEHOLDER: OnceLock<Option<Regex>> = OnceLock::new();
    let Some(pattern) = PLACEHOLDER.get_or_init(|| Regex::new(r"(?<!\\)%([^%]+)%").ok()) else {
        return string.clone();
    };
    let mut parts = Vec::new();
    for part in string.parts() {
        let Part::Text(text) = part else {
            parts.push(part.clone());
            continue;
        };
        let mut last = 0;
        for captures in pattern.captures_iter(text).flatten() {
            if let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) {
                parts.push(Part::Text(text[last..whole.start()].replace(r"\%", "%")));
                parts.push(Part::Placeholder(name.as_str().to_owned()));
                last = whole.end();
            }
        }
        parts.push(Part::Text(text[last..].replace(r"\%", "%")));
    }
    SigmaString::from_parts(parts)
}

/// What Python's `str()` gives.
pub(crate) fn python_str(data: &Data) -> String {
    match data {
        Data::Text(text) => text.clone(),
        other => other.to_python(),
    }
}
