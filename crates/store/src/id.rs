//! Ids of events, signals and everything else that is named from outside.

use std::fmt;

/// 128 bits that name an event, a detection or whatever else has an identity of its own (E3, E4). Where it comes from is
/// the caller's matter; the same id is the same thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Id(pub [u8; 16]);

/// What ids of events begin with that nobody sends twice.
const ALONE: u8 = 0xff;

impl Id {
    /// The id of an event that its sender does not name: that of its place in a batch of a run which began at an instant,
    /// in nanoseconds UTC. No other event ever has it, so the event log does not look whether it came before, nor does it
    /// remember it: that took 15 % of the processor time of a busy server, and 80 MiB.
    pub fn alone(started: i64, batch: u64, place: usize) -> Self {
        let mut id = [ALONE; 16];
        let micros = started.div_euclid(1_000).to_be_bytes();
        id[1..8].copy_from_slice(&micros[1..]);
        id[8..13].copy_from_slice(&batch.to_be_bytes()[3..]);
        id[13..].copy_from_slice(&u32::try_from(place).unwrap_or(u32::MAX).to_be_bytes()[1..]);
        Self(id)
    }

    /// The id with a hash of what its sender calls an event: the same again is the same event.
    pub fn named(mut hash: [u8; 16]) -> Self {
        if hash[0] == ALONE {
            hash[0] = !ALONE;
        }
        Self(hash)
    }

    /// Whether no other event has it.
    pub fn is_alone(self) -> bool {
        self.0[0] == ALONE
    }

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
    fn an_event_without_a_name_has_an_id_of_its_own() {
        let ids = [
            Id::alone(1_000_000_000, 0, 0),
            Id::alone(1_000_001_000, 0, 0),
            Id::alone(1_000_000_000, 1, 0),
            Id::alone(1_000_000_000, 0, 1),
            Id::alone(1_000_000_000, 256, 0),
            Id::alone(1_000_000_000, 0, 256),
        ];
        for (at, id) in ids.iter().enumerate() {
            assert!(id.is_alone() && !ids[..at].contains(id), "{id}");
        }
        for first in [0, 0xfe, 0xff] {
            assert!(!Id::named([first; 16]).is_alone());
        }
    }

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
