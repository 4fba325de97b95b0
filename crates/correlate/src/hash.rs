//! The hash behind every id: BLAKE2b cut to 16 bytes over fields with their lengths (E3).

use blake2::digest::consts::U16;
use blake2::{Blake2b, Digest};

use crate::Id;

/// A hash in the making.
#[derive(Clone)]
pub(crate) struct Hash(Blake2b<U16>);

impl Hash {
    pub(crate) fn new() -> Self {
        Self(Blake2b::new())
    }

    /// Adds a field with its length.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn number(&mut self, number: i128) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn id(self) -> Id {
        Id(self.0.finalize().into())
    }
}
