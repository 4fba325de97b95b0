//! Correlations.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Template;

/// One way to write correlations: search, typing, aggregation and condition, each from templates.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct CorrelationDialect {
    /// What it is, in a few words.
    pub title: String,
    /// The frame: `{search}`, `{typing}`, `{aggregate}`, `{condition}`, `{timespan}`, `{groupby}` and `{groups}`
    /// (the fields of the grouping on their own, `*` without any).
    pub query: Option<Template>,
    /// The search for one rule with one query: `{query}`, `{ruleid}`, `{normalization}`.
    pub search_single: Option<Template>,
    /// The search for several queries: `{queries}`.
    pub search_multi: Option<Template>,
    /// Each query of it: `{query}`, `{ruleid}`, `{normalization}`.
    pub search_multi_query: Option<Template>,
    /// Between these.
    pub search_multi_joiner: Option<String>,
    /// Marks events with the rule that they match: `{queries}`; absent: not needed.
    pub typing: Option<Template>,
    /// Each query of it: `{query}`, `{ruleid}`.
    pub typing_query: Option<Template>,
    /// Between these.
    pub typing_joiner: Option<String>,
    /// Renames a rule's field to an alias: `{alias}`, `{field}`; absent: aliases are refused.
    pub normalization: Option<Template>,
    /// Between these.
    pub normalization_joiner: String,
    /// Templates by type: the eight types, `temporal_extended` and `temporal_ordered_extended`.
    pub types: BTreeMap<String, CorrelationTemplates>,
    /// Write time spans as seconds.
    pub timespan_seconds: bool,
    /// The unit of a time span for `s`, `m`, `h`, `d`, `w`, `M`, `y`; absent ones stand for themselves.
    pub timespan_units: BTreeMap<char, String>,
    /// A referenced rule: `{ruleid}`.
    pub referenced_rule: Option<Template>,
    /// Between these.
    pub referenced_rule_joiner: Option<String>,
    /// Grouping: `{fields}`; absent: grouping is refused.
    pub group_by: Option<Template>,
    /// A field of it: `{field}`.
    pub group_by_field: Option<Template>,
    /// Between these.
    pub group_by_joiner: Option<String>,
    /// What stands there if the correlation groups by nothing.
    pub group_by_nothing: Option<String>,
    /// Fields worth showing: `{fields}`; absent: left out.
    pub fields: Option<Template>,
    /// A field of it: `{field}`.
    pub fields_field: Option<Template>,
    /// Between these.
    pub fields_joiner: Option<String>,
    /// Operators for `lt`, `lte`, `gt`, `gte`, `eq`, `neq`; absent ones are `<`, `<=`, `>`, `>=`, `==`, `!=`.
    pub operators: BTreeMap<String, String>,
    /// Between the conditions of a range (`gt` and `lte`); absent: ranges are refused.
    pub range_joiner: Option<String>,
    /// A rule in an extended condition: `{ruleid}`.
    pub rule_reference: Option<Template>,
}

/// The templates of one type of correlation.
#[derive(Clone, Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct CorrelationTemplates {
    /// The frame, if it differs.
    pub query: Option<Template>,
    /// Aggregation: `{search}`, `{timespan}`, `{groupby}`, `{field}`, `{fields}`, `{referenced_rules}`,
    /// `{percentile}`, `{rule.NAME}`.
    pub aggregation: Option<Template>,
    /// Condition: `{op}`, `{count}`, `{field}`, `{referenced_rules}`, `{extended_condition}`.
    pub condition: Option<Template>,
}

impl CorrelationDialect {
    /// The language's word for an operator.
    pub fn operator<'a>(&'a self, name: &'a str) -> &'a str {
        self.operators.get(name).map_or_else(
            || match name {
                "lt" => "<",
                "lte" => "<=",
                "gt" => ">",
                "gte" => ">=",
                "eq" => "==",
                "neq" => "!=",
                other => other,
            },
            String::as_str,
        )
    }
}
