//! A dialect: what a target's query language looks like, as data.
//!
//! Built-in targets and users' dialect files have the same form (`docs/dialects.md`). Every key has a default
//! that means "the language cannot say this", and a rule that needs it is refused.

mod check;
mod correlation;
mod field;
mod load;
mod matching;
mod names;
mod pattern;
mod string;
mod wording;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use correlation::{CorrelationDialect, CorrelationTemplates};
pub use field::{FieldDialect, FieldRefDialect};
pub use load::load;
pub use matching::{
    CompareDialect, ListDialect, MatchDialect, Matcher, RegexDialect, TimePartDialect, UnboundDialect,
};
pub use pattern::Pattern;
pub use string::StringDialect;

use crate::Template;

/// What a query language looks like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// The target's name, as in `-t NAME`.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// Other names of the target.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether rules make little sense without a pipeline for this target.
    #[serde(default)]
    pub requires_pipeline: bool,
    /// Pipelines applied before the user's.
    #[serde(default)]
    pub pipelines: Vec<String>,
    /// Output formats; `default` is always there.
    #[serde(default)]
    pub formats: Vec<FormatDialect>,
    /// The format taken if none is asked for.
    #[serde(default = "default_format")]
    pub default_format: String,
    /// Options (`-O name=value`).
    #[serde(default)]
    pub options: Vec<OptionDialect>,
    /// Boolean operators.
    pub operators: OperatorDialect,
    /// Field names.
    #[serde(default)]
    pub field: FieldDialect,
    /// Strings.
    #[serde(default)]
    pub string: StringDialect,
    /// Other ways to write strings, each a placeholder of its name in comparisons (`{like}` for an SQL pattern).
    /// They are never quoted: the quotes stand in the comparison.
    #[serde(default)]
    pub string_forms: BTreeMap<String, StringDialect>,
    /// How true and false are written; absent: refused.
    #[serde(default, rename = "bool")]
    pub boolean: Option<BoolDialect>,
    /// Comparisons of a field with a value.
    #[serde(default, rename = "match")]
    pub matching: MatchDialect,
    /// Regular expressions.
    #[serde(default)]
    pub regex: RegexDialect,
    /// Numeric comparisons.
    #[serde(default)]
    pub compare: CompareDialect,
    /// Parts of timestamps.
    #[serde(default)]
    pub time_part: TimePartDialect,
    /// Comparisons of two fields.
    #[serde(default)]
    pub field_ref: FieldRefDialect,
    /// Lists of values.
    #[serde(default)]
    pub list: ListDialect,
    /// Values without a field.
    #[serde(default)]
    pub unbound: UnboundDialect,
    /// The frame of the query.
    #[serde(default)]
    pub query: QueryDialect,
    /// Correlation methods by name.
    #[serde(default)]
    pub correlation: BTreeMap<String, CorrelationDialect>,
    /// The correlation method taken if none is asked for.
    #[serde(default = "default_format")]
    pub default_correlation_method: String,
}

fn default_format() -> String {
    "default".to_owned()
}

/// An output format.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatDialect {
    /// Its name, as in `-f NAME`.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// A Jinja template for each query; sees `query`, `rule`, `index`, `state` and `options`.
    #[serde(default)]
    pub template: Option<String>,
    /// A Jinja template for the whole output; sees `queries` and `options`.
    #[serde(default)]
    pub output: Option<String>,
}

/// An option of a target.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionDialect {
    /// Its name.
    pub name: String,
    /// What it does.
    pub title: String,
    /// The value it has if not given.
    #[serde(default)]
    pub default: String,
}

/// A boolean operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Operator {
    Not,
    And,
    Or,
}

/// Boolean operators.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorDialect {
    /// Between alternatives.
    pub or: String,
    /// Between what must hold together.
    pub and: String,
    /// Before what must not hold.
    pub not: String,
    /// What must not hold, with `{expr}` already in parentheses; absent: `not` in front.
    #[serde(default)]
    pub negation: Option<Template>,
    /// Between an operator and its operands.
    #[serde(default = "space")]
    pub separator: String,
    /// The operators, tightest first.
    #[serde(default = "usual_precedence")]
    pub precedence: Vec<Operator>,
    /// Parentheses around `{expr}`; absent: what needs them is refused.
    #[serde(default)]
    pub group: Option<Template>,
    /// Parentheses around every operator's operands, for languages without a firm precedence.
    #[serde(default)]
    pub always_group: bool,
    /// What an `or` of nothing is.
    #[serde(default)]
    pub empty_or: Option<String>,
    /// What an `and` of nothing is.
    #[serde(default)]
    pub empty_and: Option<String>,
}

fn space() -> String {
    " ".to_owned()
}

fn usual_precedence() -> Vec<Operator> {
    vec![Operator::Not, Operator::And, Operator::Or]
}

/// How true and false are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoolDialect {
    /// True.
    #[serde(rename = "true")]
    pub yes: String,
    /// False.
    #[serde(rename = "false")]
    pub no: String,
}

/// The frame of a query.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryDialect {
    /// Around the whole query: `{query}`, `{state[NAME]}`, `{rule.NAME}`.
    pub expression: Template,
    /// Values of `{state[NAME]}` that no pipeline has set.
    pub state_defaults: BTreeMap<String, String>,
    /// Between the query and its deferred parts; absent: deferred parts are refused.
    pub deferred_start: Option<String>,
    /// Between deferred parts.
    pub deferred_separator: Option<String>,
    /// The query if there are only deferred parts.
    pub deferred_only: String,
    /// Whether a correlation reads its rules' queries with their format applied.
    pub finalize_subqueries: bool,
}

impl Default for QueryDialect {
    fn default() -> Self {
        Self {
            expression: Template::parse("{query}").unwrap_or_default(),
            state_defaults: BTreeMap::new(),
            deferred_start: None,
            deferred_separator: None,
            deferred_only: String::new(),
            finalize_subqueries: false,
        }
    }
}

impl Dialect {
    /// An output format by its name.
    pub fn format(&self, name: &str) -> Option<&FormatDialect> {
        self.formats.iter().find(|format| format.name == name)
    }

    /// The place of an operator in the order of precedence, tightest first.
    pub fn rank(&self, operator: Operator) -> usize {
        self.operators.precedence.iter().position(|&other| other == operator).unwrap_or(usize::MAX)
    }
}
