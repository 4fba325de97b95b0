//! Strings.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::pattern::Pattern;

/// How strings are written.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct StringDialect {
    /// The quote; empty: strings are never quoted. It is escaped inside strings.
    pub quote: String,
    /// Quote unless the string begins with a match.
    pub quote_unless: Option<Pattern>,
    /// Quote if the string begins with a match. Without either, every string is quoted.
    pub quote_if: Option<Pattern>,
    /// Put before a character that needs it; absent: nothing is escaped.
    pub escape: Option<String>,
    /// The wildcard for any run of characters; absent: strings with it are refused.
    pub many: Option<String>,
    /// The wildcard for one character; absent: strings with it are refused.
    pub one: Option<String>,
    /// Characters escaped besides the wildcards' and the quote.
    pub also_escaped: String,
    /// Characters left out.
    pub dropped: String,
    /// Characters written as another text; this goes before `escape` (SQL's doubled quote).
    pub replace: BTreeMap<char, String>,
}
