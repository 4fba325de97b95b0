//! Which rules stand on which.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigyn_ir::RuleItem;
use sigyn_store::catalog::{Field, Filter, OverviewRequest};
use utoipa::ToSchema;

use super::rules::level;
use crate::app::App;
use crate::problem::Answer;
use crate::shape::Level;

/// Rules that stand on others or carry them.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChainGraph {
    /// The rules, each behind those that it reads.
    nodes: Vec<ChainNode>,
    /// Who reads whom.
    edges: Vec<ChainEdge>,
}

/// A rule of a chain.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChainNode {
    /// The rule's uid.
    uid: String,
    /// Its title.
    title: String,
    /// `rule`, `detections`, or the type of a correlation.
    kind: String,
    /// How serious.
    level: Option<Level>,
    /// How many rules stand one on the other below it, itself included; 0 if it is refused.
    stratum: u32,
    /// Whether it is switched on.
    enabled: bool,
    /// Why it is not in force.
    error: Option<String>,
    /// Time in which a correlation's events stand together: `5m`.
    timespan: Option<String>,
    /// What a correlation's events have in common.
    group_by: Vec<String>,
    /// Signals of the last seven days.
    signals: u64,
    /// Events or detections that matched since the server started.
    matches: u64,
}

/// A rule that reads another.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChainEdge {
    /// What is read.
    from: String,
    /// What reads it.
    to: String,
    /// What was read since the server started: matches of what is read.
    count: u64,
}

/// Shows the rules that stand on others
#[utoipa::path(get, path = "/api/v1/chains", tag = "rules", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = ChainGraph)))]
pub(crate) async fn graph(State(app): State<App>) -> Answer<Json<ChainGraph>> {
    let since = sigyn_node::now().saturating_sub(7 * 86_400 * 1_000_000_000);
    let filter = Filter { since: Some(since), ..Filter::default() };
    let facets = vec![Field::Rule];
    let request = OverviewRequest { filter, histogram: None, facets, values_max: usize::MAX };
    let overview = app.read(move |view| view.overview(&request)).await?;
    let counts: HashMap<String, u64> = overview.facets.into_iter().flat_map(|facet| facet.values).collect();
    let book = app.node().book();
    let readers = book.rules.iter().filter(|rule| !rule.reads.is_empty());
    let linked: HashSet<&str> =
        readers.flat_map(|rule| rule.reads.iter().map(String::as_str).chain([rule.uid.as_str()])).collect();
    let mut graph = ChainGraph { nodes: Vec::new(), edges: Vec::new() };
    for (rule, item) in book.rules.iter().zip(&book.set.items) {
        if !linked.contains(rule.uid.as_str()) {
            continue;
        }
        let (kind, timespan, group_by) = match item {
            RuleItem::Correlation(one) => (
                one.kind.to_string(),
                Some(one.timespan.text.clone()),
                one.group_by.clone().unwrap_or_default(),
            ),
            RuleItem::Rule(_) if item.is_on_detections() => ("detections".to_owned(), None, Vec::new()),
            RuleItem::Rule(_) => ("rule".to_owned(), None, Vec::new()),
        };
        let edge = |from: &String| ChainEdge {
            from: from.clone(),
            to: rule.uid.clone(),
            count: app.node().rule_state(from).matches,
        };
        graph.edges.extend(rule.reads.iter().map(edge));
        graph.nodes.push(ChainNode {
            uid: rule.uid.clone(),
            title: item.meta().title.clone(),
            kind,
            level: level(item),
            stratum: rule.stratum.unwrap_or(0),
            enabled: rule.is_enabled,
            error: rule.error.clone(),
            timespan,
            group_by,
            signals: counts.get(&rule.uid).copied().unwrap_or(0),
            matches: app.node().rule_state(&rule.uid).matches,
        });
    }
    Ok(Json(graph))
}
