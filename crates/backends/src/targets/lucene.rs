//! Elasticsearch, queried with Lucene's query language.

use sigyn_ir::Data;

use super::Builtin;
use super::elastic::lucene::{Frame, Lucene, dsl, saved_search};
use super::elastic::siem::{self, SiemFormat, SiemQuery};
use crate::{Cx, Error};

pub(super) static TARGET: Builtin = Builtin {
    name: "lucene",
    text: include_str!("lucene/dialect.yml"),
    build: |dialect| Box::new(Lucene { dialect, frame: Elasticsearch }),
};

struct Elasticsearch;

const SIEM_RULE: SiemFormat = SiemFormat {
    language: "lucene",
    kind: "query",
    rule_type_id: "siem.queryRule",
    keys: &[
        "name",
        "consumer",
        "enabled",
        "throttle",
        "schedule",
        "params",
        "rule_type_id",
        "tags",
        "notify_when",
        "actions",
    ],
    params: siem::PARAMS,
    informational_risk: 0,
    informational_severity: "low",
};

const SIEM_RULE_NDJSON: SiemFormat = SiemFormat {
    keys: siem::KEYS_NDJSON,
    params: &[],
    informational_risk: 1,
    informational_severity: "informational",
    ..SIEM_RULE
};

impl Frame for Elasticsearch {
    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        let siem_rule = |format: &SiemFormat, text: String| {
            let indices = siem::indices(cx.env);
            format.document(cx, SiemQuery { text, index, indices })
        };
        Ok(match cx.env.format.as_str() {
            "kibana_ndjson" => saved_search(cx, query),
            "dsl_lucene" => Data::map([("query", dsl(query))]),
            "siem_rule" => siem_rule(&SIEM_RULE, query),
            "siem_rule_ndjson" => siem_rule(&SIEM_RULE_NDJSON, query),
            _ => Data::Text(query),
        })
    }
}
