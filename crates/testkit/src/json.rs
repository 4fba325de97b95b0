//! Events from JSON text, for tests.

use serde_json::Value;
use sigyn_event::{EventBuf, Text};

/// An event from the text of a JSON object.
///
/// # Errors
/// The text is no JSON object.
pub fn event(text: &str) -> Result<EventBuf, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
    if !value.is_object() {
        return Err(format!("no object: {text}"));
    }
    let mut buf = EventBuf::new();
    push(&mut buf, None, &value);
    Ok(buf)
}

/// Writes a value to a tape.
pub fn push(buf: &mut EventBuf, key: Option<Text>, value: &Value) {
    match value {
        Value::Null => {
            buf.push_null(key);
        }
        Value::Bool(value) => {
            buf.push_bool(key, *value);
        }
        Value::Number(number) => {
            if let Some(value) = number.as_i64() {
                buf.push_int(key, value);
            } else if let Some(value) = number.as_u64() {
                buf.push_uint(key, value);
            } else {
                buf.push_float(key, number.as_f64().unwrap_or(f64::NAN));
            }
        }
        Value::String(text) => {
            buf.push_str(key, text);
        }
        Value::Array(values) => {
            buf.begin_list(key);
            values.iter().for_each(|value| push(buf, None, value));
            buf.end();
        }
        Value::Object(members) => {
            buf.begin_map(key);
            for (name, value) in members {
                let name = buf.store(name);
                push(buf, Some(name), value);
            }
            buf.end();
        }
    }
}
