//! A match as programs read it: JSON objects and CSV rows. The keys are a contract.

use serde_json::{Map, Value, json};
use sigyn_event::Timestamp;

use crate::idle::{Cause, Idle};
use crate::rules::RuleInfo;
use crate::run::Hit;
use crate::summary::Summary;

/// The header of CSV output.
pub const CSV_HEADER: &str =
    "@timestamp,rule.level,rule.id,rule.title,rule.tags,host,user,log.path,log.record,event\n";

/// A match as one JSON object.
pub fn json(hit: &Hit, rule: &RuleInfo) -> String {
    let mut object = Map::new();
    object.insert("@timestamp".to_owned(), hit.time.map(|time| time.to_string()).into());
    object.insert(
        "rule".to_owned(),
        json!({ "id": rule.id, "title": rule.title, "level": rule.level_name(), "tags": rule.tags }),
    );
    object.insert("log".to_owned(), json!({ "path": hit.member.path, "record": hit.record }));
    object.insert("host".to_owned(), hit.host.clone().into());
    object.insert("user".to_owned(), hit.user.clone().into());
    let mut text = Value::Object(object).to_string();
    if let Some(event) = &hit.event {
        // The event is JSON text already: it goes in as it is, digits of numbers included.
        text.pop();
        text.push_str(",\"event\":");
        text.push_str(event);
        text.push('}');
    }
    text
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

/// A match as a row of CSV, with its line end.
pub fn csv(hit: &Hit, rule: &RuleInfo) -> String {
    let cells = [
        hit.time.map(|time| time.to_string()).unwrap_or_default(),
        rule.level_name().to_owned(),
        rule.id.clone().unwrap_or_default(),
        rule.title.clone(),
        rule.tags.join(" "),
        hit.host.clone().unwrap_or_default(),
        hit.user.clone().unwrap_or_default(),
        hit.member.path.clone(),
        hit.record.to_string(),
        hit.event.clone().unwrap_or_default(),
    ];
    let mut row = cells.map(|cell| quoted(&cell)).join(",");
    row.push('\n');
    row
}

/// A cell, quoted if it needs to be. A cell that a spreadsheet would run as a formula gets an apostrophe in front:
/// logs are hostile input.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.len() > 1;
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_safe_for_spreadsheets() {
        for (cell, expect) in
            [("a", "a"), ("a,\"b\"", "\"a,\"\"b\"\"\""), ("=1+1", "'=1+1"), ("-", "-"), ("", "")]
        {
            assert_eq!(quoted(cell), expect);
        }
    }
}
