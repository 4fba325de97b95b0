//! Regular expressions of linear time.

use super::{Alphabet, Random, recased};

/// A pattern; now and then one with flags in it.
pub(super) fn regex(alphabet: &Alphabet, random: &mut Random<'_>) -> String {
    let pattern = alternatives(alphabet, random, 2);
    match random.below(8) {
        5 => format!("(?i){pattern}"),
        6 => format!("(?{}){pattern}", random.pick(&["m", "s", "im", "is"])),
        7 => format!("^{pattern}$"),
        _ => pattern,
    }
}

fn alternatives(alphabet: &Alphabet, random: &mut Random<'_>, depth: usize) -> String {
    let count = if random.once_in(4) { 2 } else { 1 };
    (0..count).map(|_| sequence(alphabet, random, depth)).collect::<Vec<_>>().join("|")
}

fn sequence(alphabet: &Alphabet, random: &mut Random<'_>, depth: usize) -> String {
    (0..=random.below(3)).map(|_| piece(alphabet, random, depth)).collect()
}

fn piece(alphabet: &Alphabet, random: &mut Random<'_>, depth: usize) -> String {
    let kind = random.below(if depth == 0 { 8 } else { 10 });
    let atom = match kind {
        0..=3 => {
            let word = alphabet.word(random);
            return regex_syntax::escape(&recased(random, word));
        }
        4 => random
            .pick(&[
                ".", r"\d", r"\w", r"\s", "[a-c]", "[^a]", "[A-Z0-9]", r"\W", r"[\\/]", "[$]", r"\x61",
                "[é-σ]",
            ])
            .to_owned(),
        5 => {
            return random.pick(&["^", "$", r"\b", r"\B", r"\z", r"\A", "(?i)", "(?-i)"]).to_owned();
        }
        6 => ".*".to_owned(),
        7 => ".".to_owned(),
        8 => format!("({})", alternatives(alphabet, random, depth - 1)),
        _ => {
            let flags = random.pick(&["?:", "?i:", "?m:", "?s:", "?-i:", "?im-s:"]);
            format!("({flags}{})", alternatives(alphabet, random, depth - 1))
        }
    };
    if atom.ends_with('*') {
        return atom;
    }
    let times = random.pick(&["", "", "?", "+", "*", "{2}", "{1,3}", "+?", "*?", "{0}", "{0,2}"]);
    format!("{atom}{times}")
}
