//! Which literals are in a value: one table per class and field.
//!
//! Whole values are found by their hash, literals at the ends by eight or four bytes there. For literals anywhere
//! one pass looks at every four bytes of the value and asks a bitmap whether some literal has them; only where it
//! says yes, a hash table names the literals to compare. The lookups of neighbouring positions do not depend on
//! each other, so that the pass runs at about a byte per cycle, where an automaton waits for memory at each
//! byte; and the table is built in a hundredth of the time.

use std::collections::HashMap;

use memchr::memmem::Finder;

use crate::hash::{Buckets, hash_bytes, head, tail};
use crate::program::AtomId;
use crate::witness::Anchor;

/// A literal with the rules that it wakes, by their places in the engine.
#[derive(Debug)]
struct Needle {
    text: Box<str>,
    anchor: Anchor,
    /// For literals anywhere: where the four bytes of the bitmap lie in the text.
    gram_at: usize,
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
    grams: Option<Grams>,
    /// Literals that no hash finds, each looked for by itself.
    single: Vec<(u32, Finder<'static>)>,
    /// Atoms without a literal, with the rules that they wake.
    pub(crate) direct: Vec<(AtomId, Vec<u32>)>,
}

#[derive(Debug)]
struct Grams {
    bits: Vec<u64>,
    shift: u32,
    needles: Buckets,
}

const GRAM: usize = 4;

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
            table.needles.push(Needle { text, anchor, gram_at: 0, rules });
        }
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
        let whole = keys(Anchor::Whole, 0..usize::MAX, &hash_bytes);
        let back8 = keys(Anchor::Back, 8..usize::MAX, &tail);
        let back4 = keys(Anchor::Back, 4..8, &|text| tail(last4(text)));
        let front8 = keys(Anchor::Front, 8..usize::MAX, &head);
        let front4 = keys(Anchor::Front, 4..8, &|text| head(first4(text)));
        (self.whole, self.back8, self.back4, self.front8, self.front4) =
            (whole, back8, back4, front8, front4);
        self.single = self.finders(|needle| needle.anchor != Anchor::Whole && needle.text.len() < GRAM);
        self.choose_grams();
    }

    fn finders(&self, fits: impl Fn(&Needle) -> bool) -> Vec<(u32, Finder<'static>)> {
        let needles = (0..).zip(&self.needles).filter(|(_, needle)| fits(needle));
        needles.map(|(at, needle)| (at, Finder::new(needle.text.as_bytes()).into_owned())).collect()
    }

    /// For each literal anywhere the four bytes that tell most: those that fewest literals share, and among them
    /// those of rare letters.
    fn choose_grams(&mut self) {
        let is_sought = |needle: &Needle| needle.anchor == Anchor::Anywhere && needle.text.len() >= GRAM;
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for needle in self.needles.iter().filter(|needle| is_sought(needle)) {
            for gram in needle.text.as_bytes().windows(GRAM) {
                *shared.entry(word(gram)).or_default() += 1;
            }
        }
        if shared.is_empty() {
            return;
        }
        let mut pairs = Vec::new();
        for (at, needle) in (0..).zip(&mut self.needles) {
            if !is_sought(needle) {
                continue;
            }
            let bytes = needle.text.as_bytes();
            let best = bytes.windows(GRAM).enumerate().min_by_key(|(at, gram)| {
                (commonness(gram) + 4 * shared.get(&word(gram)).copied().unwrap_or(0), *at)
            });
            if let Some((gram_at, gram)) = best {
                pairs.push((u64::from(word(gram)), at));
                needle.gram_at = gram_at;
            }
        }
        self.grams = Some(Grams::new(pairs));
    }

    /// Calls `wake` with each rule for which one of its literals is in the folded text; a rule may come twice.
    #[inline]
    pub(crate) fn scan(&self, text: &str, mut wake: impl FnMut(u32)) {
        let bytes = text.as_bytes();
        let mut check = |at: u32, from: Option<usize>| {
            let Some(needle) = self.needles.get(at as usize) else { return };
            let literal = needle.text.as_bytes();
            let is_there = match (needle.anchor, from) {
                (Anchor::Whole, _) => bytes == literal,
                (Anchor::Front, _) => bytes.starts_with(literal),
                (Anchor::Back, _) => bytes.ends_with(literal),
                (Anchor::Anywhere, Some(from)) => from
                    .checked_sub(needle.gram_at)
                    .and_then(|start| bytes.get(start..))
                    .is_some_and(|rest| rest.starts_with(literal)),
                (Anchor::Anywhere, None) => true,
            };
            if is_there {
                let (start, end) = needle.rules;
                self.rules
                    .get(start as usize..end as usize)
                    .into_iter()
                    .flatten()
                    .copied()
                    .for_each(&mut wake);
            }
        };
        if !self.whole.is_empty() {
            self.whole.get(hash_bytes(bytes)).iter().for_each(|at| check(*at, None));
        }
        if bytes.len() >= 8 {
            if !self.back8.is_empty() {
                self.back8.get(tail(bytes)).iter().for_each(|at| check(*at, None));
            }
            if !self.front8.is_empty() {
                self.front8.get(head(bytes)).iter().for_each(|at| check(*at, None));
            }
        }
        if bytes.len() >= GRAM {
            if !self.back4.is_empty() {
                self.back4.get(tail(last4(bytes))).iter().for_each(|at| check(*at, None));
            }
            if !self.front4.is_empty() {
                self.front4.get(head(first4(bytes))).iter().for_each(|at| check(*at, None));
            }
            if let Some(grams) = &self.grams {
                for (from, gram) in bytes.windows(GRAM).enumerate() {
                    let gram = word(gram);
                    if grams.may_have(gram) {
                        grams.needles.get(gram.into()).iter().for_each(|at| check(*at, Some(from)));
                    }
                }
            }
        }
        for (at, finder) in &self.single {
            if finder.find(bytes).is_some() {
                check(*at, None);
            }
        }
    }

    /// Whether remembering values is worth the while: whole values and ends are looked up faster than remembered.
    pub(crate) fn is_costly(&self) -> bool {
        self.grams.is_some() || !self.single.is_empty() || !self.direct.is_empty()
    }
}

impl Grams {
    fn new(pairs: Vec<(u64, u32)>) -> Self {
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
        Self { bits, shift, needles: Buckets::new(pairs) }
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

#[inline]
fn word(gram: &[u8]) -> u32 {
    gram.first_chunk::<4>().map_or(0, |chunk| u32::from_le_bytes(*chunk))
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
