//! What is measured in a window, and when that is enough.

use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, Number, RuleRef, Threshold,
    ThresholdOp,
};

use super::{Node, Windows, Writer};
use crate::Error;

impl Writer<'_> {
    /// The instants at which the time span before an event is enough.
    pub(super) fn sliding(&mut self, node: Node<'_>, number: usize, events: &str) -> Result<String, Error> {
        let groups = node.groups();
        let kept: String = groups.iter().map(|group| format!(", {group}")).collect();
        let aggregates = match &node.correlation.condition {
            CorrelationCondition::Thresholds { .. } => {
                format!("{} AS sigma_value", over(self.aggregate(node)?))
            }
            CorrelationCondition::Extended { .. } => {
                let slots = 0..node.rules.len();
                let single =
                    slots.clone().map(|slot| format!("{} AS sigma_r{slot}", over(vec![matched(slot)])));
                let count = over(slots.map(matched).collect());
                format!("{}, {count} AS sigma_value", single.collect::<Vec<_>>().join(", "))
            }
        };
        let select = format!(
            "SELECT sigma_ts{kept}, {aggregates} FROM {events} WINDOW sigma_w AS ({}ORDER BY sigma_ts \
             RANGE BETWEEN {} PRECEDING AND CURRENT ROW)",
            partition(&groups),
            node.micros()
        );
        let windows = self.relation(format!("sigma_windows_{number}"), &select);
        let holds = holds(node.correlation)?;
        Ok(format!(
            "SELECT DISTINCT sigma_ts AS sigma_end{kept}, sigma_ts - {} AS sigma_start, sigma_value FROM {windows} \
             WHERE {holds}",
            node.micros()
        ))
    }

    /// The ends of the buckets that are enough.
    pub(super) fn buckets(&mut self, node: Node<'_>, events: &str) -> Result<String, Error> {
        let kept: String = node.groups().iter().map(|group| format!(", {group}")).collect();
        let bucket = (self.engine.bucket)("sigma_ts", node.micros());
        let aggregate = self.aggregate(node)?.join(" + ");
        Ok(format!(
            "SELECT {bucket} + {span} AS sigma_end{kept}, {bucket} AS sigma_start, {aggregate} AS sigma_value \
             FROM {events} GROUP BY {bucket}{kept} HAVING {holds}",
            span = node.micros(),
            holds = thresholds(node.correlation, &format!("({aggregate})"))?
        ))
    }

    /// The instants at which all rules have matched one after the other. For each event of a rule, the latest start of a
    /// sequence that leads to it: the maximum over the starts at the events of the rule before.
    pub(super) fn ordered(
        &mut self,
        node: Node<'_>,
        number: usize,
        events: &str,
        windows: Windows,
    ) -> Result<String, Error> {
        let order = order(node)?;
        if windows == Windows::Buckets {
            return Err(all_in_order());
        }
        let groups = node.groups();
        let mut sequence = events.to_owned();
        for (stage, slot) in order.iter().enumerate() {
            let start = match stage {
                0 => "sigma_ts".to_owned(),
                _ => format!(
                    "MAX(sigma_s{}) OVER ({}ORDER BY sigma_ts RANGE BETWEEN {} PRECEDING AND 1 PRECEDING)",
                    stage - 1,
                    partition(&groups),
                    node.micros()
                ),
            };
            let select = format!(
                "SELECT *, CASE WHEN sigma_slot = {slot} THEN {start} END AS sigma_s{stage} FROM {sequence}"
            );
            sequence = self.relation(format!("sigma_stage_{number}_{stage}"), &select);
        }
        let kept: String = groups.iter().map(|group| format!(", {group}")).collect();
        let start = format!("sigma_s{}", order.len().saturating_sub(1));
        Ok(format!(
            "SELECT DISTINCT sigma_ts AS sigma_end{kept}, {start} AS sigma_start, {} AS sigma_value FROM {sequence} \
             WHERE sigma_ts - {start} <= {}",
            order.len(),
            node.micros()
        ))
    }

    /// Aggregates whose sum is measured.
    fn aggregate(&self, node: Node<'_>) -> Result<Vec<String>, Error> {
        Ok(vec![match node.correlation.kind {
            CorrelationType::EventCount => "COUNT(*)".to_owned(),
            CorrelationType::ValueCount => (self.engine.distinct)("sigma_v"),
            CorrelationType::ValueSum => "SUM(sigma_v)".to_owned(),
            CorrelationType::ValueAvg => "AVG(sigma_v)".to_owned(),
            CorrelationType::ValueMedian => (self.engine.percentile)("sigma_v", 0.5),
            CorrelationType::ValuePercentile => {
                (self.engine.percentile)("sigma_v", percentile(node.correlation)? / 100.0)
            }
            CorrelationType::Temporal | CorrelationType::TemporalOrdered => {
                return Ok((0..node.rules.len()).map(matched).collect());
            }
        }])
    }
}

/// Whether a rule matched, as 1 or 0.
fn matched(slot: usize) -> String {
    format!("MAX(CASE WHEN sigma_slot = {slot} THEN 1 ELSE 0 END)")
}

/// The sum of aggregates over the window.
fn over(aggregates: Vec<String>) -> String {
    let windows: Vec<_> =
        aggregates.into_iter().map(|aggregate| format!("{aggregate} OVER sigma_w")).collect();
    windows.join(" + ")
}

fn partition(groups: &[String]) -> String {
    if groups.is_empty() { String::new() } else { format!("PARTITION BY {} ", groups.join(", ")) }
}

/// When a sliding window is enough.
fn holds(correlation: &Correlation) -> Result<String, Error> {
    match &correlation.condition {
        CorrelationCondition::Thresholds { .. } => thresholds(correlation, "sigma_value"),
        CorrelationCondition::Extended { expr, .. } => extended(correlation, expr),
    }
}

fn thresholds(correlation: &Correlation, value: &str) -> Result<String, Error> {
    let CorrelationCondition::Thresholds { thresholds, .. } = &correlation.condition else {
        return Err(Error::correlation("an extended condition has no numbers"));
    };
    let compare = |threshold: &Threshold| {
        let operator = match threshold.op {
            ThresholdOp::Lt => "<",
            ThresholdOp::Lte => "<=",
            ThresholdOp::Gt => ">",
            ThresholdOp::Gte => ">=",
            ThresholdOp::Eq => "=",
            ThresholdOp::Neq => "!=",
        };
        format!("{value} {operator} {}", threshold.number)
    };
    Ok(thresholds.iter().map(compare).collect::<Vec<_>>().join(" AND "))
}

fn extended(correlation: &Correlation, expr: &CorrelationExpr) -> Result<String, Error> {
    let joined = |args: &[CorrelationExpr], operator: &str| {
        let args = args.iter().map(|arg| extended(correlation, arg)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", args.join(operator)))
    };
    match expr {
        CorrelationExpr::Or(args) => joined(args, " OR "),
        CorrelationExpr::And(args) => joined(args, " AND "),
        CorrelationExpr::Not(_) => {
            Err(Error::correlation("the target cannot say that a rule does not match within the time span"))
        }
        CorrelationExpr::Rule(rule) => Ok(format!("sigma_r{} = 1", slot(correlation, rule))),
    }
}

fn slot(correlation: &Correlation, rule: &RuleRef) -> usize {
    correlation.rules.iter().position(|other| other.target == rule.target).unwrap_or_default()
}

fn all_in_order() -> Error {
    Error::correlation("the target can only ask for all rules in order")
}

/// The order in which the rules must match; only all of them can be asked for.
fn order(node: Node<'_>) -> Result<Vec<usize>, Error> {
    let all = node.rules.len();
    match &node.correlation.condition {
        CorrelationCondition::Thresholds { thresholds, .. } => {
            let asks_for_all = thresholds.iter().all(|threshold| {
                let least = match threshold.op {
                    ThresholdOp::Gte => threshold.number,
                    ThresholdOp::Gt => Number::Float(threshold.number.as_f64().floor() + 1.0),
                    _ => return false,
                };
                u32::try_from(all).is_ok_and(|all| least.as_f64() == f64::from(all))
            });
            if asks_for_all { Ok((0..all).collect()) } else { Err(all_in_order()) }
        }
        CorrelationCondition::Extended { expr: CorrelationExpr::And(args), .. } => args
            .iter()
            .map(|arg| match arg {
                CorrelationExpr::Rule(rule) => Ok(slot(node.correlation, rule)),
                _ => Err(all_in_order()),
            })
            .collect(),
        CorrelationCondition::Extended { .. } => Err(all_in_order()),
    }
}

fn percentile(correlation: &Correlation) -> Result<f64, Error> {
    let percentile = match &correlation.condition {
        CorrelationCondition::Thresholds { percentile, .. } => percentile.map(Number::as_f64),
        CorrelationCondition::Extended { .. } => None,
    };
    percentile
        .filter(|percentile| (0.0..=100.0).contains(percentile))
        .ok_or_else(|| Error::correlation("the condition gives no percentile between 0 and 100"))
}
