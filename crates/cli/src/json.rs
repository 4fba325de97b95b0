//! JSON files that a call names, as plain data.

use serde_json::Value;
use sigyn_ir::{Data, Number};

/// Reads a JSON document.
pub(crate) fn read(text: &str) -> Result<Data, String> {
    serde_json::from_str(text).map(data).map_err(|error| format!("is not JSON: {error}"))
}

fn data(value: Value) -> Data {
    match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(value),
        Value::Number(number) => match number.as_i128() {
            Some(integer) => Data::Number(Number::Int(integer)),
            None => Data::Number(Number::Float(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => Data::Text(text),
        Value::Array(items) => Data::List(items.into_iter().map(data).collect()),
        Value::Object(pairs) => Data::Map(pairs.into_iter().map(|(key, value)| (key, data(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn documents_keep_their_values() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(read(text).ok().map(|data| data.to_json(None)).as_deref(), expect, "{text}");
        };
        check("{\"a\":[1,2.5,true,null,\"x\"]}", Some("{\"a\": [1, 2.5, true, null, \"x\"]}"));
        check("18446744073709551615", Some("18446744073709551615"));
        check("{", None);
    }
}
