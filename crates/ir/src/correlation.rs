//! Correlations: what several events say together.

use std::sync::Arc;

use sigyn_diagnostics::Span;

use crate::{ItemId, Meta, Number, Options, meta::names};

/// A correlation rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// What it says about itself.
    pub meta: Meta,
    /// What is counted.
    pub kind: CorrelationType,
    /// The rules it reads, in order.
    pub rules: Vec<RuleRef>,
    /// The time span.
    pub timespan: Timespan,
    /// The fields that make a group; `None` if the key is absent.
    pub group_by: Option<Vec<String>>,
    /// Names for fields that differ from rule to rule.
    pub aliases: Vec<Alias>,
    /// When it holds.
    pub condition: CorrelationCondition,
    /// Whether the rules it reads stand for themselves too.
    pub generate: bool,
    /// Fields worth showing.
    pub fields: Vec<String>,
    /// What it tells Sigyn beyond the specification.
    pub options: Options,
    /// Labels that pipeline items left on the correlation.
    pub marks: Vec<Arc<str>>,
    /// Where the document stands.
    pub span: Span,
}

/// What a correlation counts (specification v2.1, and `value_median`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum CorrelationType {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
    ValueSum,
    ValueAvg,
    ValuePercentile,
    ValueMedian,
}

names!(CorrelationType {
    EventCount = "event_count",
    ValueCount = "value_count",
    Temporal = "temporal",
    TemporalOrdered = "temporal_ordered",
    ValueSum = "value_sum",
    ValueAvg = "value_avg",
    ValuePercentile = "value_percentile",
    ValueMedian = "value_median",
});

/// A reference to a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRef {
    /// Id or name as written.
    pub text: String,
    /// The rule, once the set is resolved.
    pub target: ItemId,
    /// Where it stands.
    pub span: Span,
}

/// A time span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timespan {
    /// As written, e.g. `15m`.
    pub text: String,
    /// How many units.
    pub count: u64,
    /// `s`, `m`, `h`, `d`, `w`, `M` or `y`.
    pub unit: char,
    /// The length in seconds; a month is 2,629,746 s, a year 31,556,952 s.
    pub seconds: u64,
}

/// A name for fields that differ from rule to rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// The name, as used in `group-by`.
    pub name: String,
    /// For each rule, its field.
    pub fields: Vec<(RuleRef, String)>,
}

/// When a correlation holds.
#[derive(Clone, Debug, PartialEq)]
pub enum CorrelationCondition {
    /// Numbers compared; all must hold.
    Thresholds {
        /// The comparisons; one in most rules, two for a range.
        thresholds: Vec<Threshold>,
        /// The fields that are counted or measured.
        fields: Vec<String>,
        /// Whether `fields` was written as a list.
        fields_are_list: bool,
        /// The percentile, 0 to 100.
        percentile: Option<Number>,
    },
    /// A boolean expression over the rules (extended condition of temporal correlations).
    Extended {
        /// As written.
        text: String,
        /// What it says.
        expr: CorrelationExpr,
    },
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// The operator.
    pub op: ThresholdOp,
    /// The number.
    pub number: Number,
}

/// A comparison operator of a correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ThresholdOp {
    Lt,
    Lte,
    Gt,
    Gte,
    Eq,
    Neq,
}

names!(ThresholdOp { Lt = "lt", Lte = "lte", Gt = "gt", Gte = "gte", Eq = "eq", Neq = "neq" });

/// An extended condition's tree.
#[derive(Clone, Debug, PartialEq)]
pub enum CorrelationExpr {
    /// One must hold.
    Or(Vec<CorrelationExpr>),
    /// All must hold.
    And(Vec<CorrelationExpr>),
    /// It must not hold.
    Not(Box<CorrelationExpr>),
    /// A rule matched.
    Rule(RuleRef),
}
