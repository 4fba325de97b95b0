//! OpenSearch, queried with Lucene's query language.

use sigyn_ir::{Data, Level};

use super::Builtin;
use super::elastic::lucene::{Frame, Lucene, dsl, saved_search};
use super::elastic::{rule_id, siem};
use crate::{Cx, Error};

pub(super) static TARGET: Builtin = Builtin {
    name: "opensearch_lucene",
    text: include_str!("opensearch_lucene/dialect.yml"),
    build: |dialect| Box::new(Lucene { dialect, frame: OpenSearch }),
};

struct OpenSearch;

impl Frame for OpenSearch {
    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        Ok(match cx.env.format.as_str() {
            "dashboards_ndjson" => saved_search(cx, query),
            "dsl_lucene" => Data::map([("query", dsl(query))]),
            "monitor_rule" => monitor(cx, query),
            _ => Data::Text(query),
        })
    }
}

/// A monitor that looks for one hit at every interval.
fn monitor(cx: &Cx<'_>, query: String) -> Data {
    let meta = cx.rule.meta();
    let options = &cx.env.options;
    let period = Data::map([
        ("interval", options.or("monitor_interval", 5)),
        ("unit", options.or("monitor_interval_unit", "MINUTES")),
    ]);
    let search = Data::map([
        ("indices", siem::index_names(cx.env, &["beats-*"])),
        ("query", Data::map([("size", 1.into()), ("query", dsl(query))])),
    ]);
    let script = Data::map([
        ("source", Data::from("ctx.results[0].hits.total.value > 0")),
        ("lang", "painless".into()),
    ]);
    let trigger = Data::map([
        ("name", Data::from("generated-trigger")),
        ("severity", severity(meta.level).into()),
        ("condition", Data::map([("script", script)])),
        ("actions", Data::List(Vec::new())),
    ]);
    Data::map([
        ("type", Data::from("monitor")),
        ("name", format!("SIGMA - {}", meta.title).into()),
        ("description", meta.description.as_deref().map_or(Data::Null, Data::from)),
        ("enabled", true.into()),
        ("schedule", Data::map([("period", period)])),
        ("inputs", Data::List(vec![Data::map([("search", search)])])),
        ("tags", siem::tags(&meta.tags)),
        ("triggers", Data::List(vec![trigger])),
        ("sigma_meta_data", Data::map([("rule_id", rule_id(cx)), ("threat", Data::List(Vec::new()))])),
        ("references", Data::texts(meta.references.iter().cloned())),
    ])
}

/// OpenSearch counts severities from 1, the highest.
fn severity(level: Option<Level>) -> i64 {
    match level {
        Some(Level::Critical) | None => 1,
        Some(Level::High) => 2,
        Some(Level::Medium) => 3,
        Some(Level::Low) => 4,
        Some(Level::Informational) => 5,
    }
}
