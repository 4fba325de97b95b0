//! Random rules and events from one small alphabet, so that they often match.
//!
//! Everything follows from a [`Random`]: a seed in long runs, the bytes of a fuzzer in fuzz targets. Rules and events
//! are JSON values, which is YAML too: a difference can be made smaller by taking members away.

mod events;
mod items;
mod regexes;
mod rules;

pub use events::{alike, event, mutate};
pub use rules::rule;

use serde_json::Value;

use crate::shrink::Round;

/// Where choices come from.
#[derive(Clone, Debug)]
pub struct Random<'b> {
    seed: u64,
    bytes: Option<&'b [u8]>,
}

impl<'b> Random<'b> {
    /// Choices from a seed, without end.
    pub fn from_seed(seed: u64) -> Self {
        Self { seed, bytes: None }
    }

    /// Choices from bytes; behind them the first of every choice.
    pub fn from_bytes(bytes: &'b [u8]) -> Self {
        Self { seed: 0, bytes: Some(bytes) }
    }

    /// Whether bytes are left; a seed has no end.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_some_and(<[u8]>::is_empty)
    }

    /// A number below a limit; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit < 2 {
            return 0;
        }
        let Some(bytes) = &mut self.bytes else {
            self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.seed;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            return usize::try_from(z % limit as u64).unwrap_or(0);
        };
        let wanted = if limit <= 256 { 1 } else { 2 };
        let (taken, rest) = bytes.split_at(wanted.min(bytes.len()));
        *bytes = rest;
        taken.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)) % limit
    }

    /// One time in `of`; never at the end of the bytes.
    pub fn once_in(&mut self, of: usize) -> bool {
        self.below(of) + 1 == of
    }

    /// One of several; the first at the end of the bytes.
    pub fn pick<'t, T: ?Sized>(&mut self, from: &[&'t T]) -> &'t T {
        from[self.below(from.len())]
    }
}

/// What rules and events of one round are made of: few fields and few words, chosen from many.
#[derive(Clone, Debug)]
pub struct Alphabet {
    fields: Vec<&'static str>,
    words: Vec<&'static str>,
}

/// Names that are prefixes, paths and parts of each other, and one that differs by case.
const FIELDS: &[&str] = &["a", "b", "A", "c.d", "c", "e.f.g", "h", "EventID", "a b", "e.f", "Image", "é"];

/// Words whose parts, case and length in bytes matter: letters with other forms of other lengths (`ſ`, `K` for
/// Kelvin, `ẞ`, three forms of `ǆ`), wildcards and escapes, dashes, numbers, line ends.
const WORDS: &[&str] = &[
    "a",
    "b",
    "ab",
    "s",
    "ſ",
    "k",
    "\u{212a}",
    "é",
    "É",
    "σ",
    "ς",
    "ß",
    "ẞ",
    "ǆ",
    "ǅ",
    "İ",
    "ı",
    "😀",
    "1",
    "0",
    "10",
    "-1",
    "1.5",
    "4624",
    "007",
    "true",
    "null",
    ".",
    "\n",
    "\r\n",
    " ",
    "\\",
    "\\\\",
    "*",
    "?",
    "%",
    "\"",
    "'",
    "#",
    "-enc",
    "/c",
    " -x",
    " /q",
    "–y",
    "cmd.exe",
    "C:\\Windows\\System32\\",
    "powershell",
    "whoami",
    "user",
    "admin",
    "http://",
    "|",
    "[",
    "{",
    "10.0.0.1",
    "aaaaab",
    "abababab",
];

impl Alphabet {
    /// Some fields and words.
    pub fn choose(random: &mut Random<'_>) -> Self {
        let some = |random: &mut Random<'_>, from: &[&'static str], count: usize| {
            (0..count).map(|_| from[random.below(from.len())]).collect::<Vec<_>>()
        };
        let (fields, words) = (3 + random.below(4), 4 + random.below(8));
        Self { fields: some(random, FIELDS, fields), words: some(random, WORDS, words) }
    }

    fn field(&self, random: &mut Random<'_>) -> &'static str {
        random.pick(&self.fields)
    }

    fn word(&self, random: &mut Random<'_>) -> &'static str {
        random.pick(&self.words)
    }

    /// A few words in a row.
    fn text(&self, random: &mut Random<'_>, longest: usize) -> String {
        (0..random.below(longest + 1)).map(|_| self.word(random)).collect()
    }
}

/// Rules and events of one alphabet; every second event is [`alike`] to the one before.
pub fn round(random: &mut Random<'_>, rules: usize, events: usize) -> Round {
    let alphabet = Alphabet::choose(random);
    let titled = |at: usize, mut rule: Value| {
        rule["title"] = Value::from(format!("random {at}"));
        rule
    };
    let rules = (0..rules).map(|at| titled(at, rule(&alphabet, random))).collect();
    let mut made: Vec<Value> = Vec::new();
    for at in 0..events {
        let next = match made.last() {
            Some(last) if at % 2 == 1 => alike(last, &alphabet, random),
            _ => event(&alphabet, random),
        };
        made.push(next);
    }
    Round { rules, events: made }
}

/// The text with the case of some letters changed, where that changes no number of characters.
fn recased(random: &mut Random<'_>, text: &str) -> String {
    if !random.once_in(3) {
        return text.to_owned();
    }
    let flip = |c: char| {
        let mut other: Vec<char> = c.to_uppercase().collect();
        if other == [c] {
            other = c.to_lowercase().collect();
        }
        if other.len() == 1 { other[0] } else { c }
    };
    text.chars().map(|c| if random.once_in(2) { flip(c) } else { c }).collect()
}

/// Base64 of bytes, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at > three.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, expect) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("xfooA", "eGZvb0E=")]
        {
            assert_eq!(base64(bytes.as_bytes()), expect);
        }
    }

    #[test]
    fn choices_end_with_the_bytes() {
        let mut random = Random::from_bytes(&[7, 255]);
        assert_eq!((random.below(5), random.below(300), random.below(9)), (2, 255, 0));
        assert!(random.is_empty());
    }
}
