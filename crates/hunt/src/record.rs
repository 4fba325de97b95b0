//! A match as programs read it: JSON objects and CSV rows. The keys are a contract.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use sigyn_event::{Timestamp, write_string};

use crate::detected::{Detected, Origin, Piece};
use crate::found::Hit;
use crate::idle::{Cause, Idle};
use crate::rules::RuleInfo;
use crate::summary::Summary;

/// The header of CSV output.
pub const CSV_HEADER: &str =
    "@timestamp,rule.level,rule.id,rule.title,rule.tags,host,user,log.path,log.record,event\n";

/// The header of CSV output with what detections of correlations have beside.
pub const CSV_HEADER_DETECTED: &str = "@timestamp,rule.level,rule.id,rule.title,rule.tags,host,user,log.path,log.record,event,\
     id,first_seen,last_seen,group,value,count,evidence\n";

/// Appends a match as one JSON object.
pub fn write_json(out: &mut String, hit: &Hit<'_>, rule: &RuleInfo) {
    out.push_str("{\"@timestamp\":");
    match hit.time {
        // Writing to a string cannot fail.
        Some(time) => drop(write!(out, "\"{time}\"")),
        None => out.push_str("null"),
    }
    out.push_str(",\"rule\":");
    out.push_str(rule.json());
    out.push_str(",\"log\":{\"path\":");
    write_string(out, &hit.member.path);
    out.push_str(",\"record\":");
    let _ = write!(out, "{}", hit.record);
    for (key, text) in [("},\"host\":", &hit.host), (",\"user\":", &hit.user)] {
        out.push_str(key);
        match text {
            Some(text) => write_string(out, text),
            None => out.push_str("null"),
        }
    }
    if let Some(event) = &hit.event {
        // The event is JSON text already: it goes in as it is, digits of numbers included.
        out.push_str(",\"event\":");
        out.push_str(event);
    }
    out.push('}');
}

/// Appends a detection of a correlation as one JSON object. It has the keys of a match, and more.
pub fn write_detected_json(out: &mut String, detected: &Detected, rules: &[RuleInfo]) {
    let rule = rules.get(detected.rule).map_or("null", RuleInfo::json);
    let group: Map<String, Value> =
        detected.group.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    let outcomes: Map<String, Value> =
        detected.outcomes.iter().map(|(name, values)| (name.to_string(), json!(values))).collect();
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "{{\"@timestamp\":\"{}\",\"rule\":{rule},\"log\":null,\"host\":null,\"user\":null,\"id\":\"{}\",\
         \"first_seen\":\"{}\",\"last_seen\":\"{}\",\"group\":{},\"value\":{},\"count\":{},\"risk\":{},\"open\":{},\
         \"outcomes\":{},\"evidence\":{},\"truncated\":{}}}",
        detected.time,
        detected.id,
        detected.first,
        detected.last,
        Value::Object(group),
        number(detected.value.as_deref()),
        detected.total,
        detected.risk,
        detected.is_open,
        Value::Object(outcomes),
        Value::Array(detected.evidence.iter().map(|piece| evidence(piece, rules)).collect()),
        detected.is_truncated,
    );
}

/// A number as JSON, digits as they are.
fn number(text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    text.parse::<i64>()
        .map(Value::from)
        .or_else(|_| text.parse::<f64>().map(Value::from))
        .unwrap_or(Value::Null)
}

fn evidence(piece: &Piece, rules: &[RuleInfo]) -> Value {
    let rule = rules.get(piece.rule);
    let rule =
        json!({ "id": rule.and_then(|rule| rule.id.as_deref()), "title": rule.map(|rule| &rule.title) });
    match &piece.of {
        Origin::Record { path, record } => json!({
            "@timestamp": piece.time.to_string(),
            "rule": rule,
            "log": { "path": **path, "record": record },
        }),
        Origin::Detection { id, evidence: below, is_truncated } => json!({
            "@timestamp": piece.time.to_string(),
            "rule": rule,
            "id": id,
            "evidence": below.iter().map(|piece| evidence(piece, rules)).collect::<Vec<_>>(),
            "truncated": is_truncated,
        }),
    }
}

/// What was read and found, and which rules could not find anything, as one JSON object.
pub fn summary(summary: &Summary, rules: &[RuleInfo], idle: &[Idle]) -> String {
    let named = |at: usize| {
        let rule = rules.get(at);
        let id = rule.and_then(|rule| rule.id.clone());
        json!({ "id": id, "title": rule.map(|rule| &rule.title), "level": rule.map(RuleInfo::level_name) })
    };
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let found: Vec<Value> = summary
        .rules
        .iter()
        .map(|(at, count)| {
            json!({
                "rule": named(*at),
                "events": count.events,
                "first": time(count.first),
                "last": time(count.last),
                "hosts": count.hosts,
                "users": count.users,
            })
        })
        .collect();
    let shapes: Vec<Value> = summary
        .shapes
        .iter()
        .map(|(name, reads)| {
            json!({ "shape": name, "logs": reads.logs, "records": reads.records, "damaged": reads.damaged })
        })
        .collect();
    let could_not_match: Vec<Value> = idle
        .iter()
        .map(|idle| {
            let (fields, is_any): (&[String], _) = match &idle.cause {
                Cause::NoFields { fields, is_any } => (fields, Some(*is_any)),
                Cause::UnknownLogSource | Cause::NoRecords => (&[], None),
            };
            json!({
                "rule": named(idle.rule),
                "cause": idle.cause.name(),
                "fields": fields,
                "any_field_would_do": is_any,
                "reason": idle.reason,
            })
        })
        .collect();
    let object = json!({
        "records": summary.records(),
        "logs": summary.logs(),
        "matches": summary.hits,
        "damaged": summary.damaged,
        "unknown_logs": summary.unknowns,
        "records_without_log_source": summary.unclassified(),
        "shapes": shapes,
        "found": found,
        "could_not_match": could_not_match,
    });
    format!("{object:#}\n")
}

/// Appends a detection of a correlation as a row of CSV under [`CSV_HEADER_DETECTED`], with its line end.
pub fn write_detected_csv(out: &mut String, detected: &Detected, rule: &RuleInfo) {
    let records: Vec<String> =
        detected.records().into_iter().map(|(path, record)| format!("{path}:{record}")).collect();
    let cells = [
        &*detected.time.to_string(),
        rule.level_name(),
        rule.id.as_deref().unwrap_or(""),
        &rule.title,
        &rule.tags.join(" "),
        "",
        "",
        "",
        "",
        "",
        &detected.id,
        &detected.first.to_string(),
        &detected.last.to_string(),
        &detected.group_text(),
        detected.value.as_deref().unwrap_or(""),
        &detected.total.to_string(),
        &records.join(" "),
    ];
    write_cells(out, &cells);
    out.push('\n');
}

/// Appends a match as a row of CSV, with its line end; under [`CSV_HEADER_DETECTED`] its row has empty cells behind.
pub fn write_csv(out: &mut String, hit: &Hit<'_>, rule: &RuleInfo, columns: Columns) {
    let cells = [
        &*hit.time.map(|time| time.to_string()).unwrap_or_default(),
        rule.level_name(),
        rule.id.as_deref().unwrap_or(""),
        &rule.title,
        &rule.tags.join(" "),
        hit.host.as_deref().unwrap_or(""),
        hit.user.as_deref().unwrap_or(""),
        &hit.member.path,
        &hit.record.to_string(),
        hit.event.as_deref().unwrap_or(""),
    ];
    write_cells(out, &cells);
    if columns == Columns::Detected {
        out.push_str(",,,,,,,");
    }
    out.push('\n');
}

/// Which columns CSV has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Those of matches.
    Matches,
    /// Those of detections of correlations beside.
    Detected,
}

fn write_cells(out: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        write_cell(out, cell);
    }
}

/// A cell, quoted if it needs to be. A cell that a spreadsheet would run as a formula gets an apostrophe in front:
/// logs are hostile input.
fn write_cell(out: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.len() > 1;
    let is_quoted = cell.contains([',', '"', '\n', '\r']);
    out.push_str(if is_quoted { "\"" } else { "" });
    out.push_str(if is_formula { "'" } else { "" });
    for (at, part) in cell.split('"').enumerate() {
        out.push_str(if at > 0 { "\"\"" } else { "" });
        out.push_str(part);
    }
    out.push_str(if is_quoted { "\"" } else { "" });
}

#[cfg(test)]
mod tests {
    use super::write_cell;

    #[test]
    fn cells_are_safe_for_spreadsheets() {
        for (cell, expect) in
            [("a", "a"), ("a,\"b\"", "\"a,\"\"b\"\"\""), ("=1+1", "'=1+1"), ("-", "-"), ("", "")]
        {
            let mut out = String::new();
            write_cell(&mut out, cell);
            assert_eq!(out, expect);
        }
    }
}
