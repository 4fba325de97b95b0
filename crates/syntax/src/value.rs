//! Resolved values: scalars with their type and their source text, lists, maps.

use std::borrow::Cow;

use sigyn_diagnostics::{Diagnostic, Span, codes};
use sigyn_yaml::{Kind, Node, Style};

use crate::{Compat, scalar};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Value<'s> {
    /// What it is.
    pub kind: ValueKind<'s>,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum ValueKind<'s> {
    /// A scalar.
    Scalar(Scalar<'s>),
    /// A list.
    List(Vec<Value<'s>>),
    /// Keys with values, in order; no key twice.
    Map(Vec<(Value<'s>, Value<'s>)>),
}

/// A scalar: its text and what it is read as.
#[derive(Clone, Debug)]
pub struct Scalar<'s> {
    /// The source text, decoded.
    pub text: Cow<'s, str>,
    /// What it is read as.
    pub reading: Reading,
    /// How it was written.
    pub style: Style,
}

/// The type of a scalar, with its value where that is not the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A decimal; may be infinite or no number under YAML 1.1.
    Float(f64),
    /// Text.
    Text,
    /// A date, with or without a time (YAML 1.1).
    Date,
    /// A number that is out of range.
    Huge,
}

/// Something with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The thing.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A thing at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<'s> Value<'s> {
    /// Resolves a tree.
    ///
    /// Of keys that stand twice the last value counts and the first place (the reference's reading; under the
    /// specification the document is refused by the tree's own finding). Merge keys are merged, as the
    /// reference does, under [`Compat::PySigma`] only.
    pub fn resolve(node: Node<'s>, compat: Compat, findings: &mut Vec<Diagnostic>) -> Self {
        let span = node.span;
        let kind = match node.kind {
            Kind::Scalar(scalar) => {
                let reading = match scalar::read(&scalar, node.tag.as_ref(), compat) {
                    Ok(reading) => reading,
                    Err(message) => {
                        findings.push(Diagnostic::error(&codes::yaml::SYNTAX, message).at(span));
                        Reading::Text
                    }
                };
                ValueKind::Scalar(Scalar { text: scalar.text, reading, style: scalar.style })
            }
            Kind::Sequence(items) => {
                ValueKind::List(items.into_iter().map(|item| Self::resolve(item, compat, findings)).collect())
            }
            Kind::Mapping(pairs) => {
                let has_duplicates = pairs.iter().any(|pair| pair.is_duplicate);
                let mut resolved = Vec::with_capacity(pairs.len());
                let mut merged = Vec::new();
                for pair in pairs {
                    let key = Self::resolve(pair.key, compat, findings);
                    let value = Self::resolve(pair.value, compat, findings);
                    if compat.is_pysigma() && key.is_merge() {
                        value.merge_into(&mut merged);
                    } else {
                        resolved.push((key, value));
                    }
                }
                if has_duplicates || !merged.is_empty() {
                    merged.append(&mut resolved);
                    resolved = last_wins(merged);
                }
                ValueKind::Map(resolved)
            }
        };
        Self { kind, span }
    }

    fn is_merge(&self) -> bool {
        matches!(&self.kind, ValueKind::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<")
    }

    /// The pairs that a merge key brings, those of earlier maps of a list winning.
    fn merge_into(self, pairs: &mut Vec<(Value<'s>, Value<'s>)>) {
        match self.kind {
            ValueKind::Map(inner) => pairs.extend(inner),
            ValueKind::List(items) => items.into_iter().rev().for_each(|item| item.merge_into(pairs)),
            ValueKind::Scalar(_) => {}
        }
    }

    /// The scalar, if this is one.
    pub fn as_scalar(&self) -> Option<&Scalar<'s>> {
        match &self.kind {
            ValueKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text, if this is a scalar read as text.
    pub fn as_text(&self) -> Option<&Cow<'s, str>> {
        self.as_scalar().filter(|scalar| scalar.reading == Reading::Text).map(|scalar| &scalar.text)
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value<'s>]> {
        match &self.kind {
            ValueKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs, if this is a map.
    pub fn as_map(&self) -> Option<&[(Value<'s>, Value<'s>)]> {
        match &self.kind {
            ValueKind::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.reading == Reading::Null)
    }

    /// The source text of a scalar, whatever it is read as.
    pub fn source_text(&self) -> Option<&Cow<'s, str>> {
        self.as_scalar().map(|scalar| &scalar.text)
    }

    /// The pair with this key, if this is a map that has it.
    pub fn pair(&self, key: &str) -> Option<&(Value<'s>, Value<'s>)> {
        self.as_map()?.iter().find(|(name, _)| name.source_text().is_some_and(|text| text == key))
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value<'s>> {
        self.pair(key).map(|(_, value)| value)
    }

    /// The value of a key, if this is a map that has it with a value that is not null.
    pub fn get_some(&self, key: &str) -> Option<&Value<'s>> {
        self.get(key).filter(|value| !value.is_null())
    }
}

/// Keeps the last value of each key, at the place of the first.
fn last_wins<'s>(pairs: Vec<(Value<'s>, Value<'s>)>) -> Vec<(Value<'s>, Value<'s>)> {
    let mut kept: Vec<(Value<'s>, Value<'s>)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let same = |other: &Value<'s>| match (key.as_scalar(), other.as_scalar()) {
            (Some(a), Some(b)) => a.text == b.text && a.reading == b.reading,
            _ => false,
        };
        match kept.iter_mut().find(|(other, _)| same(other)) {
            Some((_, old)) => *old = value,
            None => kept.push((key, value)),
        }
    }
    kept
}
