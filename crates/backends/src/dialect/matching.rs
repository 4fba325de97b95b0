//! Comparisons of a field with a value.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Template;

/// Comparisons with `{field}`, `{value}` (quoted and escaped), `{regex}` (the value as a regular expression) and the
/// names of the dialect's string forms.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct MatchDialect {
    /// The field is the value.
    pub equal: Option<Template>,
    /// What stands between a field and a number, truth value or part of time.
    pub equal_token: Option<String>,
    /// Values are texts: a number that the rule writes as `1.50` is compared with that text too.
    pub number_texts: bool,
    /// The field starts with the value; absent: wildcards in `equal`.
    pub startswith: Option<Matcher>,
    /// The field ends with the value; absent: wildcards in `equal`.
    pub endswith: Option<Matcher>,
    /// The field contains the value; absent: wildcards in `equal`.
    pub contains: Option<Matcher>,
    /// The value has wildcards elsewhere; absent: wildcards in `equal`.
    pub wildcard: Option<Template>,
    /// Characters that make a value without wildcards go through `wildcard` too.
    pub wildcard_also_for: String,
    /// The field is the value, with regard to case; absent: refused.
    pub cased: Option<Template>,
    /// The field starts with the value, with regard to case; absent: `cased`.
    pub cased_startswith: Option<Matcher>,
    /// The field ends with the value, with regard to case; absent: `cased`.
    pub cased_endswith: Option<Matcher>,
    /// The field contains the value, with regard to case; absent: `cased`.
    pub cased_contains: Option<Matcher>,
    /// The field matches `{regex}`; also `{flag_i}`, `{flag_m}`, `{flag_s}`.
    pub regex: Option<Template>,
    /// The field lies in the network `{value}` = `{network}/{prefixlen}`, `{netmask}`; absent: written as a list
    /// of strings with wildcards.
    pub cidr: Option<Template>,
}

/// A comparison of a part of a field.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Matcher {
    /// For values without further wildcards.
    Plain(Template),
    /// With its conditions.
    Full {
        /// The comparison.
        expr: Template,
        /// Also for values with further wildcards.
        allow_wildcards: bool,
    },
}

impl Matcher {
    /// The comparison.
    pub fn template(&self) -> &Template {
        match self {
            Matcher::Plain(template) | Matcher::Full { expr: template, .. } => template,
        }
    }

    /// Whether the value may hold further wildcards.
    pub fn allows_wildcards(&self) -> bool {
        matches!(self, Matcher::Full { allow_wildcards: true, .. })
    }
}

/// Regular expressions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegexDialect {
    /// Put before what needs escaping.
    pub escape: String,
    /// Strings that need escaping.
    pub escaped: Vec<String>,
    /// Leave the escape itself unescaped.
    pub keep_escape: bool,
    /// Leave out the `(?ims)` in front.
    pub without_flags: bool,
    /// What `{flag_x}` is for each flag the language knows; a flag that is missing is refused. Absent: `i`, `m`
    /// and `s` stand for themselves.
    pub flags: Option<BTreeMap<char, String>>,
    /// Characters escaped in `{regex}` besides those that regular expressions need.
    pub value_escaped: String,
    /// Characters of the finished expression written as another text (SQL's doubled quote).
    pub replace: BTreeMap<char, String>,
}

impl Default for RegexDialect {
    fn default() -> Self {
        Self {
            escape: "\\".to_owned(),
            escaped: Vec::new(),
            keep_escape: false,
            without_flags: false,
            flags: None,
            value_escaped: String::new(),
            replace: BTreeMap::new(),
        }
    }
}

/// Numeric comparisons.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct CompareDialect {
    /// `{field}`, `{operator}`, `{value}`; absent: refused.
    pub expr: Option<Template>,
    /// The operator for `lt`, `lte`, `gt`, `gte`.
    pub operators: BTreeMap<String, String>,
}

/// Parts of timestamps.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct TimePartDialect {
    /// The part `{timestamp_part}` of `{field}`; absent: refused.
    pub expr: Option<Template>,
    /// What the language calls `minute`, `hour`, `day`, `week`, `month`, `year`.
    pub names: BTreeMap<String, String>,
}

/// Lists of values: `{field}`, `{op}`, `{list}`.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ListDialect {
    /// The comparison with a list; absent: none is made.
    pub expr: Option<Template>,
    /// The operator for one of the values; absent: `or` is written out.
    pub or: Option<String>,
    /// The operator for all of the values; absent: `and` is written out.
    pub and: Option<String>,
    /// How a text stands in the list: `{value}` or a string form; absent: as `string` says.
    pub item: Option<Template>,
    /// Between values.
    pub separator: String,
    /// Values with wildcards may stand in lists.
    pub allow_wildcards: bool,
}

/// Values without a field: `{value}`, `{regex}`; absent: refused.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct UnboundDialect {
    /// A string.
    pub string: Option<Template>,
    /// A string with regard to case.
    pub cased: Option<Template>,
    /// A number.
    pub number: Option<Template>,
    /// A regular expression; also `{flag_i}`, `{flag_m}`, `{flag_s}`.
    pub regex: Option<Template>,
}
