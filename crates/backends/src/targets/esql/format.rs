//! Queries in output formats.

use sigyn_ir::Data;

use crate::Cx;
use crate::targets::elastic::siem::{SiemFormat, SiemQuery};
use crate::targets::elastic::{index, rule_id};

const SIEM_RULE: SiemFormat = SiemFormat {
    language: "esql",
    kind: "esql",
    rule_type_id: "siem.esqlRule",
    keys: &[
        "name",
        "tags",
        "enabled",
        "consumer",
        "throttle",
        "schedule",
        "params",
        "rule_type_id",
        "notify_when",
        "actions",
    ],
    params: &[
        "author",
        "description",
        "rule_id",
        "false_positives",
        "from",
        "immutable",
        "license",
        "output_index",
        "meta",
        "max_signals",
        "related_integrations",
        "required_fields",
        "risk_score",
        "risk_score_mapping",
        "setup",
        "severity",
        "severity_mapping",
        "threat",
        "to",
        "references",
        "version",
        "exceptions_list",
        "type",
        "language",
        "query",
    ],
    informational_risk: 1,
    informational_severity: "informational",
};

const SIEM_RULE_NDJSON: SiemFormat = SiemFormat {
    keys: &[
        "id",
        "name",
        "tags",
        "interval",
        "enabled",
        "description",
        "risk_score",
        "severity",
        "note",
        "license",
        "output_index",
        "meta",
        "author",
        "false_positives",
        "from",
        "rule_id",
        "max_signals",
        "risk_score_mapping",
        "severity_mapping",
        "threat",
        "to",
        "references",
        "version",
        "exceptions_list",
        "immutable",
        "related_integrations",
        "required_fields",
        "setup",
        "type",
        "language",
        "query",
        "actions",
    ],
    params: &[],
    informational_risk: 0,
    informational_severity: "low",
    ..SIEM_RULE
};

/// A query in the output format that was asked for.
pub(super) fn document(cx: &Cx<'_>, query: String, place: usize) -> Data {
    let metadata = match cx.state.get("metadata") {
        None | Some(Data::Null) => "_id, _index, _version".to_owned(),
        Some(Data::Text(text)) => text.clone(),
        Some(other) => other.to_json(None),
    };
    let indices = index::of_state(&cx.state);
    let text = format!("from {indices} metadata {metadata} | where {query}");
    match cx.env.format.as_str() {
        "kibana_ndjson" => saved_search(cx, text, indices),
        "siem_rule" => SIEM_RULE.document(cx, SiemQuery { text, index: place, indices: Data::Null }),
        "siem_rule_ndjson" => {
            SIEM_RULE_NDJSON.document(cx, SiemQuery { text, index: place, indices: Data::Null })
        }
        _ => Data::Text(text),
    }
}

/// A saved search of Kibana.
fn saved_search(cx: &Cx<'_>, query: String, indices: String) -> Data {
    let meta = cx.rule.meta();
    let empty = || Data::List(Vec::new());
    let view = Data::map([
        ("title", Data::Text(indices.clone())),
        ("timeFieldName", "@timestamp".into()),
        ("sourceFilters", empty()),
        ("type", "esql".into()),
        ("fieldFormats", Data::Map(Vec::new())),
        ("runtimeFieldMap", Data::Map(Vec::new())),
        ("allowNoIndex", false.into()),
        ("name", Data::Text(indices)),
        ("allowHidden", false.into()),
    ]);
    let source = Data::map([
        ("query", Data::map([("esql", Data::Text(query))])),
        ("index", view),
        ("filter", empty()),
    ]);
    let attributes = Data::map([
        ("columns", empty()),
        ("description", meta.description.as_deref().unwrap_or("No description").into()),
        ("grid", Data::Map(Vec::new())),
        ("hideChart", false.into()),
        ("isTextBasedQuery", true.into()),
        ("kibanaSavedObjectMeta", Data::map([("searchSourceJSON", Data::Text(source.to_json(None)))])),
        ("sort", Data::List(vec![Data::texts(["@timestamp", "desc"])])),
        ("timeRestore", false.into()),
        ("title", Data::Text(format!("SIGMA - {}", meta.title))),
        ("usesAdHocDataView", false.into()),
    ]);
    Data::map([
        ("attributes", attributes),
        ("id", rule_id(cx)),
        ("managed", false.into()),
        ("references", empty()),
        ("type", "search".into()),
        ("typeMigrationVersion", "10.2.0".into()),
    ])
}
