//! What a text allows: plain, in quotes, as a block; and what plain text YAML 1.1 reads as something else.

/// Which forms a text may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    pub(super) is_multiline: bool,
    pub(super) allows_plain: bool,
    pub(super) allows_single_quotes: bool,
    pub(super) allows_block: bool,
}

/// Line breaks of YAML 1.1 that the emitter keeps as they are.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, '\0' | ' ' | '\t' | '\r') || is_break(c)
}

/// Whether a character stands in a file as it is.
fn is_printable(c: char, allow_unicode: bool) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{feff}' | '\u{10ffff}' => false,
        '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => allow_unicode,
        _ => false,
    }
}

impl Analysis {
    pub(super) fn of(text: &str, allow_unicode: bool) -> Self {
        if text.is_empty() {
            return Self {
                is_multiline: false,
                allows_plain: true,
                allows_single_quotes: true,
                allows_block: false,
            };
        }
        let is_multiline = text.contains(is_break);
        let at_edge = |c: char| c == ' ' || is_break(c);
        let pair = |test: fn(char, char) -> bool| {
            text.chars().zip(text.chars().skip(1)).any(|(before, behind)| test(before, behind))
        };
        let break_then_space = pair(|before, behind| is_break(before) && behind == ' ');
        let space_then_break = pair(|before, behind| before == ' ' && is_break(behind));
        let escapes = space_then_break || !text.chars().all(|c| is_printable(c, allow_unicode));
        let allows_single_quotes = !escapes && !break_then_space;
        let is_bare = !text.starts_with(at_edge) && !text.ends_with(at_edge) && !is_multiline;
        Self {
            is_multiline,
            allows_plain: allows_single_quotes && is_bare && !has_indicator(text),
            allows_single_quotes,
            allows_block: !escapes && !text.ends_with(' '),
        }
    }
}

/// Whether plain text would be read as structure or as a comment.
fn has_indicator(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let ends_word = chars.peek().is_none_or(|&next| is_blank_or_break(next));
        let is_indicator = match (before, c) {
            (None, '?' | '-') | (_, ':') => ends_word,
            (None, first) => "#,[]{}&*!|>'\"%@`".contains(first),
            (Some(before), '#') => is_blank_or_break(before),
            _ => false,
        };
        if is_indicator {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Whether plain text is read as a string and not as null, a truth value, a number, a time, `<<` or `=`
/// (the types of YAML 1.1).
pub(super) fn is_string(text: &str) -> bool {
    let words = matches!(
        text,
        "" | "~"
            | "null"
            | "Null"
            | "NULL"
            | "<<"
            | "="
            | "yes"
            | "Yes"
            | "YES"
            | "no"
            | "No"
            | "NO"
            | "true"
            | "True"
            | "TRUE"
            | "false"
            | "False"
            | "FALSE"
            | "on"
            | "On"
            | "ON"
            | "off"
            | "Off"
            | "OFF"
    );
    !(words || is_int(text) || is_float(text) || is_timestamp(text))
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, test: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_digit_or_underscore(c: char) -> bool {
    is_digit(c) || c == '_'
}

/// Digits with underscores behind the first.
fn is_count(text: &str) -> bool {
    text.starts_with(is_digit) && text.chars().all(is_digit_or_underscore)
}

fn is_int(text: &str) -> bool {
    let text = unsigned(text);
    if let Some(rest) = text.strip_prefix('0') {
        return match rest.split_at_checked(1) {
            Some(("b", digits)) => all(digits, |c| matches!(c, '0' | '1' | '_')),
            Some(("x", digits)) => all(digits, |c| c.is_ascii_hexdigit() || c == '_'),
            _ => rest.chars().all(|c| matches!(c, '0'..='7' | '_')),
        };
    }
    match text.split_once(':') {
        Some((first, rest)) => is_count(first) && is_sexagesimal(rest),
        None => is_count(text),
    }
}

/// Numbers below 60 with colons between them.
fn is_sexagesimal(text: &str) -> bool {
    text.split(':').all(|part| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    })
}

fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") || matches!(unsigned(text), ".inf" | ".Inf" | ".INF") {
        return true;
    }
    if let Some(fraction) = text.strip_prefix('.') {
        return is_count(without_exponent(fraction));
    }
    let Some((whole, fraction)) = unsigned(text).split_once('.') else { return false };
    match whole.split_once(':') {
        Some((first, rest)) => {
            is_count(first) && is_sexagesimal(rest) && fraction.chars().all(is_digit_or_underscore)
        }
        None => is_count(whole) && without_exponent(fraction).chars().all(is_digit_or_underscore),
    }
}

/// The text before an exponent, which needs a sign.
fn without_exponent(text: &str) -> &str {
    text.split_once(['e', 'E'])
        .filter(|(_, exponent)| {
            exponent.strip_prefix(['-', '+']).is_some_and(|exponent| all(exponent, is_digit))
        })
        .map_or(text, |(mantissa, _)| mantissa)
}

/// Takes digits, between `min` and `max` of them, off the front.
fn digits(text: &str, min: usize, max: usize) -> Option<&str> {
    let count = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    text.get(count..).filter(|_| count >= min)
}

fn is_timestamp(text: &str) -> bool {
    let is_date = |text| digits(text, 4, 4)?.strip_prefix('-').and_then(|rest| digits(rest, 2, 2));
    let is_short =
        is_date(text).and_then(|rest| digits(rest.strip_prefix('-')?, 2, 2)).is_some_and(str::is_empty);
    is_short || behind_time(text).is_some_and(|zone| is_zone(zone.trim_start_matches([' ', '\t']), zone))
}

/// What stands behind a date and a time of day.
fn behind_time(text: &str) -> Option<&str> {
    let rest = digits(digits(text, 4, 4)?.strip_prefix('-')?, 1, 2)?;
    let rest = digits(rest.strip_prefix('-')?, 1, 2)?;
    let time = match rest.strip_prefix(['T', 't']) {
        Some(time) => time,
        None => Some(rest.trim_start_matches([' ', '\t'])).filter(|time| time.len() < rest.len())?,
    };
    let rest = digits(digits(time, 1, 2)?.strip_prefix(':')?, 2, 2)?;
    let rest = digits(rest.strip_prefix(':')?, 2, 2)?;
    Some(rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(is_digit)))
}

/// A time zone, or nothing at all.
fn is_zone(zone: &str, untrimmed: &str) -> bool {
    if untrimmed.is_empty() || zone == "Z" {
        return true;
    }
    let Some(hours) = zone.strip_prefix(['-', '+']) else { return false };
    let minutes = |rest: &str| {
        rest.is_empty()
            || rest.strip_prefix(':').and_then(|rest| digits(rest, 2, 2)).is_some_and(str::is_empty)
    };
    digits(hours, 1, 2).is_some_and(minutes)
}
