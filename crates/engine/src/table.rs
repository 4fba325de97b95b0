//! Which literals are in a value: one table per class and field.
//!
//! Whole values are found by their hash, literals at the ends by eight or four bytes there. For literals anywhere
//! one pass looks at groups of bytes and asks a bitmap whether some literal has them; only where it says yes, a hash
//! table names the literals to compare. The lookups do not depend on each other, where an automaton waits for memory
//! at each byte; and the table is built in a hundredth of the time.
//!
//! ASCII text is looked through as it is: hashes disregard the bit that tells capital letters from small ones, and
//! only what is compared in the end is compared without regard to case. Other text has to be folded before; literals
//! that are not ASCII have a table of their own, which only such text meets (SigmaHQ has more than a thousand, single
//! characters that obfuscation hides behind).

use crate::grams::{Grams, PLACE_BITS};
use crate::hash::{Buckets, SMALL, hash_caseless, head, place_of, tail};
use crate::program::AtomId;
use crate::witness::Anchor;

/// Literals at the ends are found by eight bytes or by four; shorter ones are compared.
const END: usize = 4;

/// A literal with the rules that it wakes, by their places in the engine.
#[derive(Debug)]
struct Needle {
    text: Box<str>,
    anchor: Anchor,
    rules: (u32, u32),
    /// The atom that holds for a field if, and only if, one of its values has the literal; or none.
    atom: u32,
}

/// What a text has met.
pub(crate) struct Hit<'t> {
    /// The literal's number in the table.
    pub(crate) needle: u32,
    /// A number that is no atom's, if there is none.
    pub(crate) atom: u32,
    /// Rules that wake.
    pub(crate) rules: &'t [u32],
}

/// A literal with what it stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Literal<'l> {
    pub(crate) anchor: Anchor,
    /// Folded.
    pub(crate) text: &'l str,
    /// The atom that says just that the literal is there.
    pub(crate) atom: Option<AtomId>,
    /// Rules that it wakes.
    pub(crate) rules: &'l [u32],
}

/// What wakes rules by the values of one field.
#[derive(Debug, Default)]
pub(crate) struct Table {
    needles: Vec<Needle>,
    /// The number of the first literal: those of the table within the table follow its own.
    first: u32,
    rules: Vec<u32>,
    whole: Buckets,
    /// A bit for each length of whole values, the last for all from 63 on.
    whole_lengths: u64,
    back8: Buckets,
    back4: Buckets,
    front8: Buckets,
    front4: Buckets,
    anywhere: Grams,
    /// Literals of less than four bytes at the ends, and empty ones.
    short_ends: Vec<u32>,
    /// Literals that are not ASCII.
    wide: Option<Box<Table>>,
    /// Without hashing: every literal.
    single: Vec<u32>,
    /// Whether anything is looked for but whole values and literals anywhere.
    has_ends: bool,
    /// Atoms without a literal, with the rules that they wake.
    pub(crate) direct: Vec<(AtomId, Vec<u32>)>,
    has_digits: bool,
}

impl Table {
    /// A table over literals, each once, and atoms; without `is_hashed` each literal is looked for by itself.
    pub(crate) fn new(literals: &[Literal<'_>], direct: Vec<(AtomId, Vec<u32>)>, is_hashed: bool) -> Self {
        let (narrow, wide): (Vec<_>, Vec<_>) = literals.iter().partition(|literal| literal.text.is_ascii());
        let mut table = Self { direct, ..Self::with(&narrow, is_hashed) };
        let first = place(narrow.len());
        table.wide = (!wide.is_empty()).then(|| Box::new(Self { first, ..Self::with(&wide, is_hashed) }));
        table
    }

    fn with(literals: &[&Literal<'_>], is_hashed: bool) -> Self {
        let mut table = Self::default();
        for literal in literals {
            let start = place(table.rules.len());
            table.rules.extend_from_slice(literal.rules);
            let rules = (start, place(table.rules.len()));
            let atom = literal.atom.map_or(u32::MAX, |atom| atom.0);
            table.needles.push(Needle { text: literal.text.into(), anchor: literal.anchor, rules, atom });
        }
        table.has_digits = table.needles.iter().any(|needle| {
            needle.text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        });
        if is_hashed {
            table.hash()
        } else {
            table.single = (0..).zip(&table.needles).map(|(at, _)| at).collect();
        }
        let at_ends = [&table.back8, &table.back4, &table.front8, &table.front4];
        table.has_ends = at_ends.iter().any(|ends| !ends.is_empty())
            || !table.short_ends.is_empty()
            || !table.single.is_empty();
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
        let is_end = |needle: &Needle| match needle.anchor {
            Anchor::Whole => false,
            Anchor::Front | Anchor::Back => needle.text.len() < END,
            Anchor::Anywhere => needle.text.is_empty(),
        };
        let ends = (0..).zip(&self.needles).filter(|(_, needle)| is_end(needle));
        self.short_ends = ends.map(|(at, _)| at).collect();
        self.anywhere = self.grams();
    }

    /// Literals anywhere, by the bytes that tell most: those that fewest literals share, and among them those of rare
    /// letters.
    fn grams(&self) -> Grams {
        let sought = || {
            let numbered = (0..).zip(&self.needles);
            let anywhere = numbered.filter(|(_, needle)| needle.anchor == Anchor::Anywhere);
            anywhere.map(|(at, needle)| (at, needle.text.as_bytes()))
        };
        let mut shared = Shared::new(sought().map(|(_, literal)| literal.len()).sum());
        sought().for_each(|(_, literal)| shared.add(literal));
        Grams::new(sought(), |gram| commonness(gram) + 4 * shared.count(gram))
    }

    /// Calls `wake` for each literal that is in the text, which is ASCII or folded; for one that is there twice it may
    /// call twice.
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8], is_ascii: bool, mut wake: impl FnMut(Hit<'_>)) {
        if self.whole_lengths >> bytes.len().min(63) & 1 != 0 {
            let needles = self.whole.get(hash_caseless(bytes));
            needles.iter().for_each(|at| self.check_end(*at, bytes, &mut wake));
        }
        if self.has_ends {
            if bytes.len() >= END {
                self.scan_ends(bytes, &mut wake);
            }
            self.short_ends.iter().for_each(|at| self.check_end(*at, bytes, &mut wake));
            self.single.iter().for_each(|at| self.check_everywhere(*at, bytes, &mut wake));
        }
        self.anywhere.scan(bytes, |place, at| self.check_place(place, bytes, at, &mut wake));
        if let Some(wide) = &self.wide
            && !is_ascii
        {
            wide.scan_dyn(bytes, &mut wake);
        }
    }

    /// Apart, so that the table within the table is no recursion of generics.
    fn scan_dyn(&self, bytes: &[u8], wake: &mut dyn FnMut(Hit<'_>)) {
        self.scan(bytes, true, wake);
    }

    #[inline]
    fn scan_ends(&self, bytes: &[u8], wake: &mut impl FnMut(Hit<'_>)) {
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

    fn check_end(&self, at: u32, bytes: &[u8], wake: &mut impl FnMut(Hit<'_>)) {
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
            self.wake(at, needle, wake);
        }
    }

    /// A literal, named with the place in it that is found at a place of the text.
    fn check_place(&self, place: u32, bytes: &[u8], at: usize, wake: &mut impl FnMut(Hit<'_>)) {
        let number = place >> PLACE_BITS;
        let Some(needle) = self.needles.get(number as usize) else { return };
        let literal = needle.text.as_bytes();
        let start = at.checked_sub((place & ((1 << PLACE_BITS) - 1)) as usize);
        let part = start.and_then(|start| bytes.get(start..)?.get(..literal.len()));
        if part.is_some_and(|part| part.eq_ignore_ascii_case(literal)) {
            self.wake(number, needle, wake);
        }
    }

    fn check_everywhere(&self, at: u32, bytes: &[u8], wake: &mut impl FnMut(Hit<'_>)) {
        let Some(needle) = self.needles.get(at as usize) else { return };
        let literal = needle.text.as_bytes();
        if literal.is_empty() || bytes.windows(literal.len()).any(|part| part.eq_ignore_ascii_case(literal)) {
            self.check_end(at, bytes, wake);
        }
    }

    fn wake(&self, number: u32, needle: &Needle, wake: &mut impl FnMut(Hit<'_>)) {
        let (start, end) = needle.rules;
        let rules = self.rules.get(start as usize..end as usize).unwrap_or_default();
        wake(Hit { needle: self.first + number, atom: needle.atom, rules });
    }

    /// Calls `wake` for a literal that is known to be there, by its number in [`Hit`].
    pub(crate) fn again(&self, number: u32, wake: &mut impl FnMut(Hit<'_>)) {
        match self.needles.get((number - self.first) as usize) {
            Some(needle) => self.wake(number - self.first, needle, wake),
            None => {
                if let Some(wide) = &self.wide {
                    wide.again_dyn(number, wake);
                }
            }
        }
    }

    fn again_dyn(&self, number: u32, wake: &mut dyn FnMut(Hit<'_>)) {
        let at = number.wrapping_sub(self.first);
        if let Some(needle) = self.needles.get(at as usize) {
            self.wake(at, needle, &mut |hit| wake(hit));
        }
    }

    /// Whether some literal, folded, is as `is` says.
    pub(crate) fn any_literal(&self, is: &dyn Fn(&str) -> bool) -> bool {
        self.needles.iter().any(|needle| is(&needle.text))
            || self.wide.as_ref().is_some_and(|wide| wide.any_literal(is))
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

/// How many literals share groups of [`END`] bytes. Groups of one hash are counted together: the counts choose where to
/// look, not what is found, and a map that told them apart took a third of the time that tables take.
struct Shared {
    counts: Vec<u32>,
    /// Bits of a hash that are not used.
    shift: u32,
}

impl Shared {
    /// For so many groups.
    fn new(groups: usize) -> Self {
        let log2 = (groups * 2).next_power_of_two().ilog2().clamp(4, 16);
        Self { counts: vec![0; 1 << log2], shift: u64::BITS - log2 }
    }

    fn add(&mut self, literal: &[u8]) {
        for gram in literal.array_windows::<END>() {
            if let Some(count) = self.counts.get_mut(place_of(u32::from_le_bytes(*gram).into(), self.shift)) {
                *count += 1;
            }
        }
    }

    /// None for groups of another length.
    #[inline]
    fn count(&self, gram: &[u8]) -> u32 {
        let Some(gram) = gram.as_array::<END>() else { return 0 };
        self.counts.get(place_of(u32::from_le_bytes(*gram).into(), self.shift)).copied().unwrap_or(0)
    }
}

/// A rough order of how often bytes stand in logs: small is rare.
#[inline]
fn commonness(gram: &[u8]) -> u32 {
    gram.iter().map(|byte| u32::from(COMMONNESS.get(usize::from(*byte)).copied().unwrap_or(1))).sum()
}

const COMMONNESS: [u8; 256] = {
    let classes: [(u8, &[u8]); 3] = [(4, b"esiontra"), (3, b"cmdlwp\\.0 "), (2, b"fghuvxyb123456789-/:")];
    let mut ranks = [1; 256];
    let mut class = 0;
    while class < classes.len() {
        let (rank, bytes) = classes[class];
        let mut at = 0;
        while at < bytes.len() {
            ranks[bytes[at] as usize] = rank;
            at += 1;
        }
        class += 1;
    }
    ranks
};

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
