//! The YAML of a pipeline as plain values with places: the only file that knows the YAML crate.
//!
//! Scalars are read by YAML 1.1 as the reference's loader reads them, whichever reading of the rules applies: `yes`
//! is a boolean, `0x1f` a number. Keys that stand twice and merge keys (`<<`) are refused, as in rules.

use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};
use sigyn_ir::Data;
use sigyn_syntax::{Compat, Value, ValueKind};
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
    let root = stream.documents.into_iter().next().and_then(|document| document.root);
    let value = root.map(|root| Value::resolve(root, Compat::PySigma, &mut diagnostics));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return (None, diagnostics);
    }
    (value.map(convert), diagnostics)
}

fn convert(value: Value<'_>) -> Node {
    let kind = match value.kind {
        ValueKind::Scalar(scalar) => Kind::Scalar((&scalar).into()),
        ValueKind::List(items) => Kind::List(items.into_iter().map(convert).collect()),
        ValueKind::Map(pairs) => Kind::Map(pairs.into_iter().map(entry).collect()),
    };
    Node { kind, span: value.span }
}

fn entry((key, value): (Value<'_>, Value<'_>)) -> Entry {
    let key = convert(key);
    Entry { key_span: key.span, key: key.to_data(), value: convert(value) }
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
