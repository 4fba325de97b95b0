//! An event as JSON.

use std::fmt::Write;

use crate::{Event, Value, write_scalar};

impl Event<'_> {
    /// Appends the root as compact JSON. Additional values, other names and mounts are not part of it.
    pub fn write_json(self, out: &mut String) {
        Value::Map(self.root()).write_json(out);
    }
}

impl Value<'_> {
    /// Appends the value as compact JSON.
    pub fn write_json(self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Text(text) => write_string(out, text),
            Value::List(list) => {
                out.push('[');
                for (at, value) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write_json(out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (at, member) in map.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_string(out, member.key);
                    out.push(':');
                    member.value.write_json(out);
                }
                out.push('}');
            }
            scalar => write_scalar(out, scalar),
        }
    }
}

/// Appends a text as a JSON string.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(done..at).unwrap_or(""));
        done = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out.push('"');
}
