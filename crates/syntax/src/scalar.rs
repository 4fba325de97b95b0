//! What a scalar is read as.
//!
//! Our own reading (`docs` §1.2 of the language reference) takes only canonical decimals for numbers and keeps
//! everything else as it was written. The reference implementation reads YAML 1.1 as PyYAML does, where `yes`
//! is true, `010` is 8 and `12:30` is 750.

use sigyn_yaml::{Scalar, Style, Tag};

use crate::{Compat, Reading};

/// The type of a scalar; an error says why it cannot be read at all.
pub(crate) fn read(scalar: &Scalar<'_>, tag: Option<&Tag>, compat: Compat) -> Result<Reading, String> {
    let plain = |text: &str| match compat {
        Compat::Spec => Ok(plain_spec(text)),
        Compat::PySigma => plain_yaml11(text),
    };
    match tag.map(|tag| (tag, tag.core())) {
        None if scalar.style == Style::Plain => plain(&scalar.text),
        None => Ok(Reading::Text),
        Some((_, Some("str" | "binary"))) => Ok(Reading::Text),
        Some((_, Some("int" | "float" | "bool" | "null" | "timestamp"))) => plain(&scalar.text),
        Some((tag, _)) if tag.name == "!" => Ok(Reading::Text),
        Some((tag, _)) if compat.is_pysigma() => Err(format!("the tag {} is unknown", tag.name)),
        Some(_) => Ok(Reading::Text),
    }
}

/// Our own reading of a plain scalar.
pub(crate) fn plain_spec(text: &str) -> Reading {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Reading::Null,
        "true" | "True" | "TRUE" => Reading::Bool(true),
        "false" | "False" | "FALSE" => Reading::Bool(false),
        _ => canonical_number(text).unwrap_or(Reading::Text),
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`
fn canonical_number(text: &str) -> Option<Reading> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    match fraction {
        None => Some(text.parse().map_or(Reading::Huge, Reading::Int)),
        Some(fraction) if is_digits(fraction) => text.parse().ok().map(Reading::Float),
        Some(_) => None,
    }
}

/// Whether YAML 1.1 reads a plain scalar as something else than we do.
pub fn is_ambiguous(text: &str) -> bool {
    let spec = plain_spec(text);
    plain_yaml11(text) != Ok(spec) || (spec == Reading::Text && is_yaml12_number(text))
}

/// Whether the YAML 1.2 core schema reads a number.
fn is_yaml12_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts = digits.strip_prefix('.').unwrap_or(digits);
    if !starts.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    digits.strip_prefix("0o").is_some_and(|rest| rest.bytes().all(|b| matches!(b, b'0'..=b'7')))
        || digits.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
        || (digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
            && text.parse::<f64>().is_ok())
}

/// The reading of a plain scalar by YAML 1.1, as PyYAML has it; an error where PyYAML refuses the document.
pub fn plain_yaml11(text: &str) -> Result<Reading, String> {
    // The first character decides which patterns are tried at all; most text ends here.
    let Some(first) = text.bytes().next() else { return Ok(Reading::Null) };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => Ok(word(text)),
        b'=' if text == "=" => Err("the value `=` has no meaning".to_owned()),
        b'0'..=b'9' | b'-' | b'+' | b'.' => number(text),
        _ => Ok(Reading::Text),
    }
}

fn word(text: &str) -> Reading {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Reading::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Reading::Bool(false),
        "~" | "null" | "Null" | "NULL" => Reading::Null,
        _ => Reading::Text,
    }
}

fn number(text: &str) -> Result<Reading, String> {
    if let Some(value) = float(text) {
        return Ok(Reading::Float(value));
    }
    if let Some(reading) = integer(text) {
        return Ok(reading);
    }
    match timestamp(text) {
        None => Ok(Reading::Text),
        Some(true) => Ok(Reading::Date),
        Some(false) => Err(format!("`{text}` is no date")),
    }
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn float(text: &str) -> Option<f64> {
    let (negative, digits) = split_sign(text);
    let sign = if negative { -1.0 } else { 1.0 };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let (whole, rest) = digits.split_once('.')?;
    let has_whole = whole.starts_with(|c: char| c.is_ascii_digit());
    if let Some((first, minutes)) = whole.split_once(':') {
        // Sexagesimal with a fraction: `190:20:30.15`.
        let fits = has_whole
            && all(first, is_digit_or_underscore)
            && minutes.split(':').all(is_sixtieth)
            && all(rest, is_digit_or_underscore);
        let plain = digits.replace('_', "");
        return fits.then(|| {
            sign * plain.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse().unwrap_or(0.0))
        });
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        exponent
            .strip_prefix(['-', '+'])
            .is_some_and(|digits| !digits.is_empty() && all(digits, |byte| byte.is_ascii_digit()))
    });
    let whole_fits = if has_whole {
        all(whole, is_digit_or_underscore)
    } else {
        // `.5` has no sign in YAML 1.1 and at least one digit.
        whole.is_empty() && digits.len() == text.len() && fraction.starts_with(|c: char| c.is_ascii_digit())
    };
    if !whole_fits || !all(fraction, is_digit_or_underscore) || !exponent_fits {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// `[0-5]?[0-9]`
fn is_sixtieth(text: &str) -> bool {
    match text.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => (b'0'..=b'5').contains(ten) && digit.is_ascii_digit(),
        _ => false,
    }
}

fn integer(text: &str) -> Option<Reading> {
    let (negative, digits) = split_sign(text);
    let value = if let Some(binary) = digits.strip_prefix("0b") {
        radix(binary, 2, |byte| matches!(byte, b'0' | b'1' | b'_'))?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        radix(hex, 16, |byte| byte.is_ascii_hexdigit() || byte == b'_')?
    } else if digits == "0" {
        Some(0)
    } else if let Some(octal) = digits.strip_prefix('0') {
        radix(octal, 8, |byte| matches!(byte, b'0'..=b'7' | b'_'))?
    } else if let Some((first, minutes)) = digits.split_once(':') {
        if !first.starts_with(|c: char| matches!(c, '1'..='9'))
            || !all(first, is_digit_or_underscore)
            || !minutes.split(':').all(is_sixtieth)
        {
            return None;
        }
        digits
            .replace('_', "")
            .split(':')
            .try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
    } else {
        if !digits.starts_with(|c: char| c.is_ascii_digit()) || !all(digits, is_digit_or_underscore) {
            return None;
        }
        digits.replace('_', "").parse().ok()
    };
    Some(value.map_or(Reading::Huge, |value| Reading::Int(if negative { -value } else { value })))
}

/// The value of digits in a base; the inner `None` if it does not fit.
#[expect(clippy::option_option, reason = "not digits, and digits out of range, are different answers")]
fn radix(digits: &str, base: u32, allowed: impl Fn(u8) -> bool) -> Option<Option<i128>> {
    if digits.is_empty() || !all(digits, allowed) {
        return None;
    }
    let digits = digits.replace('_', "");
    Some(if digits.is_empty() { Some(0) } else { i128::from_str_radix(&digits, base).ok() })
}

/// Whether this is written as a date or a time stamp, and then whether the day exists.
fn timestamp(text: &str) -> Option<bool> {
    let bytes = text.as_bytes();
    let year_end = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if year_end != 4 || bytes.get(4) != Some(&b'-') {
        return None;
    }
    let (month, rest) = text[5..].split_once('-')?;
    let day_end = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (day, time) = rest.split_at(day_end);
    let short = |text: &str| matches!(text.len(), 1 | 2) && all(text, |byte| byte.is_ascii_digit());
    if !short(month) || !short(day) {
        return None;
    }
    if time.is_empty() {
        if month.len() != 2 || day.len() != 2 {
            return None;
        }
    } else if !is_time(time) {
        return None;
    }
    Some(is_day(text[..4].parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// `([Tt]|[ \t]+)\d\d?:\d\d:\d\d(\.\d*)?([ \t]*(Z|[-+]\d\d?(:\d\d)?))?`
fn is_time(text: &str) -> bool {
    let rest = match text.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None if text.starts_with([' ', '\t']) => text.trim_start_matches([' ', '\t']),
        None => return false,
    };
    let digits = |text: &str, from: usize, to: usize| {
        let count = text.bytes().take_while(u8::is_ascii_digit).count();
        (from..=to).contains(&count).then(|| text[count..].to_owned())
    };
    let colon = |text: String| text.strip_prefix(':').map(str::to_owned);
    let Some(rest) = digits(rest, 1, 2)
        .and_then(colon)
        .and_then(|rest| digits(&rest, 2, 2))
        .and_then(colon)
        .and_then(|rest| digits(&rest, 2, 2))
    else {
        return false;
    };
    let rest = rest
        .strip_prefix('.')
        .map_or(rest.as_str(), |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let zone = rest.trim_start_matches([' ', '\t']);
    if rest.is_empty() || zone == "Z" {
        return true;
    }
    let Some(zone) = zone.strip_prefix(['-', '+']) else { return false };
    let (hours, minutes) = zone.split_once(':').map_or((zone, None), |(h, m)| (h, Some(m)));
    matches!(hours.len(), 1 | 2)
        && all(hours, |byte| byte.is_ascii_digit())
        && minutes.is_none_or(|minutes| minutes.len() == 2 && all(minutes, |byte| byte.is_ascii_digit()))
}

/// Whether a day exists in the Gregorian calendar.
pub(crate) fn is_day(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    year >= 1 && (1..=days).contains(&day)
}
