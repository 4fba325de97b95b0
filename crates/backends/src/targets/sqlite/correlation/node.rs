//! One correlation: its events, what is measured over them, and its alerts.

use sigyn_ir::{CorrelationType, ItemId};

use super::super::super::sql::windows::{Windows, windows};
use super::clauses::clauses;
use super::graph::{Node, Source};
use super::sql::{self, json_object, literal, numeric, quote};
use super::window::Frame;
use super::{Compiler, METRIC, identity};
use crate::Error;

impl<'a> Compiler<'_, 'a> {
    /// Compiles a correlation below another one, once.
    fn nested(&mut self, id: ItemId, node: Node<'a>) -> Result<String, Error> {
        if let Some((_, relation)) = self.nodes.iter().find(|(known, _)| *known == id) {
            return Ok(relation.clone());
        }
        let relation = self.node(node)?;
        self.nodes.push((id, relation.clone()));
        Ok(relation)
    }

    /// Compiles a correlation and returns the relation of its alerts.
    pub(super) fn node(&mut self, node: Node<'a>) -> Result<String, Error> {
        let stem = format!("n{}", self.node_count);
        self.node_count += 1;
        let groups: Vec<String> = (0..node.group_by().len()).map(|at| format!("g{at}")).collect();
        let matches = self.matches(node, &stem, &groups)?;
        let comma_groups: String = groups.iter().map(|group| format!(", {group}")).collect();
        let events = self.add(
            &format!("{stem}_events"),
            format!("SELECT DISTINCT eid, ts{comma_groups}, v FROM {matches}"),
            vec![with(&groups, "ts")],
        );
        let span = node.correlation.timespan.seconds;
        let windows = if self.cx.env.is_reference() { Windows::Sliding } else { windows(node.correlation) };
        let frame = Frame { node, stem, groups, comma_groups, span, windows, matches, events };
        let metrics = self.running_metrics(&frame);
        let clauses = clauses(node.correlation)?;
        let mut results = Vec::new();
        for (number, clause) in clauses.alternatives.iter().enumerate() {
            results.push(self.windows(&frame, metrics.as_deref(), number, clause, clauses.names_order)?);
        }
        if results.is_empty() {
            let nulls: String = frame.groups.iter().map(|group| format!(", NULL AS {group}")).collect();
            results.push(format!(
                "SELECT 0 AS start, 0 AS end{nulls}, 0 AS metric, '[]' AS evidence, '[]' AS children WHERE 0"
            ));
        }
        Ok(self.alerts(&frame, &results))
    }

    /// The events that the correlation counts, with their groups (`g0`, …) and the value that is measured (`v`).
    fn matches(&mut self, node: Node<'a>, stem: &str, groups: &[String]) -> Result<String, Error> {
        let is_number = matches!(
            node.correlation.kind,
            CorrelationType::ValueSum
                | CorrelationType::ValueAvg
                | CorrelationType::ValueMedian
                | CorrelationType::ValuePercentile
        );
        let mut branches = Vec::new();
        for (slot, id, source) in node.sources() {
            let keys: String = node
                .group_by()
                .iter()
                .zip(groups)
                .map(|(field, group)| {
                    let key = self.group_key(&self.field("s.payload", node.field_of(id, field)));
                    format!(", {key} AS {group}")
                })
                .collect();
            let values: Vec<_> = node
                .measured()
                .iter()
                .map(|field| self.field("s.payload", node.field_of(id, field)))
                .map(|value| if is_number { numeric(&value) } else { value })
                .collect();
            let value = sql::tuple(&values);
            let source = self.source(id, source)?;
            branches.push(format!("SELECT s.*, {slot} AS slot{keys}, {value} AS v FROM ({source}) s"));
        }
        let input = self.add(&format!("{stem}_input"), branches.join(" UNION ALL "), Vec::new());
        let mut needed = groups.to_vec();
        // An event without the value that is measured is none that counts. The reference lets it open windows.
        if !node.measured().is_empty() && !self.cx.env.is_reference() {
            needed.push("v".to_owned());
        }
        let matches = self.add(
            &format!("{stem}_matches"),
            format!("SELECT DISTINCT * FROM {input} WHERE {}", complete(&needed)),
            vec![
                with(groups, "ts"),
                groups.iter().cloned().chain(["slot".to_owned(), "ts".to_owned()]).collect(),
                vec!["eid".to_owned()],
            ],
        );
        if !groups.is_empty() {
            let missing: Vec<_> = groups.iter().map(|group| format!("{group} IS NULL")).collect();
            self.diagnostics.push(format!(
                "SELECT 'missing_group_key' AS reason, COUNT(DISTINCT eid) AS count FROM {input} WHERE {}",
                missing.join(" OR ")
            ));
        }
        Ok(matches)
    }

    /// An expression as the key of a group. In the reference the case of texts does not count.
    pub(super) fn group_key(&self, expression: &str) -> String {
        if self.cx.env.is_reference() { sql::folded(expression) } else { expression.to_owned() }
    }

    /// The events of a rule, or the alerts of a correlation as events.
    fn source(&mut self, id: ItemId, source: Source<'a>) -> Result<String, Error> {
        match source {
            Source::Rule(_) => {
                let Some(raw) = self.raw.iter().find(|raw| raw.id == id) else {
                    return Err(Error::correlation("a rule of the correlation was not converted"));
                };
                Ok(format!(
                    "SELECT 'e:' || eid AS eid, ts, payload, json_array(eid) AS evidence, \
                     '[]' AS children FROM {} WHERE {}",
                    raw.relation, raw.flag
                ))
            }
            Source::Correlation(node) => {
                let alerts = self.nested(id, node)?;
                // The alert says its group and what it measured; every other field comes from its events.
                let events: Vec<_> = self
                    .relations()
                    .into_iter()
                    .map(|relation| format!("SELECT eid, payload FROM {relation}"))
                    .collect();
                Ok(format!(
                    "SELECT DISTINCT 'c:' || c.alert_id AS eid, c.end AS ts, \
                     json_patch(r.payload, c.payload) AS payload, c.evidence, \
                     json_array(c.alert_id) AS children FROM {alerts} c \
                     JOIN json_each(c.evidence) e JOIN ({}) r ON r.eid=e.value",
                    events.join(" UNION ALL ")
                ))
            }
        }
    }

    /// The relations with raw events, sorted.
    pub(super) fn relations(&self) -> Vec<String> {
        let mut relations: Vec<_> = self.raw.iter().map(|raw| raw.relation.clone()).collect();
        relations.sort_unstable();
        relations.dedup();
        relations
    }

    /// Joins the windows of all clauses: two clauses that describe the same window are one alert with the evidence of
    /// both.
    fn alerts(&mut self, frame: &Frame<'_>, results: &[String]) -> String {
        let Frame { node, stem, groups, .. } = frame;
        let combined = self.add(&format!("{stem}_combined"), results.join(" UNION "), Vec::new());
        let keys: Vec<_> = ["start", "end"].into_iter().chain(groups.iter().map(String::as_str)).collect();
        let keys = keys.join(", ");
        let windows = self.add(
            &format!("{stem}_windows"),
            format!("SELECT {keys}, MAX(metric) AS metric FROM {combined} GROUP BY {keys}"),
            Vec::new(),
        );
        let same_group = frame.same_group("c", "a");
        let merged = ["evidence", "children"].map(|column| {
            format!(
                "(SELECT json_group_array(value) FROM (SELECT DISTINCT e.value FROM {combined} c, \
                 json_each(c.{column}) e WHERE {same_group}c.start=a.start AND c.end=a.end ORDER BY e.value)) \
                 AS {column}"
            )
        });
        let select = format!("SELECT a.*, {} FROM {windows} a", merged.join(", "));
        let merged = self.add(&format!("{stem}_merged"), select, Vec::new());
        let named_groups = || node.group_by().iter().zip(groups);
        let keys: Vec<_> = named_groups().map(|(field, group)| (field.clone(), quote(group))).collect();
        let metric = [node.correlation.kind.as_str(), METRIC].into_iter();
        let payload: Vec<_> = named_groups()
            .filter_map(|(field, group)| Some((self.field_id(field)?, quote(group))))
            .chain(metric.filter_map(|field| Some((self.field_id(field)?, "metric".to_owned()))))
            .collect();
        let order: Vec<_> =
            groups.iter().map(String::as_str).chain(["end", "start", "metric", "evidence"]).collect();
        let digest = identity::digest(node.correlation);
        self.add(
            &format!("{stem}_alerts"),
            format!(
                "SELECT {} || ROW_NUMBER() OVER (ORDER BY {}) AS alert_id, \
                 start, end, {} AS group_keys, metric, evidence, children, {} AS payload FROM {merged}",
                literal(&format!("sigma_alert_{}:", &digest[..16])),
                order.join(", "),
                json_object(&keys),
                json_object(&payload)
            ),
            vec![vec!["end".to_owned()], vec!["alert_id".to_owned()]],
        )
    }
}

/// The columns of the groups with another one behind.
pub(super) fn with(groups: &[String], column: &str) -> Vec<String> {
    groups.iter().cloned().chain([column.to_owned()]).collect()
}

/// The condition that an event has a time, an id and all keys of its group.
pub(super) fn complete(groups: &[String]) -> String {
    let columns = ["ts", "eid"].into_iter().chain(groups.iter().map(String::as_str));
    columns.map(|column| format!("{column} IS NOT NULL")).collect::<Vec<_>>().join(" AND ")
}
