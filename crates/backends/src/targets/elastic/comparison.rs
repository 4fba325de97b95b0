//! What languages of piped commands need to know about a comparison.

use std::borrow::Cow;
use std::net::IpAddr;

use sigyn_ir::{Part, SigmaString, StringError};

/// Whether the text has letters of two cases. An address has none, whatever its letters.
pub(in crate::targets) fn has_case(value: &SigmaString) -> bool {
    let is_address = value.as_literal().is_some_and(|text| text.parse::<IpAddr>().is_ok());
    !is_address && value.has_case()
}

/// The text of a string without wildcards.
pub(in crate::targets) fn plain(value: &SigmaString) -> Result<Cow<'_, str>, StringError> {
    match (value.as_literal(), value.placeholders().next()) {
        (_, Some(name)) => Err(StringError::Placeholder(name.to_owned())),
        (Some(text), None) => Ok(Cow::Borrowed(text)),
        (None, None) => Ok(Cow::Owned(value.to_raw())),
    }
}

/// A pattern in which a backslash makes what follows literal: itself and the wildcards `many` and `one`.
pub(in crate::targets) fn pattern(value: &SigmaString, many: char, one: char) -> Result<String, StringError> {
    let mut out = String::new();
    for part in value.parts() {
        match part {
            Part::Text(text) => {
                for c in text.chars() {
                    if c == many || c == one || c == '\\' {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Part::Many => out.push(many),
            Part::One => out.push(one),
            Part::Placeholder(name) => return Err(StringError::Placeholder(name.clone())),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_differ_in_case_has_none() {
        for (text, expect) in [("a", true), ("1-2", false), ("*É", true), ("fe80::1", false), ("fe80*", true)]
        {
            assert_eq!(has_case(&SigmaString::parse(text)), expect, "{text}");
        }
    }

    #[test]
    fn patterns_keep_literal_wildcards() {
        for (written, expect) in [(r"C:\Temp\\*", r"C:\\Temp\\%"), (r"a\*b%_?", r"a*b\%\__"), ("", "")] {
            assert_eq!(pattern(&SigmaString::parse(written), '%', '_').as_deref(), Ok(expect), "{written}");
        }
    }
}
