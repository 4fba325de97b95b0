//! Correlations as SQL over windows of time, for databases with window functions.
//!
//! Each correlation is two relations: the events that it counts, and the instants at which it holds. What more
//! events can only make true (`at least`) is decided at each event over the time span before it, that event included;
//! everything else (`at most`, averages, percentiles) in buckets of the time span's length, aligned to 1970-01-01.
//! An event without a time or without all fields of the grouping counts nowhere.

mod events;
mod measure;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, Data, RuleItem, ThresholdOp};

use crate::{Cx, Error, Subquery, Target};

/// How a database writes what SQL has no common words for.
pub(in super::super) struct Engine<'t> {
    pub(in super::super) target: &'t dyn Target,
    /// The table of a rule, from the state that its conversion left.
    pub(in super::super) table: &'t dyn Fn(&sigyn_ir::State) -> String,
    /// A column with a time as microseconds since 1970-01-01.
    pub(in super::super) micros: fn(&str) -> String,
    /// Microseconds since 1970-01-01 as a time.
    pub(in super::super) time: fn(&str) -> String,
    /// A column as a finite number, else null.
    pub(in super::super) number: fn(&str) -> String,
    /// The number of distinct values.
    pub(in super::super) distinct: fn(&str) -> String,
    /// The percentile, from 0 to 1, between the two nearest values.
    pub(in super::super) percentile: fn(&str, f64) -> String,
    /// Several columns as one value.
    pub(in super::super) tuple: fn(&[String]) -> String,
    /// The start of the bucket of so many microseconds that an instant lies in.
    pub(in super::super) bucket: fn(&str, u64) -> String,
}

/// Microseconds of a second.
const MICROS: u64 = 1_000_000;

/// A correlation with the rules it reads.
#[derive(Clone, Copy)]
struct Node<'a> {
    correlation: &'a Correlation,
    rules: &'a [Subquery<'a>],
}

/// When a correlation is decided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Windows {
    /// At each event, over the time span before it.
    Sliding,
    /// At the end of each bucket.
    Buckets,
}

/// Relations that are named so far.
struct Writer<'e> {
    engine: &'e Engine<'e>,
    cx: &'e Cx<'e>,
    relations: Vec<String>,
    count: usize,
}

/// The query for a correlation: one row for each instant at which it holds.
pub(in super::super) fn compile(
    engine: &Engine<'_>,
    cx: &Cx<'_>,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<String, Error> {
    let mut writer = Writer { engine, cx, relations: Vec::new(), count: 0 };
    let node = Node { correlation, rules };
    let alerts = writer.alerts(node)?;
    let name = |field: &str| engine.target.field_name(cx, field).into_owned();
    let mut columns: Vec<String> = node
        .group_by()
        .iter()
        .enumerate()
        .map(|(at, field)| format!("{} AS {}", group(at), name(field)))
        .collect();
    columns.push(format!("{} AS window_start", (engine.time)("sigma_start")));
    columns.push(format!("{} AS window_end", (engine.time)("sigma_end")));
    columns.push(format!("sigma_value AS {}", correlation.kind.as_str()));
    Ok(format!(
        "WITH {} SELECT {} FROM {alerts} ORDER BY window_end",
        writer.relations.join(", "),
        columns.join(", ")
    ))
}

/// The column with a field of the grouping.
fn group(at: usize) -> String {
    format!("sigma_g{at}")
}

impl<'a> Node<'a> {
    fn group_by(self) -> &'a [String] {
        self.correlation.group_by.as_deref().unwrap_or_default()
    }

    fn groups(self) -> Vec<String> {
        (0..self.group_by().len()).map(group).collect()
    }

    fn micros(self) -> u64 {
        self.correlation.timespan.seconds.saturating_mul(MICROS)
    }

    /// What a rule calls a field of this correlation.
    fn field_of(self, rule: usize, field: &'a str) -> &'a str {
        let target = self.correlation.rules.get(rule).map(|rule| rule.target);
        let alias = self.correlation.aliases.iter().find(|alias| alias.name == field);
        let renamed =
            alias.and_then(|alias| alias.fields.iter().find(|(rule, _)| Some(rule.target) == target));
        renamed.map_or(field, |(_, name)| name)
    }

    /// The fields that are counted or measured.
    fn measured(self) -> &'a [String] {
        match &self.correlation.condition {
            CorrelationCondition::Thresholds { fields, .. } => fields,
            CorrelationCondition::Extended { .. } => &[],
        }
    }

    /// Whether rules are told apart.
    fn is_temporal(self) -> bool {
        matches!(self.correlation.kind, CorrelationType::Temporal | CorrelationType::TemporalOrdered)
    }

    fn windows(self) -> Windows {
        windows(self.correlation)
    }
}

/// When a correlation is decided.
pub(in super::super) fn windows(correlation: &Correlation) -> Windows {
    let is_at_least = match &correlation.condition {
        CorrelationCondition::Thresholds { thresholds, .. } => {
            thresholds.iter().all(|threshold| matches!(threshold.op, ThresholdOp::Gt | ThresholdOp::Gte))
        }
        CorrelationCondition::Extended { .. } => true,
    };
    let is_measured_whole = matches!(
        correlation.kind,
        CorrelationType::ValueAvg | CorrelationType::ValuePercentile | CorrelationType::ValueMedian
    );
    if is_at_least && !is_measured_whole { Windows::Sliding } else { Windows::Buckets }
}

impl<'e> Writer<'e> {
    /// Names a relation.
    fn relation(&mut self, name: String, select: &str) -> String {
        self.relations.push(format!("{name} AS ({select})"));
        name
    }

    /// The relation of the instants at which a correlation holds: its groups, `sigma_start`, `sigma_end` and
    /// `sigma_value`.
    fn alerts(&mut self, node: Node<'_>) -> Result<String, Error> {
        let number = self.count;
        self.count += 1;
        let events = self.events(node, number)?;
        let select = match (node.correlation.kind, node.windows()) {
            (CorrelationType::TemporalOrdered, windows) => self.ordered(node, number, &events, windows)?,
            (_, Windows::Sliding) => self.sliding(node, number, &events)?,
            (_, Windows::Buckets) => self.buckets(node, &events)?,
        };
        Ok(self.relation(format!("sigma_alerts_{number}"), &select))
    }
}

/// The text of a rule's queries as one condition.
fn condition(rule: &Subquery<'_>) -> Result<String, Error> {
    let texts: Option<Vec<&str>> = rule.queries.iter().map(Data::as_str).collect();
    match texts.as_deref() {
        None | Some([]) => {
            Err(Error::correlation("a rule of the correlation has no condition to search for"))
        }
        Some([query]) => Ok(format!("({query})")),
        Some(queries) => {
            let queries: Vec<_> = queries.iter().map(|query| format!("({query})")).collect();
            Ok(format!("({})", queries.join(" OR ")))
        }
    }
}

/// The correlation that a rule is, with the rules it reads.
fn nested<'a>(rule: &'a Subquery<'a>) -> Option<Node<'a>> {
    match rule.rule {
        RuleItem::Correlation(correlation) => Some(Node { correlation, rules: &rule.rules }),
        RuleItem::Rule(_) => None,
    }
}
