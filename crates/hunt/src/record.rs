//! A match as programs read it: JSON objects and CSV rows. The keys are a contract.

use std::fmt::Write;

use serde_json::{Value, json};
use sigyn_event::{Timestamp, write_string};

use crate::found::Hit;
use crate::idle::{Cause, Idle};
use crate::rules::RuleInfo;
use crate::summary::Summary;

/// The header of CSV output.
pub const CSV_HEADER: &str =
    "@timestamp,rule.level,rule.id,rule.title,rule.tags,host,user,log.path,log.record,event\n";

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

/// Appends a match as a row of CSV, with its line end.
pub fn write_csv(out: &mut String, hit: &Hit<'_>, rule: &RuleInfo) {
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
    for (at, cell) in cells.into_iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        write_cell(out, cell);
    }
    out.push('\n');
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
