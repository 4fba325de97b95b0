//! Keywords below `or`: one line filter with a regular expression of alternatives.

use sigyn_ir::{Regex, SigmaString, Value};

use super::pattern::{self, Place};
use crate::{Error, text};

/// A keyword below `or`.
pub(super) enum Keyword {
    /// Text, perhaps with wildcards.
    Text {
        /// The text.
        string: SigmaString,
        /// With regard to case.
        is_cased: bool,
    },
    /// A regular expression.
    Regex(Regex),
}

/// Why a value cannot be a keyword.
pub(super) fn refuse(value: &Value) -> Error {
    match value {
        Value::Bool(_) => Error::value("a truth value cannot stand without a field"),
        Value::Cidr(_) => Error::value("a network cannot stand without a field"),
        _ => Error::value("this value cannot stand without a field").as_reference("TypeError"),
    }
}

/// The alternatives in quotes.
pub(super) fn alternatives(keywords: &[Keyword], is_reference: bool) -> Result<String, Error> {
    if is_reference { Ok(reference(keywords)) } else { exact(keywords) }
}

/// Each alternative with its own flags; in front of all where they agree.
fn exact(keywords: &[Keyword]) -> Result<String, Error> {
    let mut patterns = Vec::with_capacity(keywords.len());
    for keyword in keywords {
        patterns.push(match keyword {
            Keyword::Text { string, is_cased } => {
                if let Some(name) = string.placeholders().next() {
                    return Err(sigyn_ir::StringError::Placeholder(name.to_owned()).into());
                }
                let trimmed = pattern::trimmed(string);
                if trimmed.is_empty() {
                    return Err(Error::unsupported(
                        "a keyword that every line matches makes the others moot",
                    ));
                }
                let flags = format!(
                    "{}{}",
                    if *is_cased { "" } else { "i" },
                    if trimmed.has_wildcard() { "s" } else { "" }
                );
                (flags, pattern::body(&trimmed))
            }
            Keyword::Regex(regex) => {
                text::refuse_backtracking(regex)?;
                (regex.flags.letters(), regex.pattern.to_raw())
            }
        });
    }
    let first = patterns.first().map(|(flags, _)| flags.clone()).unwrap_or_default();
    let agree = patterns.iter().all(|(flags, text)| *flags == first && !text.starts_with("(?"));
    let joined: Vec<_> = patterns
        .into_iter()
        .map(|(flags, text)| if agree { text } else { format!("(?{flags}:{text})") })
        .collect();
    let front = if agree && !first.is_empty() { format!("(?{first})") } else { String::new() };
    Ok(pattern::quote(&format!("{front}{}", joined.join("|"))))
}

/// As the reference joins them: one keyword without regard to case makes all so, and flags are lost.
fn reference(keywords: &[Keyword]) -> String {
    let mut ignores = false;
    let mut patterns = Vec::with_capacity(keywords.len());
    for keyword in keywords {
        let pattern = match keyword {
            Keyword::Text { string, is_cased } => {
                ignores |= !is_cased;
                // Only text with wildcards or without regard to case is a regular expression by now.
                if *is_cased && !string.has_wildcard() {
                    pattern::escape(&string.to_plain())
                } else {
                    pattern::from_string(string, false, Place::Line, true).unwrap_or_default()
                }
            }
            Keyword::Regex(regex) => {
                let pattern = regex.pattern.to_raw();
                ignores |= pattern.starts_with("(?i)");
                pattern
            }
        };
        patterns.push(pattern.strip_prefix("(?i)").map_or(pattern.clone(), str::to_owned));
    }
    pattern::quote(&format!("{}{}", if ignores { "(?i)" } else { "" }, patterns.join("|")))
}
