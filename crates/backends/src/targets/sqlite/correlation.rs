//! Correlations as relations.
//!
//! Every step is a SELECT with a name: events with a flag for each rule, the events that a correlation counts, the
//! windows that end (or, where something must not happen, begin) at one of them, what is measured in each window,
//! and the alerts. A query joins the steps as common table expressions; Zircolite gets them as a plan, so that it
//! can make tables with indexes of them.

mod clauses;
mod graph;
mod identity;
mod node;
pub(super) mod sql;
mod window;

use sigyn_ir::{Correlation, Data, ItemId};

use self::graph::{Graph, Node};
use self::sql::{json_object, json_value, literal, quote};
use super::Sqlite;
use super::options::Settings;
use super::zircolite::required_fields;
use crate::dialect::Operator;
use crate::{Cx, Error, Subquery, Target};

/// The field by which a correlation reads what another one measured.
const METRIC: &str = "sigma_metric";

/// The first SQLite with everything that the queries use.
const SQLITE_MIN: &str = "3.38.0";

/// A step.
struct Stage {
    name: String,
    select: String,
    /// Columns that are worth an index.
    indexes: Vec<Vec<String>>,
}

/// Where the events of a rule are.
struct Raw {
    id: ItemId,
    relation: String,
    flag: String,
}

struct Compiler<'c, 'a> {
    target: &'c Sqlite,
    cx: &'c Cx<'c>,
    settings: &'c Settings,
    graph: Graph<'a>,
    /// What all names begin with.
    prefix: String,
    stages: Vec<Stage>,
    raw: Vec<Raw>,
    horizon: String,
    /// Queries that count what could not be correlated.
    diagnostics: Vec<String>,
    /// Correlations that are compiled, with the relation of their alerts.
    nodes: Vec<(ItemId, String)>,
    node_count: usize,
}

/// The query for a correlation, and its plan.
pub(super) fn compile(
    target: &Sqlite,
    cx: &Cx<'_>,
    settings: &Settings,
    correlation: &Correlation,
    rules: &[Subquery<'_>],
) -> Result<(String, Data), Error> {
    let root = Node { correlation, rules };
    let mut compiler = Compiler {
        target,
        cx,
        settings,
        graph: Graph::new(target, cx, root)?,
        prefix: format!("sigma_{}", &identity::digest(correlation)[..12]),
        stages: Vec::new(),
        raw: Vec::new(),
        horizon: String::new(),
        diagnostics: Vec::new(),
        nodes: Vec::new(),
        node_count: 0,
    };
    let tables = compiler.raw_events()?;
    let alerts = compiler.node(root)?;
    let query = format!(
        "SELECT alert_id, group_keys, end AS occurrence_time, start AS window_start, \
         end AS window_end, {} AS metric_name, metric AS metric_value, \
         json_array_length(evidence) AS event_count, evidence AS event_ids, \
         children AS child_alert_ids FROM {alerts} ORDER BY occurrence_time, alert_id",
        literal(correlation.kind.as_str())
    );
    let steps: Vec<_> =
        compiler.stages.iter().map(|stage| format!("{} AS ({})", stage.name, stage.select)).collect();
    let plan = compiler.plan(&query, tables);
    Ok((format!("WITH {} {query}", steps.join(", ")), plan))
}

impl<'a> Compiler<'_, 'a> {
    /// Adds a step and returns its name.
    fn add(&mut self, suffix: &str, select: String, indexes: Vec<Vec<String>>) -> String {
        let name = format!("{}_{suffix}", self.prefix);
        self.stages.push(Stage { name: name.clone(), select, indexes });
        name
    }

    /// The name of a field in the JSON objects that carry fields from step to step.
    fn field_id(&self, field: &str) -> Option<String> {
        self.graph.fields.iter().position(|name| name == field).map(|at| format!("f{at}"))
    }

    /// The value of a field in such an object.
    fn field(&self, payload: &str, field: &str) -> String {
        format!("json_extract({payload}, '$.{}')", self.field_id(field).unwrap_or_default())
    }

    /// For each table, its events with a flag for each rule, and the time up to which events are complete. Returns
    /// the tables.
    fn raw_events(&mut self) -> Result<Vec<String>, Error> {
        let mut tables: Vec<String> = Vec::new();
        for at in 0..self.graph.rules.len() {
            let base = &self.graph.rules[at];
            let (table, fields) = (base.table.clone(), required_fields(base.rule));
            self.graph.columns(&table).extend(fields);
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        for (at, table) in tables.iter().enumerate() {
            self.raw_table(at, table)?;
        }
        let horizon = match self.settings.observation_end {
            Some(end) => end.to_string(),
            None => {
                let mut relations: Vec<&str> = self.raw.iter().map(|raw| raw.relation.as_str()).collect();
                relations.sort_unstable();
                relations.dedup();
                let times: Vec<_> =
                    relations.into_iter().map(|relation| format!("SELECT ts FROM {relation}")).collect();
                format!("(SELECT MAX(ts) FROM ({}))", times.join(" UNION ALL "))
            }
        };
        self.horizon = self.add("horizon", format!("SELECT {horizon} AS ts"), Vec::new());
        Ok(tables)
    }

    fn raw_table(&mut self, at: usize, table: &str) -> Result<(), Error> {
        let settings = self.settings;
        let columns = self.graph.columns(table);
        columns.insert(settings.timestamp_field.clone());
        if !settings.event_id_field.eq_ignore_ascii_case("rowid") {
            columns.insert(settings.event_id_field.clone());
        }
        let columns = columns.clone();
        let members: Vec<_> = self
            .graph
            .fields
            .iter()
            .filter(|field| columns.contains(*field))
            .filter_map(|field| Some((self.field_id(field)?, json_value(field))))
            .collect();
        let mut flags = Vec::new();
        let rules: Vec<_> = self.graph.rules.iter().filter(|base| base.table == table).collect();
        for (number, base) in rules.iter().enumerate() {
            flags.push(format!("COALESCE(({}), 0) AS b{number}", self.predicate(base.queries)?));
        }
        let ids: Vec<ItemId> = rules.iter().map(|base| base.id).collect();
        let id = format!("CAST({} AS TEXT)", quote(&settings.event_id_field));
        let select = format!(
            "SELECT {id} AS rid, {} || {id} AS eid, {} AS ts, {} AS payload, {} FROM {table}",
            literal(&format!("{at}:")),
            settings.seconds,
            json_object(&members),
            flags.join(", ")
        );
        let indexes = vec![vec!["eid".to_owned()], vec!["ts".to_owned()]];
        let relation = self.add(&format!("raw{at}"), select, indexes);
        let flags: Vec<_> = (0..ids.len()).map(|number| format!("b{number}")).collect();
        self.diagnostics.push(format!(
            "SELECT 'invalid_timestamp' AS reason, COUNT(*) AS count FROM {relation} WHERE ts IS NULL AND ({})",
            flags.join(" OR ")
        ));
        let raw = ids.into_iter().zip(flags);
        self.raw.extend(raw.map(|(id, flag)| Raw { id, relation: relation.clone(), flag }));
        Ok(())
    }

    /// The condition of a rule, which may have several queries.
    fn predicate(&self, queries: &[Data]) -> Result<String, Error> {
        let texts: Option<Vec<_>> =
            queries.iter().map(|query| query.as_str().map(|text| format!("({text})"))).collect();
        match texts {
            Some(texts) if !texts.is_empty() => Ok(self.target.joined(self.cx, Operator::Or, texts)),
            _ => Err(Error::correlation("a rule of the correlation has no condition to search for")
                .as_reference("ValueError")),
        }
    }

    /// The steps for a program that makes tables of them.
    fn plan(&self, query: &str, tables: Vec<String>) -> Data {
        let prepare = self.stages.iter().map(|stage| {
            let indexes = stage.indexes.iter().map(|columns| Data::texts(columns.iter().cloned()));
            Data::map([
                ("name", stage.name.as_str().into()),
                ("select", stage.select.as_str().into()),
                ("indexes", Data::List(indexes.collect())),
            ])
        });
        let required = self.graph.required.iter();
        let required = required.map(|(table, columns)| (table.clone(), Data::texts(columns.iter().cloned())));
        let tables = tables.into_iter().enumerate().map(|(at, table)| (at.to_string(), Data::Text(table)));
        Data::map([
            ("version", 2.into()),
            ("sqlite_min_version", SQLITE_MIN.into()),
            ("prepare", Data::List(prepare.collect())),
            ("query", query.into()),
            ("diagnostics", self.diagnostics.join(" UNION ALL ").into()),
            ("cleanup", Data::texts(self.stages.iter().rev().map(|stage| stage.name.clone()))),
            ("required_fields", Data::map(required)),
            ("event_id_field", self.settings.event_id_field.as_str().into()),
            ("source_tables", Data::map(tables)),
        ])
    }
}
