//! The windows of a correlation, and what is measured in each.

use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, Number, Threshold};

use super::super::super::sql::windows::Windows;
use super::Compiler;
use super::clauses::Clause;
use super::graph::{Node, Source};
use super::node::{complete, with};
use crate::Error;

/// What the steps of one correlation share.
pub(super) struct Frame<'a> {
    pub(super) node: Node<'a>,
    /// What the names of its steps begin with.
    pub(super) stem: String,
    /// The columns of the group.
    pub(super) groups: Vec<String>,
    /// The same with a comma before each.
    pub(super) comma_groups: String,
    /// The time span in seconds.
    pub(super) span: u64,
    /// Whether windows end at events or are buckets.
    pub(super) windows: Windows,
    /// The events that match, one for each rule.
    pub(super) matches: String,
    /// The events that match, once each.
    pub(super) events: String,
}

impl Frame<'_> {
    /// The condition that two rows are of the same group, with `AND` behind.
    pub(super) fn same_group(&self, left: &str, right: &str) -> String {
        self.groups.iter().map(|group| format!("{left}.{group} = {right}.{group} AND ")).collect()
    }

    /// The condition that the event `m` lies in the window `a`.
    fn in_window(&self) -> String {
        let same_group = self.same_group("m", "a");
        match self.windows {
            Windows::Sliding => format!("{same_group}m.ts BETWEEN a.start AND a.end"),
            Windows::Buckets => format!("{same_group}m.ts >= a.start AND m.ts < a.end"),
        }
    }

    /// The condition that a rule matched in the window `a`.
    fn presence(&self, slot: usize) -> String {
        format!("EXISTS (SELECT 1 FROM {} m WHERE {} AND m.slot={slot})", self.matches, self.in_window())
    }

    fn is_extended(&self) -> bool {
        matches!(self.node.correlation.condition, CorrelationCondition::Extended { .. })
    }
}

/// A window opens at an event instead of closing at one where something must *not* follow.
fn looks_forward(clause: &Clause) -> bool {
    !clause.negative.is_empty()
}

fn slots(slots: &BTreeSet<usize>) -> String {
    slots.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

impl<'a> Compiler<'_, 'a> {
    /// Counts, sums and averages over the time before each event, computed in one pass.
    pub(super) fn running_metrics(&mut self, frame: &Frame<'_>) -> Option<String> {
        let Frame { stem, groups, comma_groups, span, events, .. } = frame;
        if frame.windows == Windows::Buckets {
            return None;
        }
        let (aggregate, counts_events) = match frame.node.correlation.kind {
            CorrelationType::EventCount => ("COUNT(*)", true),
            CorrelationType::ValueSum => ("SUM(CAST(v AS REAL))", false),
            CorrelationType::ValueAvg => ("AVG(v)", false),
            _ => return None,
        };
        let partition =
            if groups.is_empty() { String::new() } else { format!("PARTITION BY {} ", groups.join(", ")) };
        let input = if counts_events {
            let select = format!("SELECT DISTINCT eid, ts{comma_groups} FROM {events}");
            self.add(&format!("{stem}_unique_events"), select, Vec::new())
        } else {
            events.clone()
        };
        let select = format!(
            "SELECT DISTINCT ts AS end{comma_groups}, {aggregate} OVER ({partition}ORDER BY ts \
             RANGE BETWEEN {span} PRECEDING AND CURRENT ROW) AS metric FROM {input}"
        );
        Some(self.add(&format!("{stem}_metrics"), select, vec![with(groups, "end")]))
    }

    /// The windows in which one clause holds, with their evidence: the SELECT over the last step.
    pub(super) fn windows(
        &mut self,
        frame: &Frame<'a>,
        metrics: Option<&str>,
        number: usize,
        clause: &Clause,
        names_order: bool,
    ) -> Result<String, Error> {
        let name = format!("{}_t{number}", frame.stem);
        let (anchors, anchor_source) = self.anchors(frame, &name, clause);
        let mut conditions: Vec<String> = clause.positive.iter().map(|slot| frame.presence(*slot)).collect();
        conditions.extend(clause.negative.iter().map(|slot| format!("NOT {}", frame.presence(*slot))));
        if looks_forward(clause) {
            conditions.push(format!("a.end <= (SELECT ts FROM {})", self.horizon));
        }
        let is_ordered = frame.node.correlation.kind == CorrelationType::TemporalOrdered;
        let ordered: Vec<usize> = match (is_ordered, names_order) {
            (false, _) => Vec::new(),
            (true, true) => clause.positive.iter().copied().collect(),
            (true, false) => (0..frame.node.rules.len()).collect(),
        };
        let sequence = self.sequence(frame, &name, &anchors, &ordered, &mut conditions);
        let metric = metric(frame, metrics, self.value_collation())?;
        let holds = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
        let select = format!("SELECT a.*, {metric} AS metric FROM {sequence} a WHERE {holds}");
        let measured = self.add(&format!("{name}_measured"), select, Vec::new());
        let select = format!("SELECT * FROM {measured} WHERE {}", self.threshold(frame.node.correlation));
        let qualified = self.add(&format!("{name}_qualified"), select, Vec::new());
        let evidence = evidence(frame, clause, &ordered, &anchor_source);
        Ok(format!(
            "SELECT a.start, a.end{}, a.metric, {} AS evidence, {} AS children FROM {qualified} a",
            frame.comma_groups, evidence.events, evidence.children
        ))
    }

    /// The windows: one that ends at each event, or, where something must not follow, begins there. Returns them and
    /// the relation of the events at which they stand.
    fn anchors(&mut self, frame: &Frame<'a>, name: &str, clause: &Clause) -> (String, String) {
        let Frame { groups, comma_groups, span, matches, .. } = frame;
        let forward = looks_forward(clause);
        let mut source = matches.clone();
        let mut filter = String::new();
        if forward && clause.positive.is_empty() {
            // Only absence is asked for: any event of the group may open a window, whether or not a rule matches it.
            let contexts =
                self.contexts(frame.node, frame.node.group_by().iter().map(String::as_str).collect());
            let context = self.add(&format!("{name}_context"), contexts.join(" UNION "), Vec::new());
            let select = format!("SELECT * FROM {context} WHERE {}", complete(groups));
            source = self.add(&format!("{name}_scope"), select, vec![with(groups, "ts")]);
        } else if forward {
            filter = format!(" WHERE slot IN ({})", slots(&clause.positive));
        }
        let bucket = format!("CAST(ts AS INTEGER) / {span} * {span}");
        let (start, end) = match (frame.windows, forward) {
            (Windows::Buckets, _) => (bucket.clone(), format!("{bucket} + {span}")),
            (Windows::Sliding, true) => ("ts".to_owned(), format!("ts + {span}")),
            (Windows::Sliding, false) => (format!("ts - {span}"), "ts".to_owned()),
        };
        let anchors = self.add(
            &format!("{name}_anchors"),
            format!("SELECT DISTINCT {start} AS start, {end} AS end{comma_groups} FROM {source}{filter}"),
            vec![with(groups, "end")],
        );
        if forward {
            self.diagnostics.push(format!(
                "SELECT 'incomplete_window' AS reason, COUNT(*) AS count FROM {anchors} \
                 WHERE end > (SELECT ts FROM {})",
                self.horizon
            ));
        }
        (anchors, source)
    }

    /// All events below a correlation with the fields of its group, as each rule calls them.
    fn contexts(&self, node: Node<'a>, fields: Vec<&'a str>) -> Vec<String> {
        let mut contexts = Vec::new();
        for (_, id, source) in node.sources() {
            let names: Vec<&'a str> = fields.iter().map(|field| node.field_of(id, field)).collect();
            match source {
                Source::Correlation(child) => contexts.extend(self.contexts(child, names)),
                Source::Rule(_) => {
                    let relation = self.raw.iter().find(|raw| raw.id == id).map(|raw| raw.relation.as_str());
                    let columns: String = names
                        .iter()
                        .enumerate()
                        .map(|(at, field)| {
                            format!(", {} AS g{at}", self.group_key(&self.field("payload", field)))
                        })
                        .collect();
                    contexts.push(format!("SELECT eid, ts{columns} FROM {}", relation.unwrap_or_default()));
                }
            }
        }
        contexts
    }

    /// For each rule in order, the time of its first event behind that of the rule before (`q0`, …).
    fn sequence(
        &mut self,
        frame: &Frame<'_>,
        name: &str,
        anchors: &str,
        ordered: &[usize],
        conditions: &mut Vec<String>,
    ) -> String {
        let mut sequence = anchors.to_owned();
        let mut times: Vec<String> = Vec::new();
        for (at, slot) in ordered.iter().enumerate() {
            // A rule that need not match leaves no time: the last one that did counts.
            let after = match times.as_slice() {
                [] => String::new(),
                [time] => format!(" AND ({time} IS NULL OR m.ts > {time})"),
                times => {
                    let latest_first: Vec<_> = times.iter().rev().map(String::as_str).collect();
                    let last = format!("COALESCE({})", latest_first.join(", "));
                    format!(" AND ({last} IS NULL OR m.ts > {last})")
                }
            };
            let time = format!("q{at}");
            let select = format!(
                "SELECT a.*, (SELECT MIN(m.ts) FROM {} m WHERE {} AND m.slot={slot}{after}) AS {time} \
                 FROM {sequence} a",
                frame.matches,
                frame.in_window()
            );
            sequence = self.add(&format!("{name}_seq{at}"), select, Vec::new());
            conditions.push(if frame.is_extended() {
                format!("a.{time} IS NOT NULL")
            } else {
                format!("(NOT {} OR a.{time} IS NOT NULL)", frame.presence(*slot))
            });
            times.push(time);
        }
        sequence
    }

    /// How values are told apart. In the reference the case of texts does not count.
    fn value_collation(&self) -> &'static str {
        if self.cx.env.is_reference() { " COLLATE NOCASE" } else { "" }
    }

    /// The comparison of the metric with the condition's numbers.
    fn threshold(&self, correlation: &Correlation) -> String {
        let CorrelationCondition::Thresholds { thresholds, .. } = &correlation.condition else {
            return "1".to_owned();
        };
        let compare = |threshold: &Threshold| {
            let operator = match threshold.op.as_str() {
                "lt" => "<",
                "lte" => "<=",
                "gt" => ">",
                "gte" => ">=",
                "neq" => "!=",
                _ => "=",
            };
            format!("metric {operator} {}", threshold.number)
        };
        thresholds.iter().map(compare).collect::<Vec<_>>().join(" AND ")
    }
}

/// What is measured in the window `a`.
fn metric(frame: &Frame<'_>, running: Option<&str>, collation: &str) -> Result<String, Error> {
    let Frame { matches, events, .. } = frame;
    let in_window = frame.in_window();
    if let Some(metrics) = running {
        let same_group = frame.same_group("m", "a");
        return Ok(format!("(SELECT m.metric FROM {metrics} m WHERE {same_group}m.end=a.end)"));
    }
    let correlation = frame.node.correlation;
    let selected =
        |aggregate: String, of: &str| Ok(format!("(SELECT {aggregate} FROM {of} m WHERE {in_window})"));
    let percentile = match correlation.kind {
        CorrelationType::ValueCount => {
            return selected(format!("COUNT(DISTINCT m.v{collation})"), events);
        }
        CorrelationType::EventCount => return selected("COUNT(DISTINCT m.eid)".to_owned(), events),
        CorrelationType::ValueSum => return selected("SUM(CAST(m.v AS REAL))".to_owned(), events),
        CorrelationType::ValueAvg => return selected("AVG(m.v)".to_owned(), events),
        CorrelationType::ValueMedian => 50.0,
        CorrelationType::ValuePercentile => percentile(correlation)?,
        CorrelationType::Temporal | CorrelationType::TemporalOrdered => {
            return selected("COUNT(DISTINCT m.slot)".to_owned(), matches);
        }
    };
    // Between the two values around the place, in proportion to how near each is.
    let place = format!("((n - 1) * {})", Number::Float(percentile / 100.0));
    let below = format!("CAST({place} AS INTEGER)");
    Ok(format!(
        "(SELECT SUM(v * CASE WHEN r={below} THEN 1 - ({place} - {below}) ELSE {place} - {below} END) FROM (\
         SELECT m.v, ROW_NUMBER() OVER (ORDER BY m.v) - 1 AS r, COUNT(*) OVER () AS n FROM {events} m \
         WHERE {in_window} AND m.v IS NOT NULL) WHERE r IN ({below}, {below} + 1))"
    ))
}

fn percentile(correlation: &Correlation) -> Result<f64, Error> {
    let percentile = match &correlation.condition {
        CorrelationCondition::Thresholds { percentile, .. } => percentile.map(Number::as_f64),
        CorrelationCondition::Extended { .. } => None,
    };
    percentile.filter(|percentile| (0.0..=100.0).contains(percentile)).ok_or_else(|| {
        Error::correlation("the condition gives no percentile between 0 and 100").as_reference("ValueError")
    })
}

/// What an alert rests on, as JSON arrays.
struct Evidence {
    events: String,
    /// Alerts of correlations below.
    children: String,
}

fn evidence(frame: &Frame<'_>, clause: &Clause, ordered: &[usize], anchor_source: &str) -> Evidence {
    let matches = &frame.matches;
    let mut filter = frame.in_window();
    if frame.is_extended() && !clause.positive.is_empty() {
        filter.push_str(&format!(" AND m.slot IN ({})", slots(&clause.positive)));
    }
    if !ordered.is_empty() {
        let steps: Vec<_> = ordered
            .iter()
            .enumerate()
            .map(|(at, slot)| format!("(m.slot={slot} AND m.ts=a.q{at})"))
            .collect();
        filter.push_str(&format!(" AND ({})", steps.join(" OR ")));
    }
    if matches!(
        frame.node.correlation.kind,
        CorrelationType::ValueSum
            | CorrelationType::ValueAvg
            | CorrelationType::ValueMedian
            | CorrelationType::ValuePercentile
    ) {
        filter.push_str(" AND m.v IS NOT NULL");
    }
    let collected = |column: &str, name: &str| {
        format!(
            "(SELECT json_group_array(DISTINCT {name}.value) FROM {matches} m, json_each(m.{column}) {name} \
             WHERE {filter})"
        )
    };
    let events = if looks_forward(clause) && clause.positive.is_empty() {
        format!(
            "(SELECT json_group_array(DISTINCT m.eid) FROM {anchor_source} m WHERE {}m.ts=a.start)",
            frame.same_group("m", "a")
        )
    } else {
        collected("evidence", "e")
    };
    Evidence { events, children: collected("children", "c") }
}
