//! Which literals are in a value: one table per class and field.
//!
//! Whole values are found by their hash, literals at the ends by eight or four bytes there. For literals anywhere
//! one pass looks at four bytes of the value at a time and asks a bitmap whether some literal has them; only where
//! it says yes, a hash table names the literals to compare. A literal of seven bytes or more is entered with four
//! neighbouring groups of four bytes, so that looking at every fourth place of the value is enough to find it.
//! The lookups do not depend on each other, where an automaton waits for memory at each byte; and the table is
//! built in a hundredth of the time.
//!
//! ASCII text is looked through as it is: hashes disregard the bit that tells capital letters from small ones, and
//! only what is compared in the end is compared without regard to case. Other text has to be folded before.

use std::collections::HashMap;

use memchr::memmem::Finder;

use crate::hash::{Buckets, SMALL, hash_caseless, head, tail};
use crate::program::AtomId;
use crate::witness::Anchor;

/// A literal with the rules that it wakes, by their places in the engine.
#[derive(Debug)]
struct Needle {
    text: Box<str>,
    anchor: Anchor,
    rules: (u32, u32),
}

/// What wakes rules by the values of one field.
#[derive(Debug, Default)]
pub(crate) struct Table {
    needles: Vec<Needle>,
    rules: Vec<u32>,
    whole: Buckets,
    back8: Buckets,
    back4: Buckets,
    front8: Buckets,
    front4: Buckets,
    /// For literals of seven bytes and more: looked up at every fourth place.
    sparse: Option<Grams>,
    /// For shorter ones: looked up at every place.
    dense: Option<Grams>,
    /// Literals that no hash finds, each looked for by itself.
    single: Vec<(u32, Finder<'static>)>,
    /// Atoms without a literal, with the rules that they wake.
    pub(crate) direct: Vec<(AtomId, Vec<u32>)>,
    has_digits: bool,
}

#[derive(Debug)]
struct Grams {
    bits: Vec<u64>,
    shift: u32,
    /// Literals by their bytes, each with the place of the bytes in it.
    needles: Buckets,
}

const GRAM: usize = 4;
/// How many neighbouring groups of four bytes a long literal is entered with.
const STEP: usize = 4;
/// Places within a literal are kept in this many bits.
const PLACE_BITS: u32 = 12;

impl Table {
    /// A table over literals and atoms; without `is_hashed` each literal is looked for by itself.
    pub(crate) fn new(
        literals: HashMap<(Anchor, Box<str>), Vec<u32>>,
        mut direct: Vec<(AtomId, Vec<u32>)>,
        is_hashed: bool,
    ) -> Self {
        let mut literals: Vec<_> = literals.into_iter().collect();
        literals.sort_unstable();
        direct.sort_unstable();
        let mut table = Self { direct, ..Self::default() };
        for ((anchor, text), rules) in literals {
            let start = place(table.rules.len());
            table.rules.extend(rules);
            let rules = (start, place(table.rules.len()));
            table.needles.push(Needle { text, anchor, rules });
        }
        table.has_digits = table.needles.iter().any(|needle| {
            needle.text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        });
        if is_hashed {
            table.hash()
        } else {
            table.single = table.finders(|_| true)
        }
        table
    }

    fn hash(&mut self) {
        let keys = |anchor: Anchor, lengths: std::ops::Range<usize>, key: &dyn Fn(&[u8]) -> u64| {
            let fits = |needle: &&(u32, &Needle)| {
                needle.1.anchor == anchor && lengths.contains(&needle.1.text.len())
            };
            let needles: Vec<_> = (0..).zip(&self.needles).collect();
            Buckets::new(needles.iter().filter(fits).map(|(at, needle)| (key(needle.text.as_bytes()), *at)))
        };
        let whole = keys(Anchor::Whole, 0..usize::MAX, &hash_caseless);
        let back8 = keys(Anchor::Back, 8..usize::MAX, &|text| tail(text) | SMALL);
        let back4 = keys(Anchor::Back, 4..8, &|text| tail(last4(text)) | SMALL);
        let front8 = keys(Anchor::Front, 8..usize::MAX, &|text| head(text) | SMALL);
        let front4 = keys(Anchor::Front, 4..8, &|text| head(first4(text)) | SMALL);
        (self.whole, self.back8, self.back4, self.front8, self.front4) =
            (whole, back8, back4, front8, front4);
        self.single = self.finders(|needle| needle.anchor != Anchor::Whole && needle.text.len() < GRAM);
        self.choose_grams();
    }

    fn finders(&self, fits: impl Fn(&Needle) -> bool) -> Vec<(u32, Finder<'static>)> {
        let needles = (0..).zip(&self.needles).filter(|(_, needle)| fits(needle));
        needles.map(|(at, needle)| (at, Finder::new(needle.text.as_bytes()).into_owned())).collect()
    }

    /// For each literal anywhere the bytes that tell most: those that fewest literals share, and among them those of
    /// rare letters.
    fn choose_grams(&mut self) {
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for (_, needle) in self.sought() {
            for gram in needle.text.as_bytes().windows(GRAM) {
                *shared.entry(word(gram)).or_default() += 1;
            }
        }
        let cost = |gram: &[u8]| commonness(gram) + 4 * shared.get(&word(gram)).copied().unwrap_or(0);
        let (mut sparse, mut dense) = (Vec::new(), Vec::new());
        for (at, needle) in self.sought() {
            let bytes = needle.text.as_bytes();
            let bytes = bytes.get(..1 << PLACE_BITS).unwrap_or(bytes);
            let costs: Vec<u32> = bytes.windows(GRAM).map(cost).collect();
            let (grams, step) = if costs.len() >= STEP { (&mut sparse, STEP) } else { (&mut dense, 1) };
            let best = costs.windows(step).enumerate().min_by_key(|(_, costs)| costs.iter().sum::<u32>());
            let Some((start, _)) = best else { continue };
            for place in start..start + step {
                let Some(gram) = bytes.get(place..place + GRAM) else { break };
                let place = u32::try_from(place).unwrap_or(0);
                grams.push((u64::from(word(gram)), at << PLACE_BITS | place));
            }
        }
        self.sparse = Grams::new(sparse);
        self.dense = Grams::new(dense);
    }

    fn sought(&self) -> impl Iterator<Item = (u32, &Needle)> {
        let is_sought = |needle: &Needle| needle.anchor == Anchor::Anywhere && needle.text.len() >= GRAM;
        (0..).zip(&self.needles).filter(move |(_, needle)| is_sought(needle))
    }

    /// Calls `wake` with each rule for which one of its literals is in the text, which is ASCII or folded; a rule may
    /// come twice.
    #[inline]
    pub(crate) fn scan(&self, text: &str, mut wake: impl FnMut(u32)) {
        let bytes = text.as_bytes();
        if !self.whole.is_empty() {
            let needles = self.whole.get(hash_caseless(bytes));
            needles.iter().for_each(|at| self.check_end(*at, bytes, &mut wake));
        }
        if bytes.len() >= GRAM {
            self.scan_ends(bytes, &mut wake);
            if let Some(grams) = &self.sparse {
                for (at, chunk) in bytes.as_chunks::<STEP>().0.iter().enumerate() {
                    let gram = u32::from_le_bytes(*chunk) | SMALL_GRAM;
                    if grams.may_have(gram) {
                        self.check_places(grams.needles.get(gram.into()), bytes, at * STEP, &mut wake);
                    }
                }
            }
            if let Some(grams) = &self.dense {
                for (at, chunk) in bytes.windows(GRAM).enumerate() {
                    let gram = word(chunk);
                    if grams.may_have(gram) {
                        self.check_places(grams.needles.get(gram.into()), bytes, at, &mut wake);
                    }
                }
            }
        }
        for (at, finder) in &self.single {
            let needle = finder.needle();
            if bytes.windows(needle.len().max(1)).any(|part| part.eq_ignore_ascii_case(needle))
                || needle.is_empty()
            {
                self.check_end(*at, bytes, &mut wake);
            }
        }
    }

    #[inline]
    fn scan_ends(&self, bytes: &[u8], wake: &mut impl FnMut(u32)) {
        let mut look = |buckets: &Buckets, key: u64| {
            if !buckets.is_empty() {
                buckets.get(key | SMALL).iter().for_each(|at| self.check_end(*at, bytes, wake));
            }
        };
        if bytes.len() >= 8 {
            look(&self.back8, tail(bytes));
            look(&self.front8, head(bytes));
        }
        look(&self.back4, tail(last4(bytes)));
        look(&self.front4, head(first4(bytes)));
    }

    fn check_end(&self, at: u32, bytes: &[u8], wake: &mut impl FnMut(u32)) {
        let Some(needle) = self.needles.get(at as usize) else { return };
        let literal = needle.text.as_bytes();
        let part = match needle.anchor {
            Anchor::Whole => Some(bytes),
            Anchor::Front => bytes.get(..literal.len()),
            Anchor::Back => bytes.len().checked_sub(literal.len()).and_then(|start| bytes.get(start..)),
            // Whoever asks has found it.
            Anchor::Anywhere => Some(literal),
        };
        if part.is_some_and(|part| part.eq_ignore_ascii_case(literal)) {
            self.wake(needle, wake);
        }
    }

    /// Literals that have four bytes of the text which begin at `from`.
    fn check_places(&self, places: &[u32], bytes: &[u8], from: usize, wake: &mut impl FnMut(u32)) {
        for place in places {
            let Some(needle) = self.needles.get((place >> PLACE_BITS) as usize) else { continue };
            let literal = needle.text.as_bytes();
            let start = from.checked_sub((place & ((1 << PLACE_BITS) - 1)) as usize);
            let part = start.and_then(|start| bytes.get(start..)?.get(..literal.len()));
            if part.is_some_and(|part| part.eq_ignore_ascii_case(literal)) {
                self.wake(needle, wake);
            }
        }
    }

    fn wake(&self, needle: &Needle, wake: &mut impl FnMut(u32)) {
        let (start, end) = needle.rules;
        self.rules.get(start as usize..end as usize).into_iter().flatten().copied().for_each(wake);
    }

    /// Whether some literal can be in the text of a number.
    pub(crate) fn has_digits(&self) -> bool {
        self.has_digits
    }

    /// Whether remembering values is worth the while: what hashes find is found
    /// faster than remembered.
    pub(crate) fn is_costly(&self) -> bool {
        !self.single.is_empty() || !self.direct.is_empty()
    }
}

impl Grams {
    fn new(pairs: Vec<(u64, u32)>) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        // 32 bits for each gram: three in a hundred positions ask the hash table in vain.
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
        Some(Self { bits, shift, needles: Buckets::new(pairs) })
    }

    #[inline]
    fn may_have(&self, gram: u32) -> bool {
        let hash = spread(gram) >> self.shift;
        self.bits.get((hash >> 6) as usize).is_some_and(|word| word >> (hash & 63) & 1 != 0)
    }
}

#[inline]
fn spread(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

/// [`SMALL`] for four bytes.
const SMALL_GRAM: u32 = 0x2020_2020;

#[inline]
fn word(gram: &[u8]) -> u32 {
    gram.first_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk)) | SMALL_GRAM
}

fn last4(bytes: &[u8]) -> &[u8] {
    bytes.last_chunk::<4>().map_or(bytes, |chunk| chunk.as_slice())
}

fn first4(bytes: &[u8]) -> &[u8] {
    bytes.first_chunk::<4>().map_or(bytes, |chunk| chunk.as_slice())
}

/// A rough order of how often bytes stand in logs: small is rare.
fn commonness(gram: &[u8]) -> u32 {
    gram.iter()
        .map(|byte| match byte {
            b'e' | b's' | b'i' | b'o' | b'n' | b't' | b'r' | b'a' => 4,
            b'c' | b'm' | b'd' | b'l' | b'w' | b'p' | b'\\' | b'.' | b'0' | b' ' => 3,
            b'f' | b'g' | b'h' | b'u' | b'v' | b'x' | b'y' | b'b' | b'1'..=b'9' | b'-' | b'/' | b':' => 2,
            _ => 1,
        })
        .sum()
}

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
