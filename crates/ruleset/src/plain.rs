//! What a document says as plain data, without places and quoting: the form in which metadata is compared.

use sigyn_syntax::{Value, ValueKind};

/// Data that can be ordered. Scalars are texts, because `1` and `"1"` say the same about a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Plain {
    Null,
    Text(String),
    List(Vec<Plain>),
    Map(Vec<(String, Plain)>),
}

impl Plain {
    /// As written, in the order of the document. White space around a text is writing, not content.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match &value.kind {
            _ if value.is_null() => Self::Null,
            ValueKind::Scalar(scalar) => Self::Text(scalar.text.trim().to_owned()),
            ValueKind::List(items) => Self::List(items.iter().map(Self::of).collect()),
            ValueKind::Map(pairs) => {
                let name = |key: &Value<'_>| key.source_text().map_or_else(String::new, ToString::to_string);
                Self::Map(pairs.iter().map(|(key, value)| (name(key), Self::of(value))).collect())
            }
        }
    }

    /// The same without an order of keys and members.
    pub(crate) fn sorted(&self) -> Self {
        match self {
            Self::List(items) => {
                let mut items: Vec<Self> = items.iter().map(Self::sorted).collect();
                items.sort_unstable();
                Self::List(items)
            }
            Self::Map(pairs) => {
                let mut pairs: Vec<_> =
                    pairs.iter().map(|(key, value)| (key.clone(), value.sorted())).collect();
                pairs.sort_unstable();
                Self::Map(pairs)
            }
            other => other.clone(),
        }
    }

    pub(crate) fn pairs(&self) -> &[(String, Plain)] {
        match self {
            Self::Map(pairs) => pairs,
            _ => &[],
        }
    }

    pub(crate) fn items(&self) -> &[Plain] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Plain> {
        self.pairs().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key, if it has one that is not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Self::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The texts of a key: one, or those of a list.
    pub(crate) fn texts<'a>(&'a self, key: &str) -> Vec<&'a str> {
        match self.get(key) {
            Some(Self::Text(text)) => vec![text],
            Some(Self::List(items)) => {
                let text =
                    |item: &'a Plain| if let Self::Text(text) = item { Some(text.as_str()) } else { None };
                items.iter().filter_map(text).collect()
            }
            _ => Vec::new(),
        }
    }
}
