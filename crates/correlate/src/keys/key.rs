//! The key of a group, in its slot if it is short.

/// Longest key that stands in the slot: an address or an account name.
const SHORT_MAX: usize = 22;

/// A key.
#[derive(Debug)]
pub(super) enum Key {
    Short(u8, [u8; SHORT_MAX]),
    Long(Box<[u8]>),
}

impl Default for Key {
    fn default() -> Self {
        Key::Short(0, [0; SHORT_MAX])
    }
}

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT_MAX];
        match (short.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            (Some(place), Ok(size)) => {
                place.copy_from_slice(bytes);
                Key::Short(size, short)
            }
            _ => Key::Long(bytes.into()),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Key::Short(size, bytes) => bytes.get(..usize::from(*size)).unwrap_or_default(),
            Key::Long(bytes) => bytes,
        }
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
