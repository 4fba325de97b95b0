//! Events from JSON text, for tests.

use std::collections::HashMap;

use serde_json::{Map, Value};
use sigyn_event::{EventBuf, NodeId, Text};

/// The key of what readers add to an event: `mount` (keys of the root whose maps are mounted), `alias` (names for
/// keys of the root) and `add` (additional values). It is no member of the event.
pub const BY_READER: &str = "#reader";

/// An event from the text of a JSON object.
///
/// # Errors
/// The text is no JSON object.
pub fn event(text: &str) -> Result<EventBuf, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
    match value {
        Value::Object(root) => Ok(of_map(&root)),
        _ => Err(format!("no object: {text}")),
    }
}

/// An event from a JSON object.
pub fn of_map(root: &Map<String, Value>) -> EventBuf {
    let mut buf = EventBuf::new();
    fill(&mut buf, root);
    buf
}

/// Fills a buffer with the event of a JSON object. As with readers, keys are names that the buffer remembers, and an
/// event to which nothing was added has a layout.
pub fn fill(buf: &mut EventBuf, root: &Map<String, Value>) {
    buf.clear();
    let mut places = HashMap::new();
    buf.begin_map(None);
    for (name, value) in root.iter().filter(|(name, _)| *name != BY_READER) {
        let key = buf.name(name);
        places.insert(name.as_str(), push(buf, Some(key), value));
    }
    buf.end();
    let Some(added) = root.get(BY_READER) else {
        if !buf.recall() {
            buf.learn();
        }
        return;
    };
    for name in added.get("mount").and_then(Value::as_array).into_iter().flatten() {
        if let Some(place) = name.as_str().and_then(|name| places.get(name)) {
            buf.mount(*place);
        }
    }
    for (name, key) in added.get("alias").and_then(Value::as_object).into_iter().flatten() {
        if let Some(place) = key.as_str().and_then(|key| places.get(key)) {
            let name = buf.name(name);
            buf.alias(name, *place);
        }
    }
    if let Some(more) = added.get("add").and_then(Value::as_object) {
        buf.begin_additional();
        for (name, value) in more {
            let key = buf.name(name);
            push(buf, Some(key), value);
        }
    }
}

/// Writes a value to a tape.
pub fn push(buf: &mut EventBuf, key: Option<Text>, value: &Value) -> NodeId {
    match value {
        Value::Null => buf.push_null(key),
        Value::Bool(value) => buf.push_bool(key, *value),
        Value::Number(number) => {
            if let Some(value) = number.as_i64() {
                buf.push_int(key, value)
            } else if let Some(value) = number.as_u64() {
                buf.push_uint(key, value)
            } else {
                buf.push_float(key, number.as_f64().unwrap_or(f64::NAN))
            }
        }
        Value::String(text) => buf.push_str(key, text),
        Value::Array(values) => {
            let place = buf.begin_list(key);
            for value in values {
                push(buf, None, value);
            }
            buf.end();
            place
        }
        Value::Object(members) => {
            let place = buf.begin_map(key);
            for (name, value) in members {
                let name = buf.name(name);
                push(buf, Some(name), value);
            }
            buf.end();
            place
        }
    }
}
