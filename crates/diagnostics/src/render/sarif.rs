//! A SARIF 2.1.0 document, as code scanners and forges read it.
//!
//! One run with the codes in use as rules. Columns count Unicode code points (`columnKind`), bytes stand
//! beside them. Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use serde_json::{Value, json};

use super::{Finding, Place, json::severity};
use crate::{Code, Fix};

/// The schema that documents name.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// All findings as one document, indented, with a line break at the end.
pub fn render(findings: &[Finding<'_>]) -> String {
    let mut codes: Vec<&'static Code> = findings.iter().map(|finding| finding.diagnostic.code).collect();
    codes.sort_unstable_by_key(|code| code.number);
    codes.dedup_by_key(|code| code.number);
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &codes)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sigyn",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.to_string(),
        "name": code.name,
        "shortDescription": { "text": code.summary },
        "help": { "text": code.help },
    })
}

fn result(finding: &Finding<'_>, codes: &[&'static Code]) -> Value {
    let diagnostic = finding.diagnostic;
    let index = codes.iter().position(|code| code.number == diagnostic.code.number);
    let place = finding.place(diagnostic.span);
    let locations = if place.path.is_empty() { vec![] } else { vec![location(place, &diagnostic.label)] };
    let mut result = json!({
        "ruleId": diagnostic.code.to_string(),
        "ruleIndex": index,
        "level": severity(diagnostic.severity),
        // The way out belongs to the message: most viewers show nothing else.
        "message": { "text": format!("{}\n{}", diagnostic.message, diagnostic.way_out()) },
        "locations": locations,
    });
    if !diagnostic.related.is_empty() {
        let related =
            diagnostic.related.iter().map(|label| location(finding.place(Some(label.span)), &label.text));
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([change(finding, fix)]);
    }
    result
}

fn location(place: Place<'_>, message: &str) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(place.path) } });
    if place.region.is_some() {
        physical["region"] = region(place);
    }
    let mut location = json!({ "physicalLocation": physical });
    if !message.is_empty() {
        location["message"] = json!({ "text": message });
    }
    location
}

fn region(place: Place<'_>) -> Value {
    place.region.map_or(Value::Null, |region| {
        json!({
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
            "byteOffset": region.byte_start,
            "byteLength": region.byte_end - region.byte_start,
        })
    })
}

/// A fix; its edits grouped by file in the order they come.
fn change(finding: &Finding<'_>, fix: &Fix) -> Value {
    let mut files: Vec<(&str, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let place = finding.place(Some(edit.span));
        let replacement = json!({ "deletedRegion": region(place), "insertedContent": { "text": edit.text } });
        match files.iter_mut().find(|(path, _)| *path == place.path) {
            Some((_, replacements)) => replacements.push(replacement),
            None => files.push((place.path, vec![replacement])),
        }
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(path, replacements)| {
            json!({ "artifactLocation": { "uri": uri(path) }, "replacements": replacements })
        })
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

/// A path as a URI reference: `/` between parts, everything unusual as percent escapes.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => out.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diagnostic, Edit, SourceFile, SourceId, Sources, Span, codes};

    fn sources() -> Sources {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("rules/a b.yml", "title: é\nid: x\n"));
        sources
    }

    fn span(start: usize, end: usize) -> Span {
        Span::new(SourceId(0), start, end)
    }

    fn document(diagnostics: &[Diagnostic]) -> Value {
        let sources = sources();
        let findings: Vec<_> = diagnostics
            .iter()
            .map(|diagnostic| Finding { diagnostic, sources: &sources, origin: "" })
            .collect();
        serde_json::from_str(&render(&findings)).unwrap()
    }

    #[test]
    fn rules_are_the_codes_in_use_and_results_point_at_them() {
        let document = document(&[
            Diagnostic::error(&codes::rule::BAD_ID, "not a UUID").labelled(span(14, 15), "here"),
            Diagnostic::warning(&codes::rule::MISSING_TITLE, "no title"),
            Diagnostic::error(&codes::rule::BAD_ID, "not a UUID either"),
        ]);
        let run = &document["runs"][0];
        let ids: Vec<_> =
            run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
        assert_eq!(ids, ["S2002", "S2004"]);
        let results = run["results"].as_array().unwrap();
        let seen: Vec<_> = results.iter().map(|r| (r["ruleIndex"].as_u64(), r["level"].as_str())).collect();
        assert_eq!(seen, [(Some(1), Some("error")), (Some(0), Some("warning")), (Some(1), Some("error"))]);
        assert_eq!(results[1]["locations"], json!([]), "a finding without a place has no location");
        assert_eq!(
            results[0]["locations"][0],
            json!({
                "message": { "text": "here" },
                "physicalLocation": {
                    "artifactLocation": { "uri": "rules/a%20b.yml" },
                    "region": { "startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 6,
                                "byteOffset": 14, "byteLength": 1 },
                },
            })
        );
    }

    #[test]
    fn a_fix_lists_its_replacements_by_file() {
        let edits = vec![
            Edit { span: span(7, 9), text: "e".into() },
            Edit { span: span(14, 15), text: String::new() },
        ];
        let fix = Fix { title: "write plain letters".into(), edits, is_safe: false };
        let document = document(&[Diagnostic::error(&codes::rule::BAD_ID, "x").with_fix(fix)]);
        let change = &document["runs"][0]["results"][0]["fixes"][0]["artifactChanges"];
        assert_eq!(change.as_array().map(Vec::len), Some(1));
        let first = &change[0]["replacements"][0];
        assert_eq!(first["deletedRegion"]["endColumn"], 9);
        assert_eq!(first["deletedRegion"]["byteLength"], 2);
        assert_eq!(change[0]["replacements"][1]["insertedContent"]["text"], "");
    }

    #[test]
    fn an_empty_run_is_a_valid_document() {
        let document = document(&[]);
        assert_eq!(document["version"], "2.1.0");
        assert_eq!(document["runs"][0]["results"], json!([]));
    }

    #[test]
    fn paths_become_uris() {
        let check = |path: &str, expect: &str| assert_eq!(uri(path), expect);
        check("rules/a.yml", "rules/a.yml");
        check("/rules/ä#1.yml", "file:///rules/%C3%A4%231.yml");
        check("<stdin>", "%3Cstdin%3E");
    }
}
