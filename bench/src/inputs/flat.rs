//! Windows events as flat JSON: what tools make of EVTX files that put every field under the name rules use.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Map, Value};
use sigyn_readers::{Decoder, Reader, Step};

/// Writes the records of EVTX files, an object per line.
pub(super) fn write(logs: &[PathBuf], out: &mut dyn Write) -> Result<()> {
    let mut decoder = Decoder::new(None);
    let mut text = String::new();
    for log in logs {
        for step in Reader::new(log.to_string_lossy(), super::open(log)?) {
            let Step::Batch(batch) = step else { continue };
            let mut lines = Vec::new();
            decoder.decode(&batch, &mut |_, event| {
                text.clear();
                event.write_json(&mut text);
                lines.extend(serde_json::from_str(&text).ok().and_then(|nested| line(&nested)));
                true
            });
            lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
    }
    Ok(())
}

/// A nested record as a flat object.
fn line(nested: &Value) -> Option<String> {
    let event = nested.get("Event")?;
    let mut flat = Map::new();
    for (name, value) in event.get("System")?.as_object()? {
        system(name, value, &mut flat);
    }
    for (name, value) in event.get("EventData").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = scalar(value) {
            flat.insert(name.clone(), value);
        }
    }
    // The parts of UserData have a name of their own above their fields.
    for (_, part) in event.get("UserData").and_then(Value::as_object).into_iter().flatten() {
        for (name, value) in part.as_object().into_iter().flatten() {
            if !value.is_object() {
                flat.insert(name.clone(), value.clone());
            }
        }
    }
    Some(Value::Object(flat).to_string())
}

fn system(name: &str, value: &Value, flat: &mut Map<String, Value>) {
    let Some(parts) = value.as_object() else {
        if !value.is_null() {
            flat.insert(name.to_owned(), value.clone());
        }
        return;
    };
    if let Some(text) = parts.get("#text") {
        flat.insert(name.to_owned(), text.clone());
    }
    for (attribute, value) in parts.get("#attributes").and_then(Value::as_object).into_iter().flatten() {
        let key = if name == "Provider" { format!("Provider_{attribute}") } else { attribute.clone() };
        flat.insert(key, value.clone());
    }
}

/// A value that is one: several texts are joined, attributes go.
fn scalar(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(parts) => match parts.get("#text")? {
            Value::Array(texts) => {
                let texts: Vec<String> = texts
                    .iter()
                    .map(|text| text.as_str().map_or_else(|| text.to_string(), str::to_owned))
                    .collect();
                Some(texts.join("\n").into())
            }
            text => Some(text.clone()),
        },
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn fields_stand_side_by_side() {
        let nested = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"t"}},"Correlation":null},"EventData":{"Data":{"#text":["a","b"]},"Image":"x"},"UserData":{"Part":{"who":"u"}}}}"##;
        let flat: serde_json::Value =
            serde_json::from_str(&line(&serde_json::from_str(nested).unwrap()).unwrap()).unwrap();
        let expect = serde_json::json!({"Provider_Name":"P","EventID":1,"SystemTime":"t","Data":"a\nb","Image":"x","who":"u"});
        assert_eq!(flat, expect);
    }
}
