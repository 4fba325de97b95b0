//! A match as programs read it: JSON objects and CSV rows. The keys are a contract.

use serde_json::{Map, Value, json};

use crate::rules::RuleInfo;
use crate::run::Hit;

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
