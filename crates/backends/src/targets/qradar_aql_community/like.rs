//! Strings: equality and `LIKE`.
//!
//! AQL compares text with regard to case, so that both sides are lowered. `LIKE` has no way to escape its wildcards
//! `%` and `_`; where a value holds them as text beside wildcards, a regular expression takes its place.

use sigyn_ir::{Part, SigmaString};

use crate::Error;

/// A string in quotes, with AQL's wildcards for Sigma's. The reference leaves placeholders out here.
pub(super) fn quoted(value: &SigmaString, is_reference: bool) -> Result<String, Error> {
    let mut out = String::from("'");
    for part in value.parts() {
        match part {
            Part::Text(text) => out.push_str(&text.replace('\'', "''")),
            Part::Many => out.push('%'),
            Part::One => out.push('_'),
            Part::Placeholder(_) if is_reference => {}
            Part::Placeholder(name) => return Err(sigyn_ir::StringError::Placeholder(name.clone()).into()),
        }
    }
    out.push('\'');
    Ok(out)
}

/// Whether upper and lower case differ in a string.
pub(super) fn has_case(value: &SigmaString) -> bool {
    value.parts().iter().any(|part| match part {
        Part::Text(text) => text.to_lowercase() != text.to_uppercase(),
        _ => false,
    })
}

/// Whether a quoted string is a number for the reference, perhaps with wildcards.
pub(super) fn looks_numeric(quoted: &str) -> bool {
    quoted.chars().all(|c| c.is_ascii_digit() || matches!(c, '%' | '\''))
}

/// Whether a string holds a wildcard of `LIKE` as text.
fn holds_wildcard_text(value: &SigmaString) -> bool {
    value.parts().iter().any(|part| matches!(part, Part::Text(text) if text.contains(['%', '_'])))
}

/// A field (or any other expression) compared with a string without regard to case.
pub(super) fn field(name: &str, value: &SigmaString, is_reference: bool) -> Result<String, Error> {
    let text = quoted(value, is_reference)?;
    if is_reference {
        return Ok(match (value.has_wildcard(), looks_numeric(&text)) {
            (true, true) => format!("{name} LIKE {text}"),
            (true, false) => format!("LOWER({name}) LIKE {}", text.to_lowercase()),
            (false, _) => {
                if let Some(name) = value.placeholders().next() {
                    return Err(sigyn_ir::StringError::Placeholder(name.to_owned()).into());
                }
                format!("{name}={text}")
            }
        });
    }
    let (name, text) = if has_case(value) {
        (format!("LOWER({name})"), text.to_lowercase())
    } else {
        (name.to_owned(), text)
    };
    Ok(if !value.has_wildcard() {
        format!("{name}={text}")
    } else if holds_wildcard_text(value) {
        format!("{name} MATCHES {}", pattern(&value.map_text(str::to_lowercase))?)
    } else {
        format!("{name} LIKE {text}")
    })
}

/// A field compared with a string with regard to case.
pub(super) fn field_cased(name: &str, value: &SigmaString) -> Result<String, Error> {
    let text = quoted(value, false)?;
    Ok(if !value.has_wildcard() {
        format!("{name}={text}")
    } else if holds_wildcard_text(value) {
        format!("{name} MATCHES {}", pattern(value)?)
    } else {
        format!("{name} LIKE {text}")
    })
}

/// A string as a regular expression for the whole text, in quotes.
fn pattern(value: &SigmaString) -> Result<String, Error> {
    Ok(format!("'(?s)^{}$'", value.to_regex("")?.replace('\'', "''")))
}
