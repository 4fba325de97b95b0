//! The YAML of a pipeline as typed values with places: the only file that knows the YAML crate.
//!
//! Plain scalars get their type by YAML 1.1 as the reference's loader reads it (`yes` is a boolean, `0x1f` a
//! number), and merge keys (`<<`) are resolved.

use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};
use sigyn_ir::{Data, Number};
use sigyn_yaml as yaml;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// What a [`Node`] is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Data),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Data,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

/// Reads the first document of a text.
pub(crate) fn read(source: SourceId, text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let stream = yaml::parse(source, text);
    let mut diagnostics: Vec<_> = stream.diagnostics().cloned().collect();
    if let Some(second) = stream.documents.get(1) {
        diagnostics.push(
            Diagnostic::error(&codes::pipeline::SYNTAX, "a pipeline file holds one document")
                .labelled(second.span, "a second one starts here"),
        );
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        return (None, diagnostics);
    }
    let node = stream.documents.first().and_then(|document| document.root.as_ref()).map(convert);
    (node, diagnostics)
}

fn convert(node: &yaml::Node<'_>) -> Node {
    let kind = match &node.kind {
        yaml::Kind::Scalar(scalar) => {
            let is_plain = scalar.style == yaml::Style::Plain;
            let core = node.tag.as_ref().and_then(yaml::Tag::core);
            Kind::Scalar(match core {
                Some("str") => Data::Text(scalar.text.to_string()),
                _ if is_plain => typed(&scalar.text),
                _ => Data::Text(scalar.text.to_string()),
            })
        }
        yaml::Kind::Sequence(items) => Kind::List(items.iter().map(convert).collect()),
        yaml::Kind::Mapping(pairs) => Kind::Map(merged(pairs)),
    };
    Node { kind, span: node.span }
}

fn merged(pairs: &[yaml::Pair<'_>]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
    let mut inherited = Vec::new();
    for pair in pairs {
        let key = convert(&pair.key);
        let value = convert(&pair.value);
        if matches!(&key.kind, Kind::Scalar(Data::Text(text)) if text == "<<") {
            match value.kind {
                Kind::Map(more) => inherited.extend(more),
                Kind::List(items) => inherited.extend(items.into_iter().flat_map(|item| match item.kind {
                    Kind::Map(more) => more,
                    _ => Vec::new(),
                })),
                Kind::Scalar(_) => {}
            }
            continue;
        }
        let key_span = key.span;
        let key = key.to_data();
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry { key, key_span, value }),
        }
    }
    for entry in inherited {
        if !entries.iter().any(|own| own.key == entry.key) {
            entries.push(entry);
        }
    }
    entries
}

/// A plain scalar by YAML 1.1.
pub(crate) fn typed(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Data::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Data::Bool(false);
        }
        _ => {}
    }
    number(text).map_or_else(|| Data::Text(text.to_owned()), Data::Number)
}

fn number(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = digits.replace('_', "");
    let radix = |prefix: &str, radix| {
        plain.strip_prefix(prefix).and_then(|rest| i128::from_str_radix(rest, radix).ok())
    };
    let integer = if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        match plain.strip_prefix('0') {
            // A leading zero means octal, as in YAML 1.1; `08` is then text.
            Some(rest) if !rest.is_empty() => return octal(rest, sign),
            _ => plain.parse().ok(),
        }
    } else {
        radix("0x", 16).or_else(|| radix("0b", 2))
    };
    if let Some(value) = integer {
        return Some(Number::Int(sign * value));
    }
    let is_float = plain.contains('.')
        && plain.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && plain.bytes().any(|byte| byte.is_ascii_digit());
    let value: f64 = if is_float { plain.parse().ok()? } else { return None };
    Some(Number::Float(if sign < 0 { -value } else { value }))
}

fn octal(digits: &str, sign: i128) -> Option<Number> {
    i128::from_str_radix(digits, 8).ok().map(|value| Number::Int(sign * value))
}

impl Node {
    /// The value without places. Keys that are no text are written as text.
    pub(crate) fn to_data(&self) -> Data {
        match &self.kind {
            Kind::Scalar(data) => data.clone(),
            Kind::List(items) => Data::List(items.iter().map(Node::to_data).collect()),
            Kind::Map(entries) => {
                Data::Map(entries.iter().map(|entry| (key_text(&entry.key), entry.value.to_data())).collect())
            }
        }
    }

    /// What it is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(Data::Null) => "nothing",
            Kind::Scalar(Data::Bool(_)) => "a boolean",
            Kind::Scalar(Data::Number(_)) => "a number",
            Kind::Scalar(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Data::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }
}

/// A key as text.
pub(crate) fn key_text(key: &Data) -> String {
    match key {
        Data::Text(text) => text.clone(),
        other => crate::values::python_str(other),
    }
}
