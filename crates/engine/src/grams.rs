//! Where in a text literals may be: by groups of four bytes, and of two for short literals.
//!
//! A bitmap answers for most places that no literal can be there; it is small enough to stay in the processor's
//! first caches. All disregard the case of ASCII letters.

use crate::hash::Buckets;

/// Bytes in a group.
pub(crate) const GRAM: usize = 4;

/// How many neighbouring groups a literal is entered with, so that looking at every so many places finds it: it
/// needs three bytes more than that.
pub(crate) const STEPS: [usize; 3] = [4, 2, 1];

/// Places within a literal are kept in this many bits.
pub(crate) const PLACE_BITS: u32 = 12;

/// Literals by groups of four of their bytes, each with the place of the group in it.
#[derive(Debug)]
pub(crate) struct Grams {
    step: usize,
    bits: Vec<u64>,
    shift: u32,
    needles: Buckets,
}

impl Grams {
    pub(crate) fn new(pairs: Vec<(u64, u32)>, step: usize) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        // 32 bits for each group: three in a hundred places ask the hash table in vain.
        let wanted = u32::try_from(pairs.len() * 32).unwrap_or(u32::MAX).max(1_024);
        let log2 = (u32::BITS - wanted.leading_zeros()).min(18);
        let shift = u32::BITS - log2;
        let mut bits = vec![0_u64; 1 << (log2 - 6)];
        for (gram, _) in &pairs {
            let hash = spread(u32::try_from(*gram).unwrap_or(0)) >> shift;
            if let Some(word) = bits.get_mut((hash >> 6) as usize) {
                *word |= 1 << (hash & 63);
            }
        }
        Some(Self { step, bits, shift, needles: Buckets::new(pairs) })
    }

    /// Calls `found` with each entry whose group stands at a place that is looked at, and that place.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8], mut found: impl FnMut(u32, usize)) {
        let mut look = |at: usize, gram: u32| {
            if self.may_have(gram) {
                self.needles.get(gram.into()).iter().for_each(|place| found(*place, at));
            }
        };
        match self.step {
            4 => {
                for (at, chunk) in bytes.as_chunks::<4>().0.iter().enumerate() {
                    look(at * 4, u32::from_le_bytes(*chunk) | SMALL_GRAM);
                }
            }
            step => {
                for (at, gram) in bytes.windows(GRAM).enumerate().step_by(step) {
                    look(at, word(gram));
                }
            }
        }
    }

    #[inline]
    fn may_have(&self, gram: u32) -> bool {
        let hash = spread(gram) >> self.shift;
        self.bits.get((hash >> 6) as usize).is_some_and(|word| word >> (hash & 63) & 1 != 0)
    }
}

/// Literals of one to three ASCII bytes by their first two.
#[derive(Debug)]
pub(crate) struct Pairs {
    bits: Box<[u64]>,
    needles: Buckets,
    /// Those of one byte: they may be the last.
    single: Vec<(u8, u32)>,
}

impl Pairs {
    pub(crate) fn new(literals: &[(&[u8], u32)]) -> Option<Self> {
        if literals.is_empty() {
            return None;
        }
        let (mut pairs, mut single) = (Vec::new(), Vec::new());
        for (literal, at) in literals {
            match literal {
                [byte] => single.push((*byte | SMALL_BYTE, *at)),
                [first, second, ..] => pairs.push((u64::from(pair(*first, *second)), *at)),
                [] => {}
            }
        }
        let mut bits = vec![0_u64; 1 << 10].into_boxed_slice();
        for (pair, _) in &pairs {
            if let Some(word) = bits.get_mut((*pair >> 6) as usize) {
                *word |= 1 << (pair & 63);
            }
        }
        Some(Self { bits, needles: Buckets::new(pairs), single })
    }

    /// Calls `found` with each literal that may stand at a place, and the place.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8], mut found: impl FnMut(u32, usize)) {
        if !self.needles.is_empty() {
            for (at, window) in bytes.windows(2).enumerate() {
                let [first, second] = window else { continue };
                let pair = pair(*first, *second);
                if self.bits.get(usize::from(pair >> 6)).is_some_and(|word| word >> (pair & 63) & 1 != 0) {
                    self.needles.get(pair.into()).iter().for_each(|needle| found(*needle, at));
                }
            }
        }
        for (byte, needle) in &self.single {
            if let Some(at) = bytes.iter().position(|found| found | SMALL_BYTE == *byte) {
                found(*needle, at);
            }
        }
    }
}

#[inline]
fn pair(first: u8, second: u8) -> u16 {
    u16::from_le_bytes([first | SMALL_BYTE, second | SMALL_BYTE])
}

/// The bit that tells small ASCII letters from capital ones; for hashes only, since other bytes change too.
const SMALL_BYTE: u8 = 0x20;
const SMALL_GRAM: u32 = 0x2020_2020;

#[inline]
fn spread(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

/// A group as a number, the same for texts that differ by ASCII case.
#[inline]
pub(crate) fn word(gram: &[u8]) -> u32 {
    gram.first_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk)) | SMALL_GRAM
}
