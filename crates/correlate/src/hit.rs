//! What goes in: hits of rules on events.

use std::fmt;
use std::sync::Arc;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sigyn_ir::ItemId;

use crate::hash::Hash;

/// A 128-bit name: of an event, a detection, or a rule's logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Id(pub [u8; 16]);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::raw::serialize(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sixteen;

        impl<'de> Visitor<'de> for Sixteen {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("16 bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Id, E> {
                bytes.try_into().map(Id).map_err(|_| E::invalid_length(bytes.len(), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Id, A::Error> {
                let mut id = Id::default();
                for (at, byte) in id.0.iter_mut().enumerate() {
                    *byte = list.next_element()?.ok_or_else(|| A::Error::invalid_length(at, &self))?;
                }
                Ok(id)
            }
        }

        deserializer.deserialize_bytes(Sixteen)
    }
}

impl Id {
    /// An id of parts: a cryptographic hash over the parts with their lengths, so that parts cannot run together.
    /// The id of an event is that of its source and the producer's id, or of source, bytes and offset (E4).
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Hash::new();
        parts.iter().for_each(|part| hash.bytes(part));
        hash.id()
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where an event stands among all (E4, E7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Event time, nanoseconds UTC since 1970.
    pub ts: i64,
    /// Stable name of the producer.
    pub source: Arc<str>,
    /// The source's own order, 0 if it has none.
    pub seq: u64,
    /// The event's id.
    pub eid: Id,
}

/// A rule matched an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The rule's place in its set.
    pub rule: ItemId,
    /// The event.
    pub at: At,
    /// For each field of [`Plan::reads`](crate::Plan::reads), in that order, what the event has.
    pub values: Values,
}

/// Values of several fields, in one allocation that copies share. A field's values are the canonical texts (E11) of the scalars that
/// are not null, in the order of the event: none for a field that is missing, null or an empty list.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Values(#[serde(with = "crate::raw")] Arc<[u8]>);

impl Values {
    /// The values of fields, field by field.
    pub fn new<F, T>(fields: impl IntoIterator<Item = F>) -> Self
    where
        F: IntoIterator<Item = T>,
        T: AsRef<str>,
    {
        let mut writer = ValuesWriter::default();
        for field in fields {
            writer.field();
            for text in field {
                writer.value(text.as_ref());
            }
        }
        writer.finish()
    }

    /// The values of a field by its place.
    pub fn get(&self, field: usize) -> Texts<'_> {
        let mut rest = &self.0[..];
        for _ in 0..field {
            let Some((size, behind)) = number(rest) else { return Texts(&[]) };
            rest = behind.get(size..).unwrap_or_default();
        }
        match number(rest) {
            Some((size, behind)) => Texts(behind.get(..size).unwrap_or_default()),
            None => Texts(&[]),
        }
    }

    /// The fields in order.
    pub fn fields(&self) -> impl Iterator<Item = Texts<'_>> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (size, behind) = number(rest)?;
            let (field, behind) = behind.split_at_checked(size)?;
            rest = behind;
            Some(Texts(field))
        })
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields().map(|field| field.collect::<Vec<_>>())).finish()
    }
}

/// Writes [`Values`]; for callers that have no iterators at hand. It may be used again.
#[derive(Clone, Debug, Default)]
pub struct ValuesWriter {
    bytes: Vec<u8>,
    /// Where the length of the field at hand stands.
    at: Option<usize>,
}

impl ValuesWriter {
    /// Begins the next field.
    pub fn field(&mut self) {
        self.at = Some(self.bytes.len());
        self.bytes.extend_from_slice(&[0; 4]);
    }

    /// Adds a value to the field.
    pub fn value(&mut self, text: &str) {
        let Some(at) = self.at else { return };
        self.bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        let size = u32::try_from(self.bytes.len() - at - 4).unwrap_or(u32::MAX);
        self.bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
    }

    /// The values; the writer is empty again.
    pub fn finish(&mut self) -> Values {
        let values = Values(self.bytes.as_slice().into());
        self.bytes.clear();
        self.at = None;
        values
    }
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

/// The values of one field.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'v>(&'v [u8]);

impl Texts<'_> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'v> Iterator for Texts<'v> {
    type Item = &'v str;

    #[inline]
    fn next(&mut self) -> Option<&'v str> {
        let (size, behind) = number(self.0)?;
        let (text, rest) = behind.split_at_checked(size)?;
        self.0 = rest;
        Some(std::str::from_utf8(text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_they_went_in() {
        let fields = [vec!["a", ""], vec![], vec!["é"]];
        let values = Values::new(fields.clone());
        let read: Vec<Vec<&str>> = values.fields().map(Iterator::collect).collect();
        assert_eq!(read, fields);
        for (at, field) in fields.iter().enumerate() {
            assert_eq!(values.get(at).collect::<Vec<_>>(), *field);
        }
        assert!(values.get(3).is_empty() && Values::default().get(0).is_empty());
    }

    #[test]
    fn parts_of_ids_do_not_run_together() {
        assert_ne!(Id::of(&[b"ab", b"c"]), Id::of(&[b"a", b"bc"]));
        assert_eq!(Id::of(&[b"a"]).to_string().len(), 32);
    }
}
