//! A key in place, if it is short: of a group, of what is counted.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest key that stands in place: an address or an account name.
const SHORT_MAX: usize = 22;

/// A key. Equal bytes are equal keys: what a short one does not fill is zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Short(u8, [u8; SHORT_MAX]),
    Long(Box<[u8]>),
}

impl Default for Key {
    fn default() -> Self {
        Key::Short(0, [0; SHORT_MAX])
    }
}

impl Key {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT_MAX];
        match (short.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(place), Ok(size)) => {
                place.copy_from_slice(bytes);
                Key::Short(size, short)
            }
            _ => Key::Long(bytes.into()),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Key::Short(size, bytes) => bytes.get(..usize::from(*size)).unwrap_or_default(),
            Key::Long(bytes) => bytes,
        }
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes(self.bytes()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Key::new)
    }
}

/// Bytes in one piece, not one by one.
pub(crate) struct Bytes<'b>(pub(crate) &'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_as_they_went_in() {
        for size in [0, 1, SHORT_MAX, SHORT_MAX + 1, 1000] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            assert_eq!(Key::new(&bytes).bytes(), bytes);
        }
        assert!(size_of::<Key>() <= 24);
    }
}
