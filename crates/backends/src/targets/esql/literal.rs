//! Field names, string literals and `like` patterns.

use std::borrow::Cow;

use crate::targets::elastic;

/// Words that an expression takes for something else than a field.
const RESERVED: [&str; 17] = [
    "and", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "not", "null", "nulls", "or",
    "rlike", "true", "where",
];

/// A field name, quoted unless its parts are identifiers.
pub(super) fn field(name: &str) -> Cow<'_, str> {
    let is_identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.len() > usize::from(part.starts_with('_'))
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(part))
    };
    if name.split('.').all(is_identifier) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("`{}`", name.replace('`', "``")))
}

/// A string literal, in lower case where the comparison folds case.
pub(super) fn quoted(text: &str, folds: bool) -> String {
    if folds { elastic::quoted(&text.to_lowercase()) } else { elastic::quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_unless_they_are_identifiers() {
        for (name, expect) in [
            ("process.name", "process.name"),
            ("_id", "_id"),
            ("a-b", "`a-b`"),
            ("a.1", "`a.1`"),
            ("Größe", "`Größe`"),
            ("data.From.by", "`data.From.by`"),
            ("a`b", "`a``b`"),
            ("", "``"),
        ] {
            assert_eq!(field(name), expect);
        }
    }

    #[test]
    fn literals_escape_what_ends_them() {
        assert_eq!(quoted("A\"\\\n\tÉ*", false), r#""A\"\\\n\tÉ*""#);
        assert_eq!(quoted("AÉ", true), "\"aé\"");
    }
}
