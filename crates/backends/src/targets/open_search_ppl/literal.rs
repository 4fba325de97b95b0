//! Field names, string literals and patterns.

use std::borrow::Cow;
use std::net::IpAddr;

use sigyn_ir::{Part, Regex, SigmaString, StringError};

use crate::Error;

/// A field name, quoted unless its parts are plain identifiers.
pub(super) fn field(name: &str) -> Cow<'_, str> {
    let is_identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if is_identifier(name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("`{}`", name.replace('`', "``")))
    }
}

/// Whether the text has letters of two cases. An address has none, whatever its letters.
pub(super) fn has_case(value: &SigmaString) -> bool {
    let has_letter = |part: &Part| match part {
        Part::Text(text) => text.chars().any(|c| c.is_lowercase() || c.is_uppercase()),
        _ => false,
    };
    let is_address = value.as_literal().is_some_and(|text| text.parse::<IpAddr>().is_ok());
    !is_address && value.parts().iter().any(has_letter)
}

/// A string literal: a backslash makes a quote or a backslash literal.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text of a string without wildcards.
pub(super) fn plain(value: &SigmaString) -> Result<Cow<'_, str>, StringError> {
    match (value.as_literal(), value.placeholders().next()) {
        (_, Some(name)) => Err(StringError::Placeholder(name.to_owned())),
        (Some(text), None) => Ok(Cow::Borrowed(text)),
        (None, None) => Ok(Cow::Owned(value.to_raw())),
    }
}

/// A pattern of `like`: a backslash makes what follows literal.
pub(super) fn pattern(value: &SigmaString) -> Result<String, StringError> {
    let mut out = String::new();
    for part in value.parts() {
        match part {
            Part::Text(text) => {
                for c in text.chars() {
                    if matches!(c, '%' | '_' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Part::Many => out.push('%'),
            Part::One => out.push('_'),
            Part::Placeholder(name) => return Err(StringError::Placeholder(name.clone())),
        }
    }
    Ok(out)
}

/// A regular expression of Java.
pub(super) fn regex(value: &Regex) -> Result<String, Error> {
    let letters = value.flags.letters();
    let flags = if letters.is_empty() { String::new() } else { format!("(?{letters})") };
    match value.pattern.placeholders().next() {
        Some(name) => Err(StringError::Placeholder(name.to_owned()).into()),
        None => Ok(format!("{flags}{}", value.pattern.to_raw())),
    }
}

/// Moves the wildcards that the reference's templates put beside quotes into them. It takes every pair of quotes
/// for a string, whatever stands between.
pub(super) fn wildcards_into_quotes(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(open) = rest.find('"') {
        let Some(length) = rest[open + 1..].find('"') else { break };
        let (before, content) = (&rest[..open], &rest[open + 1..open + 1 + length]);
        let leading = before.strip_suffix('%');
        rest = &rest[open + length + 2..];
        let trailing = rest.strip_prefix('%');
        out.push_str(leading.unwrap_or(before));
        out.push('"');
        out.push_str(if leading.is_some() { "%" } else { "" });
        out.push_str(content);
        out.push_str(if trailing.is_some() { "%" } else { "" });
        out.push('"');
        rest = trailing.unwrap_or(rest);
    }
    out + rest
}
