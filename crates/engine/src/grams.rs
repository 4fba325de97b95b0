//! Where in a text literals may be: by groups of two to four bytes.
//!
//! A bitmap answers for most places that no literal can be there; it is small enough to stay in the processor's
//! first caches. All disregard the case of ASCII letters.

use crate::hash::Buckets;

/// Bytes in a group of a long literal.
const GRAM: usize = 4;

/// Literals of so many bytes are long.
pub(crate) const LONG: usize = 7;

/// Places within a literal are kept in this many bits.
pub(crate) const PLACE_BITS: u32 = 12;

/// Literals anywhere in a text.
///
/// One of seven bytes or more is entered with four neighbouring groups of four bytes, so that looking at every
/// fourth place of the text finds it. One of four to six bytes is entered with two groups of three, one of three
/// bytes with both groups of two: for them every second place is looked at. Only the shortest need each place.
#[derive(Debug, Default)]
pub(crate) struct Grams {
    long: Buckets,
    short: Buckets,
    shorter: Buckets,
    shortest: Buckets,
    /// Literals of one byte: they may be the last.
    single: Vec<(u8, u32)>,
    /// Whether there is any but long ones.
    has_short: bool,
}

impl Grams {
    /// From literals that are not empty, by their numbers; `cost` says how often a group of bytes is met.
    pub(crate) fn new<'l>(
        literals: impl Iterator<Item = (u32, &'l [u8])>,
        cost: impl Fn(&[u8]) -> u32,
    ) -> Self {
        let (mut long, mut short, mut shorter, mut shortest) = (vec![], vec![], vec![], vec![]);
        let mut single = Vec::new();
        let mut costs = Vec::new();
        let mut enter = |pairs: &mut Vec<_>, literal: &[u8], at, (size, count): (usize, usize)| {
            let literal = literal.get(..1 << PLACE_BITS).unwrap_or(literal);
            costs.clear();
            costs.extend(literal.windows(size).map(&cost));
            enter(pairs, literal, at, (size, cheapest(&costs, count), count));
        };
        for (at, literal) in literals {
            match literal.len() {
                0 => {}
                1 => single.extend(literal.first().map(|byte| (*byte, at))),
                2 => enter(&mut shortest, literal, at, (2, 1)),
                3 => enter(&mut shorter, literal, at, (2, 2)),
                4..LONG => enter(&mut short, literal, at, (3, 2)),
                _ => enter(&mut long, literal, at, (GRAM, 4)),
            }
        }
        let [long, short, shorter, shortest] = [long, short, shorter, shortest].map(Buckets::new);
        let has_short =
            [&short, &shorter, &shortest].iter().any(|groups| !groups.is_empty()) || !single.is_empty();
        Self { long, short, shorter, shortest, single, has_short }
    }

    /// Calls `found` with each literal that may be there: its number with the place in it that stands at a place of
    /// the text.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8], mut found: impl FnMut(u32, usize)) {
        if !self.long.is_empty() {
            for (at, chunk) in bytes.as_chunks::<GRAM>().0.iter().enumerate() {
                let gram = u32::from_le_bytes(*chunk) | SMALL;
                self.long.get(gram.into()).iter().for_each(|place| found(*place, at * GRAM));
            }
        }
        if self.has_short {
            self.scan_short(bytes, found);
        }
    }

    /// Literals of less than seven bytes.
    fn scan_short(&self, bytes: &[u8], mut found: impl FnMut(u32, usize)) {
        let mut look = |groups: &Buckets, gram: u32, at: usize| {
            groups.get(gram.into()).iter().for_each(|place| found(*place, at));
        };
        if !self.short.is_empty() {
            let mut chunks = bytes.windows(GRAM).step_by(2);
            let mut at = 0;
            for chunk in &mut chunks {
                look(&self.short, word(chunk) & THREE, at);
                at += 2;
            }
            if let Some(chunk) = bytes.get(at..at + 3) {
                look(&self.short, padded(chunk), at);
            }
        }
        if !self.shorter.is_empty() {
            for (at, pair) in bytes.windows(2).enumerate().step_by(2) {
                look(&self.shorter, padded(pair), at);
            }
        }
        if !self.shortest.is_empty() {
            for (at, pair) in bytes.windows(2).enumerate() {
                look(&self.shortest, padded(pair), at);
            }
        }
        for (byte, needle) in &self.single {
            // Exactly: of `|` and `\`, which differ by the bit of small letters alone, only one may end the search.
            if let Some(at) = bytes.iter().position(|found| found.eq_ignore_ascii_case(byte)) {
                found(needle << PLACE_BITS, at);
            }
        }
    }
}

/// Where so many neighbours cost least together.
fn cheapest(costs: &[u32], count: usize) -> usize {
    let sums = costs.windows(count).map(|costs| costs.iter().sum::<u32>());
    sums.enumerate().min_by_key(|(_, sum)| *sum).map_or(0, |(start, _)| start)
}

/// Enters a literal with neighbouring groups: their size, the first, and how many.
fn enter(pairs: &mut Vec<(u64, u32)>, literal: &[u8], at: u32, (size, start, count): (usize, usize, usize)) {
    for (place, gram) in literal.windows(size).enumerate().skip(start).take(count) {
        let place = u32::try_from(place).unwrap_or(0);
        pairs.push((u64::from(padded(gram)), at << PLACE_BITS | place));
    }
}

/// The bit that tells small ASCII letters from capital ones; for hashes only, since other bytes change too.
const SMALL_BYTE: u8 = 0x20;
const SMALL: u32 = 0x2020_2020;
const THREE: u32 = 0x00ff_ffff;

/// Four bytes as a number, the same for texts that differ by ASCII case.
#[inline]
fn word(gram: &[u8]) -> u32 {
    gram.first_chunk::<GRAM>().map_or(0, |chunk| u32::from_le_bytes(*chunk)) | SMALL
}

/// As [`word`] of two to four bytes, cut to as many.
#[inline]
fn padded(gram: &[u8]) -> u32 {
    match gram {
        [a, b] => u32::from(u16::from_le_bytes([a | SMALL_BYTE, b | SMALL_BYTE])),
        [a, b, c] => u32::from_le_bytes([a | SMALL_BYTE, b | SMALL_BYTE, c | SMALL_BYTE, 0]),
        _ => word(gram),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_literal_is_found_where_it_stands(
            literals in proptest::collection::vec("[ab\\\\A|*\n]{1,12}", 1..8),
            text in "[ab\\\\A|*\n]{0,40}",
        ) {
            let folded: Vec<_> = literals.iter().map(|literal| literal.to_ascii_lowercase()).collect();
            let grams = Grams::new((0..).zip(folded.iter().map(|text| text.as_bytes())), |_| 1);
            let mut found = std::collections::BTreeSet::new();
            grams.scan(text.as_bytes(), |place, at| {
                let (literal, inside) = (place >> PLACE_BITS, (place & ((1 << PLACE_BITS) - 1)) as usize);
                let part = at.checked_sub(inside).and_then(|start| text.get(start..));
                let part = part.and_then(|rest| rest.get(..folded[literal as usize].len()));
                if part.is_some_and(|part| part.eq_ignore_ascii_case(&folded[literal as usize])) {
                    found.insert(literal);
                }
            });
            let lower = text.to_ascii_lowercase();
            let expect: std::collections::BTreeSet<u32> =
                (0..).zip(&folded).filter(|(_, literal)| lower.contains(*literal)).map(|(at, _)| at).collect();
            prop_assert_eq!(found, expect);
        }
    }
}
