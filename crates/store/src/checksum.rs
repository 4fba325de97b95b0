//! Checksums: XXH3 with 64 bits, which costs a tenth of what writing costs and misses one damage in 2^64.

use std::hash::Hasher;

use twox_hash::XxHash3_64;
use twox_hash::xxhash3_64;

/// The checksum of some bytes.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The checksum of bytes that come in pieces: the same as [`of`] all of them.
pub(crate) struct Running(xxhash3_64::Hasher);

impl Running {
    pub(crate) fn new() -> Self {
        Self(xxhash3_64::Hasher::new())
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_checksum_of_the_whole() {
        let bytes: Vec<u8> = (0..5_000_u32).flat_map(u32::to_le_bytes).collect();
        for piece in [1, 7, 255, 1_024, 20_000] {
            let mut running = Running::new();
            bytes.chunks(piece).for_each(|piece| running.add(piece));
            assert_eq!(running.value(), of(&bytes), "{piece}");
        }
    }
}
