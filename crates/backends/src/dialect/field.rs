//! Field names.

use serde::Deserialize;

use super::pattern::{Pattern, Search};
use crate::Template;

/// How field names are written.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct FieldDialect {
    /// The quote; absent: names are never quoted.
    pub quote: Option<String>,
    /// Quote unless the name begins with a match.
    pub quote_unless: Option<Pattern>,
    /// Quote if the name begins with a match. Without either, every name is quoted.
    pub quote_if: Option<Pattern>,
    /// Put before what needs escaping; absent: nothing is escaped.
    pub escape: Option<String>,
    /// What needs escaping.
    pub escape_matches: Option<Search>,
    /// Leave the quote inside a name unescaped.
    pub keep_quote: bool,
    /// `{field}` has no value.
    pub null: Option<Template>,
    /// `{field}` is there.
    pub exists: Option<Template>,
    /// `{field}` is not there; absent: `exists` negated.
    pub not_exists: Option<Template>,
}

/// Comparisons of two fields, `{field1}` and `{field2}`.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct FieldRefDialect {
    /// Both are equal.
    pub equal: Option<Template>,
    /// The first starts with the second.
    pub startswith: Option<Template>,
    /// The first ends with the second.
    pub endswith: Option<Template>,
    /// The first contains the second.
    pub contains: Option<Template>,
    /// Both are equal, and so is their case.
    pub cased_equal: Option<Template>,
    /// The first starts with the second, with regard to case.
    pub cased_startswith: Option<Template>,
    /// The first ends with the second, with regard to case.
    pub cased_endswith: Option<Template>,
    /// The first contains the second, with regard to case.
    pub cased_contains: Option<Template>,
    /// Write the first name as it is, without quotes and escapes.
    pub raw_first: bool,
    /// Write the second name as it is, without quotes and escapes.
    pub raw_second: bool,
}
