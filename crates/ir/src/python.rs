//! Plain data as Python prints it, for outputs of the reference that hold a container's `str()`.

use std::fmt::Write;

use crate::Data;

impl Data {
    /// The data as Python's `str()` gives it: texts as they are, containers with quoted texts in them.
    pub fn to_python(&self) -> String {
        match self {
            Data::Text(text) => text.clone(),
            other => other.to_python_repr(),
        }
    }

    /// The data as Python's `repr()` gives it: texts in quotes too.
    pub fn to_python_repr(&self) -> String {
        let mut out = String::new();
        self.write_python(&mut out);
        out
    }

    fn write_python(&self, out: &mut String) {
        match self {
            Data::Null => out.push_str("None"),
            Data::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Data::Number(number) => out.push_str(&number.to_string()),
            Data::Text(text) => write_quoted(out, text),
            Data::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    item.write_python(out);
                }
                out.push(']');
            }
            Data::Map(pairs) => {
                out.push('{');
                for (at, (key, value)) in pairs.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    write_quoted(out, key);
                    out.push_str(": ");
                    value.write_python(out);
                }
                out.push('}');
            }
        }
    }
}

/// In double quotes if the text holds only single ones; what is no printable character as an escape.
fn write_quoted(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' => out.push(c),
            _ if c == quote || c == '\\' => {
                out.push('\\');
                out.push(c);
            }
            _ if c.is_control() || c.is_whitespace() => {
                // Writing to a string cannot fail.
                let _ = match u32::from(c) {
                    code @ ..=0xff => write!(out, "\\x{code:02x}"),
                    code => write!(out, "\\u{code:04x}"),
                };
            }
            _ => out.push(c),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_containers_are_quoted() {
        for (data, text) in [
            (Data::from("it's"), "it's"),
            (
                Data::texts(["it's", "a\"b'c\\", "\u{1b}\u{a0}\u{2028}é"]),
                r#"["it's", 'a"b\'c\\', '\x1b\xa0\u2028é']"#,
            ),
            (Data::map([("a", Data::Null), ("b", true.into())]), "{'a': None, 'b': True}"),
            (Data::Number(crate::Number::Float(1e17)), "1e+17"),
        ] {
            assert_eq!(data.to_python(), text);
        }
    }
}
