//! Hashes of short texts, and maps from such hashes to lists.

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

/// A hash of a long text, by four words side by side: of one word after another each would wait for the one before.
pub(crate) fn hash_wide(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [1, 2, 3, 4_u64];
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mix(*lane ^ u64::from_le_bytes(*word)).wrapping_add(MIX);
        }
    }
    lanes.into_iter().fold(hash_bytes(rest), |hash, lane| mix(hash.rotate_left(23) ^ lane))
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

/// A place for a key in a list whose length is a power of two; `shift` is how many bits of a hash it does not need.
#[inline]
pub(crate) fn place_of(key: u64, shift: u32) -> usize {
    index(key.wrapping_mul(MIX) >> shift)
}

/// For maps that live while an engine is built: quick, and rules are no one's attack on it: a file of rules is bounded
/// and read once.
pub(crate) type QuickState = BuildHasherDefault<Quick>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        mix(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_bytes(bytes) ^ self.0.wrapping_mul(MIX);
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0.wrapping_add(value) ^ MIX);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

/// From keys, which are hashes or raw bytes, to lists of numbers.
///
/// Most lookups are for keys that are not there: a bitmap refuses 31 in 32 of them, and is small enough to stay in the
/// processor's first caches.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    bits: Vec<u64>,
    bits_shift: u32,
    /// Open addressing; a place whose list is empty is free. At most half of the places are taken.
    places: Vec<Place>,
    places_shift: u32,
    items: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    key: u64,
    start: u32,
    end: u32,
}

/// Bits of the bitmap for each key, and the most bits it may have: 32 KiB.
const BITS_PER_KEY: usize = 32;
const BITS_LOG2_MAX: u32 = 18;

impl Buckets {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (u64, u32)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        if pairs.is_empty() {
            return Self::default();
        }
        pairs.sort_unstable();
        pairs.dedup();
        let count = pairs.chunk_by(|a, b| a.0 == b.0).count();
        let bits_log2 = (count * BITS_PER_KEY).next_power_of_two().ilog2().clamp(8, BITS_LOG2_MAX);
        let places_log2 = (count * 2).next_power_of_two().ilog2().max(1);
        let mut buckets = Self {
            bits: vec![0; 1 << (bits_log2 - 6)],
            bits_shift: u64::BITS - bits_log2,
            places: vec![Place::default(); 1 << places_log2],
            places_shift: u64::BITS - places_log2,
            items: pairs.iter().map(|pair| pair.1).collect(),
        };
        let mut start = 0;
        for chunk in pairs.chunk_by(|a, b| a.0 == b.0) {
            let end = start + u32::try_from(chunk.len()).unwrap_or(0);
            if let Some((key, _)) = chunk.first() {
                buckets.insert(Place { key: *key, start, end });
            }
            start = end;
        }
        buckets
    }

    fn insert(&mut self, new: Place) {
        let hash = new.key.wrapping_mul(MIX);
        let bit = hash >> self.bits_shift;
        if let Some(word) = self.bits.get_mut(index(bit >> 6)) {
            *word |= 1 << (bit & 63);
        }
        let mut at = index(hash >> self.places_shift);
        while let Some(place) = self.places.get(at)
            && place.start != place.end
        {
            at = (at + 1) & (self.places.len() - 1);
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = new;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The list of a key. Nothing may be asked of empty ones.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> &[u32] {
        let hash = key.wrapping_mul(MIX);
        let bit = hash >> self.bits_shift;
        match self.bits.get(index(bit >> 6)) {
            Some(word) if word >> (bit & 63) & 1 != 0 => self.find(key, hash),
            _ => &[],
        }
    }

    fn find(&self, key: u64, hash: u64) -> &[u32] {
        let mut at = index(hash >> self.places_shift);
        while let Some(place) = self.places.get(at)
            && place.start != place.end
        {
            if place.key == key {
                return self.items.get(place.start as usize..place.end as usize).unwrap_or_default();
            }
            at = (at + 1) & (self.places.len() - 1);
        }
        &[]
    }
}

#[inline]
fn index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn buckets_give_back_what_was_put_in(
            pairs in proptest::collection::vec((prop_oneof![0..40_u64, any::<u64>()], 0..100_u32), 0..200),
            others in proptest::collection::vec(0..60_u64, 0..50),
        ) {
            let mut expect: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
            for (key, item) in &pairs {
                expect.entry(*key).or_default().push(*item);
            }
            let buckets = Buckets::new(pairs.iter().copied());
            prop_assert_eq!(buckets.is_empty(), pairs.is_empty());
            for key in pairs.iter().map(|pair| pair.0).chain(others) {
                let mut items = expect.get(&key).cloned().unwrap_or_default();
                items.sort_unstable();
                items.dedup();
                prop_assert_eq!(buckets.get(key), items.as_slice());
            }
        }
    }
}
