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

use crate::grams::{GRAM, Grams, PLACE_BITS, Pairs, STEPS, word};
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
    /// A bit for each length of whole values, the last for all from 63 on.
    whole_lengths: u64,
    back8: Buckets,
    back4: Buckets,
    front8: Buckets,
    front4: Buckets,
    /// For literals of seven bytes and more, of five and six, of four: looked up at every fourth place, at every
    /// second, at each.
    grams: [Option<Grams>; 3],
    /// Literals anywhere of less than four bytes, by their first two.
    short: Option<Pairs>,
    /// Literals of less than four bytes at the ends.
    short_ends: Vec<u32>,
    /// Short literals that are not ASCII, each looked for by itself: only such text can have them.
    wide: Vec<u32>,
    /// Without hashing: every literal.
    single: Vec<u32>,
    /// Atoms without a literal, with the rules that they wake.
    pub(crate) direct: Vec<(AtomId, Vec<u32>)>,
    has_digits: bool,
}

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
            table.single = (0..).zip(&table.needles).map(|(at, _)| at).collect();
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
        let lengths = self.needles.iter().filter(|needle| needle.anchor == Anchor::Whole);
        self.whole_lengths = lengths.fold(0, |bits, needle| bits | 1 << needle.text.len().min(63));
        self.hash_short();
        self.choose_grams();
    }

    /// Literals that are too short for groups of four bytes.
    fn hash_short(&mut self) {
        let mut anywhere = Vec::new();
        for (at, needle) in (0..).zip(&self.needles).filter(|(_, needle)| needle.text.len() < GRAM) {
            match needle.anchor {
                Anchor::Whole => {}
                Anchor::Front | Anchor::Back => self.short_ends.push(at),
                Anchor::Anywhere if !needle.text.is_ascii() || needle.text.is_empty() => self.wide.push(at),
                Anchor::Anywhere => anywhere.push((needle.text.as_bytes(), at)),
            }
        }
        self.short = Pairs::new(&anywhere);
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
        let mut chosen = [Vec::new(), Vec::new(), Vec::new()];
        for (at, needle) in self.sought() {
            let bytes = needle.text.as_bytes();
            let bytes = bytes.get(..1 << PLACE_BITS).unwrap_or(bytes);
            let costs: Vec<u32> = bytes.windows(GRAM).map(cost).collect();
            let fitting = STEPS.iter().zip(&mut chosen).find(|(step, _)| costs.len() >= **step);
            let Some((step, grams)) = fitting else { continue };
            let best = costs.windows(*step).enumerate().min_by_key(|(_, costs)| costs.iter().sum::<u32>());
            let Some((start, _)) = best else { continue };
            for place in start..start + step {
                let Some(gram) = bytes.get(place..place + GRAM) else { break };
                let place = u32::try_from(place).unwrap_or(0);
                grams.push((u64::from(word(gram)), at << PLACE_BITS | place));
            }
        }
        for ((grams, chosen), step) in self.grams.iter_mut().zip(chosen).zip(STEPS) {
            *grams = Grams::new(chosen, step);
        }
    }

    fn sought(&self) -> impl Iterator<Item = (u32, &Needle)> {
        let is_sought = |needle: &Needle| needle.anchor == Anchor::Anywhere && needle.text.len() >= GRAM;
        (0..).zip(&self.needles).filter(move |(_, needle)| is_sought(needle))
    }

    /// Calls `wake` with each rule for which one of its literals is in the text, which is ASCII or folded; a rule may
    /// come twice.
    #[inline]
    pub(crate) fn scan(&self, text: &str, is_ascii: bool, mut wake: impl FnMut(u32)) {
        let bytes = text.as_bytes();
        if self.whole_lengths >> bytes.len().min(63) & 1 != 0 {
            let needles = self.whole.get(hash_caseless(bytes));
            needles.iter().for_each(|at| self.check_end(*at, bytes, &mut wake));
        }
        if bytes.len() >= GRAM {
            self.scan_ends(bytes, &mut wake);
            for grams in self.grams.iter().flatten() {
                grams.scan(bytes, |place, at| self.check_place(place, bytes, at, &mut wake));
            }
        }
        self.short_ends.iter().for_each(|at| self.check_end(*at, bytes, &mut wake));
        if let Some(pairs) = &self.short {
            pairs.scan(bytes, |needle, at| self.check_place(needle << PLACE_BITS, bytes, at, &mut wake));
        }
        if !is_ascii {
            self.wide.iter().for_each(|at| self.check_everywhere(*at, bytes, &mut wake));
        }
        self.single.iter().for_each(|at| self.check_everywhere(*at, bytes, &mut wake));
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

    /// A literal, named with the place in it that is found at a place of the text.
    fn check_place(&self, place: u32, bytes: &[u8], at: usize, wake: &mut impl FnMut(u32)) {
        let Some(needle) = self.needles.get((place >> PLACE_BITS) as usize) else { return };
        let literal = needle.text.as_bytes();
        let start = at.checked_sub((place & ((1 << PLACE_BITS) - 1)) as usize);
        let part = start.and_then(|start| bytes.get(start..)?.get(..literal.len()));
        if part.is_some_and(|part| part.eq_ignore_ascii_case(literal)) {
            self.wake(needle, wake);
        }
    }

    fn check_everywhere(&self, at: u32, bytes: &[u8], wake: &mut impl FnMut(u32)) {
        let Some(needle) = self.needles.get(at as usize) else { return };
        let literal = needle.text.as_bytes();
        if literal.is_empty() || bytes.windows(literal.len()).any(|part| part.eq_ignore_ascii_case(literal)) {
            self.check_end(at, bytes, wake);
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
        !self.direct.is_empty()
    }
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
