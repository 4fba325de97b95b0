//! Case folding: Unicode simple folding, one character to one character, as `(?i)` of the regex crate has it.
//!
//! Characters that differ only by case are mapped to one of them: to the small letter if one of them is ASCII,
//! otherwise to the first in the order of code points. Patterns and values go through the same map, so which
//! one is taken does not matter.

#[path = "fold_table.rs"]
mod fold_table;

/// A run of characters `first`, `first + step`, … `last`, each mapped to itself plus `delta`.
pub(crate) struct Run {
    first: u32,
    last: u32,
    step: u32,
    delta: i32,
}

pub(crate) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let code = u32::from(c);
    let at = fold_table::RUNS.partition_point(|run| run.last < code);
    match fold_table::RUNS.get(at) {
        Some(run) if run.first <= code && (code - run.first).is_multiple_of(run.step) => {
            code.checked_add_signed(run.delta).and_then(char::from_u32).unwrap_or(c)
        }
        _ => c,
    }
}

/// Appends the folded text.
#[inline]
pub(crate) fn fold_into(out: &mut String, text: &str) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        if let Some(added) = out.get_mut(start..) {
            added.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().map(fold_char));
    }
}

pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

    use super::*;

    /// What the regex crate takes for the same character, by the rule above.
    fn expected(c: char) -> char {
        let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
        class.case_fold_simple();
        let orbit = || class.ranges().iter().flat_map(|range| range.start()..=range.end());
        match orbit().find(char::is_ascii_alphabetic) {
            Some(ascii) => ascii.to_ascii_lowercase(),
            None => orbit().min().unwrap_or(c),
        }
    }

    fn runs() -> Vec<(u32, u32, u32, i32)> {
        let mut runs: Vec<(u32, u32, u32, i32)> = Vec::new();
        for c in '\u{80}'..=char::MAX {
            let (from, to) = (u32::from(c), u32::from(expected(c)));
            if from == to {
                continue;
            }
            let delta = to.cast_signed() - from.cast_signed();
            match runs.last_mut() {
                // A second character decides the step; a run with step 2 may not jump over one that is mapped.
                Some((first, last, step, same)) if *same == delta && first == last && from - *last <= 2 => {
                    (*last, *step) = (from, from - *first);
                }
                Some((first, last, step, same))
                    if *same == delta && first != last && from - *last == *step =>
                {
                    *last = from;
                }
                _ => runs.push((from, from, 1, delta)),
            }
        }
        runs
    }

    #[test]
    fn the_table_is_what_the_regex_crate_has() {
        let mut text = String::from(
            "//! Case folding as data. Written by the tests of `fold` under `SIGYN_UPDATE=1`, from the tables of the\n\
             //! regex crate.\n\nuse super::Run;\n\npub(super) const RUNS: &[Run] = &[\n",
        );
        for (first, last, step, delta) in runs() {
            writeln!(text, "    Run {{ first: {first:#x}, last: {last:#x}, step: {step}, delta: {delta} }},")
                .unwrap();
        }
        text.push_str("];\n");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fold_table.rs");
        if std::env::var_os("SIGYN_UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    }

    #[test]
    fn characters_fold_as_the_regex_crate_folds_them() {
        assert!(('\0'..=char::MAX).all(|c| fold_char(c) == expected(c)));
    }
}
