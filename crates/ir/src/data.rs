//! Plain data: custom attributes, pipeline variables and state, structured query formats.

use std::fmt::Write;

use crate::Number;

/// A tree of plain values. Maps keep the order of their keys.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Data {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// Values in order.
    List(Vec<Data>),
    /// Keys with values, in order.
    Map(Vec<(String, Data)>),
}

impl Data {
    /// A map from pairs.
    pub fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Data)>) -> Self {
        Data::Map(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Data::List(texts.into_iter().map(|text| Data::Text(text.into())).collect())
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Data> {
        match self {
            Data::Map(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Data]> {
        match self {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs, if this is a map.
    pub fn as_map(&self) -> Option<&[(String, Data)]> {
        match self {
            Data::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Data::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// JSON as Python's `json.dumps` prints it: `", "` and `": "` between items on one line, or `indent`
    /// spaces per level; characters outside ASCII as `\u` escapes.
    pub fn to_json(&self, indent: Option<usize>) -> String {
        let mut out = String::new();
        self.write_json(&mut out, indent, 0);
        out
    }

    fn write_json(&self, out: &mut String, indent: Option<usize>, depth: usize) {
        match self {
            Data::Null => out.push_str("null"),
            Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Data::Number(number) => out.push_str(&number.to_string()),
            Data::Text(text) => write_json_string(out, text),
            Data::List(items) => {
                write_json_items(out, ('[', ']'), items, indent, depth, |out, item| {
                    item.write_json(out, indent, depth + 1);
                });
            }
            Data::Map(pairs) => {
                write_json_items(out, ('{', '}'), pairs, indent, depth, |out, (key, value)| {
                    write_json_string(out, key);
                    out.push_str(": ");
                    value.write_json(out, indent, depth + 1);
                });
            }
        }
    }
}

fn write_json_items<T>(
    out: &mut String,
    (open, close): (char, char),
    items: &[T],
    indent: Option<usize>,
    depth: usize,
    mut write: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        match indent {
            Some(width) => {
                out.push_str(if at == 0 { "\n" } else { ",\n" });
                out.push_str(&" ".repeat(width * (depth + 1)));
            }
            None if at > 0 => out.push_str(", "),
            None => {}
        }
        write(out, item);
    }
    if let (Some(width), false) = (indent, items.is_empty()) {
        out.push('\n');
        out.push_str(&" ".repeat(width * depth));
    }
    out.push(close);
}

fn write_json_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Data::Text(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Data::Text(text)
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Data::Bool(value)
    }
}

impl From<i64> for Data {
    fn from(value: i64) -> Self {
        Data::Number(Number::Int(value.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_printed_as_python_prints_it() {
        let data = Data::map([
            ("a", Data::List(vec![1.into(), Data::Null])),
            ("é", "x\"\u{1f600}\u{7f}".into()),
            ("e", Data::Map(vec![])),
        ]);
        assert_eq!(
            data.to_json(None),
            "{\"a\": [1, null], \"\\u00e9\": \"x\\\"\\ud83d\\ude00\\u007f\", \"e\": {}}"
        );
        assert_eq!(Data::List(vec![1.into()]).to_json(Some(2)), "[\n  1\n]");
    }
}
