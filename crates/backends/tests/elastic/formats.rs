//! Output formats.

use sigyn_ir::{Compat, Data};

use crate::support::Way;

const RULE: &str = "\
title: Some rule
author: Someone
level: informational
tags: [attack.execution, attack.persistence, attack.t1053.005, tlp.clear]
logsource: {category: test}
detection:
  selection: {f: x}
  other: {f: y}
  condition: [selection, other]
";

/// The value at a path of keys and places.
fn at<'d>(data: &'d Data, path: &str) -> &'d Data {
    path.split('.').fold(data, |data, key| match key.parse::<usize>() {
        Ok(place) => data.as_list().and_then(|items| items.get(place)).unwrap_or(&Data::Null),
        Err(_) => data.get(key).unwrap_or(&Data::Null),
    })
}

fn convert(target: &'static str, format: &'static str, compat: Compat) -> Vec<Data> {
    Way::format(target, format, compat).convert(RULE).expect("converted")
}

/// Holds values of the first document, as JSON, by default and in the reference.
fn check(target: &'static str, format: &'static str, expected: &[(&str, &str, &str)]) {
    let (ours, reference) = (convert(target, format, Compat::Spec), convert(target, format, Compat::PySigma));
    for (path, in_ours, in_reference) in expected {
        for (documents, expected) in [(&ours, in_ours), (&reference, in_reference)] {
            let found = at(&Data::List(documents.clone()), path).to_json(None);
            assert_eq!(found, *expected, "{target} {format} {path}");
        }
    }
}

fn same<'e>(path: &'e str, value: &'e str) -> (&'e str, &'e str, &'e str) {
    (path, value, value)
}

#[test]
fn detection_rules_say_what_the_rule_says() {
    for (target, language, query) in
        [("lucene", "\"lucene\"", "\"f:x\""), ("eql", "\"eql\"", "\"any where f:\\\"x\\\"\"")]
    {
        check(
            target,
            "siem_rule_ndjson",
            &[
                same("0.name", "\"SIGMA - Some rule\""),
                same("0.author", "[\"Someone\"]"),
                same("0.description", "\"No description\""),
                same("0.language", language),
                same("0.query", query),
                same("0.interval", "\"5m\""),
                same("0.from", "\"now-5m\""),
                same("0.index.3", "\"filebeat-*\""),
                ("0.rule_id", "\"Some rule\"", "\"None\""),
                ("0.id", "null", "\"None\""),
                ("0.license", "null", "\"DRL\""),
                // The reference pairs by position, and takes all tags away.
                ("0.threat.1.tactic.id", "\"TA0003\"", "null"),
                same("0.threat.0.technique.0.subtechnique.0.id", "\"T1053.005\""),
                same("0.tags", "[\"tlp-clear\"]"),
                // For the second query of a rule there are none left.
                ("1.threat.0.tactic.id", "\"TA0002\"", "null"),
            ],
        );
        check(target, "siem_rule", &[same("0.params.query", query), same("0.schedule.interval", "\"5m\"")]);
    }
}

#[test]
fn detection_rules_have_the_type_of_their_language() {
    check("lucene", "siem_rule", &[same("0.rule_type_id", "\"siem.queryRule\"")]);
    check("eql", "siem_rule", &[("0.rule_type_id", "\"siem.eqlRule\"", "\"siem.queryRule\"")]);
}

#[test]
fn severities_are_those_that_elastic_knows() {
    check("lucene", "siem_rule", &[same("0.params.severity", "\"low\""), same("0.params.riskScore", "0")]);
    check(
        "lucene",
        "siem_rule_ndjson",
        &[("0.severity", "\"low\"", "\"informational\""), same("0.risk_score", "1")],
    );
    check("eql", "siem_rule", &[("0.params.severity", "\"low\"", "\"informational\"")]);
    check("eql", "siem_rule_ndjson", &[same("0.severity", "\"low\"")]);
}

#[test]
fn sequences_are_whole_queries_in_detection_rules() {
    let rules = "\
title: A
name: a
logsource: {category: test}
detection: {selection: {f: x}, condition: selection}
---
title: C
correlation: {type: event_count, rules: [a], timespan: 5m, condition: {gte: 2}}
";
    for (compat, start) in [(Compat::Spec, "sequence with"), (Compat::PySigma, "any where sequence")] {
        let documents = Way::format("eql", "siem_rule_ndjson", compat).convert(rules).expect("converted");
        let query = at(&documents[0], "query").as_str().unwrap_or_default();
        assert!(query.starts_with(start), "{query}");
    }
}

#[test]
fn searches_and_monitors_hold_the_query() {
    let dsl = "{\"query\": {\"bool\": {\"must\": [{\"query_string\": {\"query\": \"f:x\", \"analyze_wildcard\": true}}]}}}";
    for target in ["lucene", "opensearch_lucene"] {
        assert_eq!(convert(target, "dsl_lucene", Compat::Spec)[0].to_json(None), dsl);
    }
    for (target, format) in [("lucene", "kibana_ndjson"), ("opensearch_lucene", "dashboards_ndjson")] {
        check(
            target,
            format,
            &[same("0.attributes.title", "\"SIGMA - Some rule\""), ("0.id", "\"Some rule\"", "\"None\"")],
        );
    }
    check(
        "opensearch_lucene",
        "monitor_rule",
        &[
            same("0.triggers.0.severity", "5"),
            same("0.schedule.period", "{\"interval\": 5, \"unit\": \"MINUTES\"}"),
            same("0.inputs.0.search.indices", "[\"beats-*\"]"),
            same("0.inputs.0.search.query.query.bool.must.0.query_string.query", "\"f:x\""),
        ],
    );
    assert_eq!(
        convert("eql", "eqlapi", Compat::Spec)[1].to_json(None),
        "{\"query\": \"any where f:\\\"y\\\"\"}"
    );
}

#[test]
fn options_set_indices_and_intervals() {
    let way = |target| Way {
        options: vec![
            ("index_names".to_owned(), "logs-*".into()),
            ("schedule_interval".to_owned(), 10.into()),
            ("schedule_interval_unit".to_owned(), "h".into()),
        ],
        ..Way::format(target, "siem_rule_ndjson", Compat::Spec)
    };
    for target in ["lucene", "eql"] {
        let documents = way(target).convert(RULE).expect("converted");
        assert_eq!(at(&documents[0], "index").to_json(None), "[\"logs-*\"]");
        assert_eq!(at(&documents[0], "interval").as_str(), Some("10h"));
    }
}

/// Both targets speak one language.
#[test]
fn opensearch_has_the_dialect_of_lucene() {
    let language = |name: &str| {
        let text = sigyn_backends::targets::find(name).expect("a target").text;
        text.split_once("operators:").expect("operators").1
    };
    assert_eq!(language("lucene"), language("opensearch_lucene"));
}
