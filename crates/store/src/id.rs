//! Ids of events, signals and everything else that is named from outside.

use std::fmt;

/// 128 bits that name an event, a detection or whatever else has an identity of its own (E3, E4). Where it comes from is
/// the caller's matter; the same id is the same thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|value| Self(value.to_be_bytes()))
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<u128> for Id {
    fn from(value: u128) -> Self {
        Self(value.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = Id::from(0x0123_4567_89ab_cdef_u128);
        assert_eq!(id.to_string(), "00000000000000000123456789abcdef");
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        for text in ["", "0123", "+0000000000000000123456789abcdef", "0000000000000000123456789abcdeg"] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
