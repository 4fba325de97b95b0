//! Field names, string literals and `like` patterns.

use std::borrow::Cow;
use std::net::IpAddr;

use sigyn_ir::{Part, SigmaString, StringError};

/// Words that an expression takes for something else than a field.
const RESERVED: [&str; 14] =
    ["and", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "not", "null", "nulls", "or"];
/// The rest of them.
const RESERVED_TOO: [&str; 3] = ["rlike", "true", "where"];

/// A field name, quoted unless its parts are identifiers.
pub(super) fn field(name: &str) -> Cow<'_, str> {
    let is_identifier = |part: &str| {
        let is_word = |word: &&str| word.eq_ignore_ascii_case(part);
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.len() > usize::from(part.starts_with('_'))
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !RESERVED.iter().chain(&RESERVED_TOO).any(|word| is_word(word))
    };
    if name.split('.').all(is_identifier) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("`{}`", name.replace('`', "``")))
}

/// Whether the text has letters of two cases. An address has none, whatever its letters.
pub(super) fn has_case(value: &SigmaString) -> bool {
    if value.as_literal().is_some_and(|text| text.parse::<IpAddr>().is_ok()) {
        return false;
    }
    value.parts().iter().any(|part| match part {
        Part::Text(text) => text.chars().any(|c| c.is_lowercase() || c.is_uppercase()),
        _ => false,
    })
}

/// A string literal.
pub(super) fn quoted(text: &str, folds: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.push('"');
    let folded = if folds { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
    for c in folded.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The text of a string without wildcards.
pub(super) fn plain(value: &SigmaString) -> Result<Cow<'_, str>, StringError> {
    match (value.as_literal(), value.placeholders().next()) {
        (_, Some(name)) => Err(StringError::Placeholder(name.to_owned())),
        (Some(text), None) => Ok(Cow::Borrowed(text)),
        (None, None) => Ok(Cow::Owned(value.to_raw())),
    }
}

/// A `like` pattern: a backslash makes what follows literal.
pub(super) fn pattern(value: &SigmaString) -> Result<String, StringError> {
    let mut out = String::new();
    for part in value.parts() {
        match part {
            Part::Text(text) => {
                for c in text.chars() {
                    if matches!(c, '*' | '?' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Part::Many => out.push('*'),
            Part::One => out.push('?'),
            Part::Placeholder(name) => return Err(StringError::Placeholder(name.clone())),
        }
    }
    Ok(out)
}
