//! Attributes of documents to [`Meta`].

use std::borrow::Cow;

use sigyn_syntax::{Attributes, Reading, Scalar, Spanned, Value, ValueKind};

use crate::{Data, Level, Meta, Number, Related, Status, Tag};

type Text<'s> = Spanned<Cow<'s, str>>;

/// The attributes without their places.
pub(crate) fn meta(attributes: Attributes<'_>) -> Meta {
    let text = |text: Option<Text<'_>>| text.map(|text| text.value.into_owned());
    Meta {
        title: text(attributes.title).unwrap_or_default(),
        id: attributes.id.map(|id| id.value),
        name: text(attributes.name),
        related: attributes
            .related
            .into_iter()
            .map(|related| Related { id: related.id, kind: related.kind })
            .collect(),
        taxonomy: text(attributes.taxonomy),
        status: attributes.status.and_then(|status| Status::parse(&status.value)),
        description: text(attributes.description),
        license: text(attributes.license),
        author: text(attributes.author),
        references: texts(attributes.references),
        date: attributes.date.map(|date| date.value),
        modified: attributes.modified.map(|date| date.value),
        tags: attributes
            .tags
            .iter()
            .filter_map(|tag| tag.value.split_once('.'))
            .map(|(namespace, name)| Tag { namespace: namespace.to_owned(), name: name.to_owned() })
            .collect(),
        level: attributes.level.and_then(|level| Level::parse(&level.value)),
        falsepositives: texts(attributes.falsepositives),
        scope: texts(attributes.scope),
        custom: attributes.custom.iter().map(|(key, value)| (key.to_string(), data(value))).collect(),
    }
}

/// Texts without their places.
pub(crate) fn texts(texts: Vec<Text<'_>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value.into_owned()).collect()
}

/// Whether a name is made of letters, digits, `_` and `-`.
pub(crate) fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// A value as plain data.
pub(crate) fn data(value: &Value<'_>) -> Data {
    match &value.kind {
        ValueKind::Scalar(scalar) => scalar.into(),
        ValueKind::List(items) => Data::List(items.iter().map(data).collect()),
        ValueKind::Map(pairs) => Data::Map(
            pairs
                .iter()
                .map(|(key, value)| {
                    (key.source_text().map(ToString::to_string).unwrap_or_default(), data(value))
                })
                .collect(),
        ),
    }
}

/// A scalar of a document. Dates, and numbers that are out of range, stay as they were written.
impl From<&Scalar<'_>> for Data {
    fn from(scalar: &Scalar<'_>) -> Self {
        match scalar.reading {
            Reading::Null => Data::Null,
            Reading::Bool(value) => Data::Bool(value),
            Reading::Int(value) => Data::Number(Number::Int(value)),
            Reading::Float(value) => Data::Number(Number::Float(value)),
            Reading::Text | Reading::Date | Reading::Huge => Data::Text(scalar.text.to_string()),
        }
    }
}
