//! Hashes of short texts, and maps from such hashes to lists.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Sets the bit that tells small ASCII letters from capital ones. Other characters change too; it is only for
/// hashes, and whoever looks something up compares the text as well.
pub(crate) const SMALL: u64 = 0x2020_2020_2020_2020;

/// A hash of a text: all of it, eight bytes at a time. Whoever looks something up compares the text as well.
#[inline]
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    hash_with(bytes, 0)
}

/// As [`hash_bytes`], the same for texts that differ by ASCII case.
#[inline]
pub(crate) fn hash_caseless(bytes: &[u8]) -> u64 {
    hash_with(bytes, SMALL)
}

#[inline]
fn hash_with(bytes: &[u8], set: u64) -> u64 {
    let mut hash = (bytes.len() as u64).wrapping_mul(MIX);
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ (u64::from_le_bytes(*word) | set));
    }
    mix(hash ^ (tail(bytes) | set))
}

#[inline]
fn mix(value: u64) -> u64 {
    let product = u128::from(value).wrapping_mul(u128::from(MIX));
    #[expect(clippy::cast_possible_truncation, reason = "both halves are folded together")]
    {
        (product as u64) ^ ((product >> 64) as u64)
    }
}

/// The last eight bytes, or what there is of them.
#[inline]
pub(crate) fn tail(bytes: &[u8]) -> u64 {
    match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => short(bytes),
    }
}

/// The first eight bytes, or what there is of them.
#[inline]
pub(crate) fn head(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(first) => u64::from_le_bytes(*first),
        None => short(bytes),
    }
}

#[inline]
fn short(bytes: &[u8]) -> u64 {
    match bytes.len() {
        4.. => {
            let first = bytes.first_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk));
            let last = bytes.last_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk));
            u64::from(first) | u64::from(last) << 32
        }
        _ => bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
    }
}

/// Spreads keys that are hashes or raw bytes already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_bytes(bytes) ^ self.0.wrapping_mul(MIX);
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.0 = mix(value ^ MIX);
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }
}

/// From keys to lists of numbers, all in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    ranges: HashMap<u64, (u32, u32), BuildHasherDefault<Spread>>,
    items: Vec<u32>,
}

impl Buckets {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (u64, u32)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut buckets = Self::default();
        for chunk in pairs.chunk_by(|a, b| a.0 == b.0) {
            let start = buckets.items.len();
            buckets.items.extend(chunk.iter().map(|pair| pair.1));
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            if let Some((key, _)) = chunk.first() {
                buckets.ranges.insert(*key, (place(start), place(buckets.items.len())));
            }
        }
        buckets
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    #[inline]
    pub(crate) fn get(&self, key: u64) -> &[u32] {
        match self.ranges.get(&key) {
            Some((start, end)) => self.items.get(*start as usize..*end as usize).unwrap_or(&[]),
            None => &[],
        }
    }
}
