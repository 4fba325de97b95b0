//! An event taken apart: its shape, and the values at its leaves with the names of their fields.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sigyn_event::write_string;

use super::names::push_key;
use crate::{Error, Result};

/// Objects that lie deeper are values as a whole.
const DEPTH_MAX: usize = 32;

/// A value at a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leaf<'j> {
    Text(Cow<'j, str>),
    /// Any other value, and texts that are none in Unicode: as they stand in the event.
    Json(&'j str),
}

/// Takes an event apart: calls `leaf` with the field's name and each value, in order, and writes the shape.
///
/// Objects are walked into; lists are values. A key may stand twice, and then its field has both values.
///
/// # Errors
/// If it is no JSON.
pub(super) fn shred<'j>(
    json: &'j str,
    shape: &mut String,
    leaf: &mut impl FnMut(&str, Leaf<'j>) -> Result<()>,
) -> Result<()> {
    let raw: &RawValue = serde_json::from_str(json)
        .map_err(|error| Error::invalid("an event for the lake that is no JSON").because(error))?;
    shape.clear();
    let mut name = String::new();
    walk(raw.get(), 0, &mut name, shape, leaf)
}

/// The fields of a shape, in the order of their values.
///
/// # Errors
/// If it is no JSON.
pub fn field_names(shape: &str) -> Result<Vec<String>> {
    let (mut names, mut again) = (Vec::new(), String::new());
    shred(shape, &mut again, &mut |name, _| {
        names.push(name.to_owned());
        Ok(())
    })?;
    Ok(names)
}

fn walk<'j>(
    json: &'j str,
    depth: usize,
    name: &mut String,
    shape: &mut String,
    leaf: &mut impl FnMut(&str, Leaf<'j>) -> Result<()>,
) -> Result<()> {
    if depth < DEPTH_MAX
        && json.starts_with('{')
        && let Some(members) = members(json)
    {
        shape.push('{');
        for (at, (key, value)) in members.iter().enumerate() {
            if at > 0 {
                shape.push(',');
            }
            write_string(shape, key);
            shape.push(':');
            let length = name.len();
            push_key(name, key);
            walk(value, depth + 1, name, shape, leaf)?;
            name.truncate(length);
        }
        shape.push('}');
        return Ok(());
    }
    shape.push('0');
    leaf(name, value(json))
}

fn value(json: &str) -> Leaf<'_> {
    let Some(inner) = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) else {
        return Leaf::Json(json);
    };
    if !inner.contains('\\') {
        return Leaf::Text(Cow::Borrowed(inner));
    }
    // A lone surrogate is text in JSON and none here.
    serde_json::from_str(json).map_or(Leaf::Json(json), |text| Leaf::Text(Cow::Owned(text)))
}

/// The members of an object in order; none if it has none, or a key that is no text here.
pub(super) fn members(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    serde_json::from_str::<Members<'_>>(json)
        .ok()
        .map(|members| members.0)
        .filter(|members| !members.is_empty())
}

struct Members<'j>(Vec<(Cow<'j, str>, &'j str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(map.size_hint().unwrap_or(32));
        while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            members.push((key.0, value.get()));
        }
        Ok(Members(members))
    }
}

/// A key that is only copied if it has escapes.
struct Key<'j>(Cow<'j, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> std::result::Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}
