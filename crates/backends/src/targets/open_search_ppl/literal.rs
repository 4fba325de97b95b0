//! Field names, string literals and patterns.

use std::borrow::Cow;

use sigyn_ir::{Regex, StringError};

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

/// A string literal: a backslash makes a quote or a backslash literal.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_move_into_the_quotes_beside_them() {
        for (query, expect) in [
            (r#"LIKE(f, %"a"%) AND g="b""#, r#"LIKE(f, "%a%") AND g="b""#),
            (r#"LIKE(f, "a"%) OR LIKE(f, %"b")"#, r#"LIKE(f, "a%") OR LIKE(f, "%b")"#),
            // A quote inside a string breaks the pairs, as in the reference.
            (r#"LIKE(f, %"a\"b"%)"#, r#"LIKE(f, "%a\"b"%)"#),
            ("f=1", "f=1"),
        ] {
            assert_eq!(wildcards_into_quotes(query), expect);
        }
    }
}
