//! Strings and regular expressions in LogQL.

use sigyn_ir::{EscapeSpec, Part, Regex, SigmaString};

use crate::Error;

/// What Python's `re.escape` escapes; Go takes a backslash before any of them too.
const ESCAPED: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";

/// Whether a pattern is compared with a label, which it must match as a whole, or searched in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A label.
    Label,
    /// A line.
    Line,
}

/// A name as Loki's parsers write labels: every character but ASCII letters, digits and `_` becomes `_`, and a
/// leading digit gets one before it.
pub(super) fn label_name(name: &str) -> String {
    let name = name.trim();
    let prefix = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
    let clean = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    prefix.chars().chain(clean).collect()
}

/// Text with Python's escapes for regular expressions.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if ESCAPED.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A string as a regular expression.
///
/// `*` matches line breaks too. The reference forgets that, takes a literal `*` or `?` for a backslash and a
/// wildcard, and lets placeholders stand as text.
pub(super) fn from_string(
    value: &SigmaString,
    ignore_case: bool,
    place: Place,
    is_reference: bool,
) -> Result<String, Error> {
    let anchored = place == Place::Label;
    let start = if anchored && !value.starts_with_many() { "^" } else { "" };
    let end = if anchored && !value.ends_with_many() { "$" } else { "" };
    if is_reference {
        let body = escape(&value.to_plain()).replace("\\?", ".").replace("\\*", ".*");
        return Ok(format!("{}{start}{body}{end}", if ignore_case { "(?i)" } else { "" }));
    }
    if let Some(name) = value.placeholders().next() {
        return Err(sigyn_ir::StringError::Placeholder(name.to_owned()).into());
    }
    let flags = match (ignore_case, value.has_wildcard()) {
        (true, true) => "(?is)",
        (true, false) => "(?i)",
        (false, true) => "(?s)",
        (false, false) => "",
    };
    Ok(format!("{flags}{start}{}{end}", body(value)))
}

/// A string as a pattern without flags and anchors.
pub(super) fn body(value: &SigmaString) -> String {
    value
        .parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => escape(text),
            Part::Many => ".*".to_owned(),
            Part::One => ".".to_owned(),
            Part::Placeholder(name) => format!("%{name}%"),
        })
        .collect()
}

/// A pattern in quotes: backquotes if it holds none, else double quotes with escapes.
pub(super) fn quote(pattern: &str) -> String {
    if pattern.contains('`') { double_quoted(pattern) } else { format!("`{pattern}`") }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A string in quotes, compared as it is. The reference escapes wildcards with a backslash even between
/// backquotes, where it stands for itself, and takes wildcards for text.
pub(super) fn quote_string(value: &SigmaString, is_reference: bool) -> Result<String, Error> {
    if !is_reference {
        return match value.as_literal() {
            Some(text) => Ok(quote(text)),
            None => {
                let name = value.placeholders().next().unwrap_or_default().to_owned();
                Err(sigyn_ir::StringError::Placeholder(name).into())
            }
        };
    }
    let needs_escape = value.to_plain().contains('`');
    let spec = EscapeSpec {
        escape: Some("\\"),
        many: Some("*"),
        one: Some("?"),
        also_escaped: if needs_escape { "\"\\" } else { "" },
        dropped: "",
    };
    let quote = if needs_escape { '"' } else { '`' };
    Ok(format!("{quote}{}{quote}", value.escaped(&spec)?))
}

/// A regular expression of a rule with its flags in front.
pub(super) fn with_flags(regex: &Regex) -> String {
    let letters = regex.flags.letters();
    let pattern = regex.pattern.to_raw();
    if letters.is_empty() { pattern } else { format!("(?{letters}){pattern}") }
}

/// A regular expression of a rule in quotes, as the reference writes it: flags stand before escaped text.
pub(super) fn quote_regex(regex: &Regex) -> String {
    let pattern = regex.pattern.to_raw();
    let letters = regex.flags.letters();
    let flags = if letters.is_empty() { String::new() } else { format!("(?{letters})") };
    if pattern.contains('`') {
        let quoted = double_quoted(&pattern);
        format!("\"{flags}{}", quoted.strip_prefix('"').unwrap_or(&quoted))
    } else {
        format!("`{flags}{pattern}`")
    }
}

/// A regular expression of a rule as a pattern that a label must match as a whole: Sigma searches anywhere.
/// What already reaches to an end of the text stays as it is.
pub(super) fn searched(regex: &Regex) -> String {
    const ANY: &str = "(?s:.*)";
    let pattern = with_flags(regex);
    let inner = regex.pattern.to_raw();
    let is_plain = !inner.contains('|') && !regex.flags.multiline && !inner.starts_with("(?");
    let starts = is_plain && inner.starts_with('^');
    let ends = is_plain && inner.ends_with('$') && !inner.ends_with("\\$");
    match (starts, ends) {
        (true, true) => pattern,
        (true, false) => format!("(?:{pattern}){ANY}"),
        (false, true) => format!("{ANY}(?:{pattern})"),
        (false, false) => format!("{ANY}(?:{pattern}){ANY}"),
    }
}

/// A keyword's pattern without `.*` at its ends, where a line filter needs none; nothing if no more is left.
///
/// This is how the reference does it: what it takes for flags reaches to the last closing parenthesis, a pattern
/// with a line break is left out, and a doubled backslash in a shortened pattern becomes a single one.
pub(super) fn without_outer_wildcards(pattern: &str) -> Option<String> {
    let line = pattern.strip_suffix('\n').unwrap_or(pattern);
    if line.contains('\n') {
        return None;
    }
    let flags_end = match line.rfind(')') {
        Some(at) if line.starts_with("(?") && at > 2 => at + 1,
        _ => 0,
    };
    let (flags, rest) = line.split_at(flags_end);
    let (lead, rest) = rest.strip_prefix(".*").map_or((false, rest), |rest| (true, rest));
    let (trail, body) = rest.strip_suffix(".*").map_or((false, rest), |body| (true, body));
    if !lead && !trail {
        return Some(pattern.to_owned());
    }
    (!body.is_empty()).then(|| SigmaString::parse(&format!("{flags}{body}")).to_plain())
}

/// A string searched in a line: without wildcards at its ends, which a line filter needs not.
pub(super) fn trimmed(value: &SigmaString) -> SigmaString {
    let (front, back) = value.outer_many();
    value.without_parts(front, back)
}
