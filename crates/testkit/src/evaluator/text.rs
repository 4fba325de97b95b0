//! Strings with wildcards, character by character.

use std::cell::RefCell;
use std::collections::HashMap;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
use sigyn_ir::{Part, SigmaString};

use super::NotEvaluable;

/// One place of a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
}

thread_local! {
    static FOLDED: RefCell<HashMap<char, char>> = RefCell::new(HashMap::new());
}

/// One character for all that differ only by case: those that `(?i)` of the regex crate takes for the same.
pub(super) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    FOLDED.with_borrow_mut(|folded| *folded.entry(c).or_insert_with(|| fold_afresh(c)))
}

fn fold_afresh(c: char) -> char {
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    class.case_fold_simple();
    let mut same: Vec<char> = class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect();
    same.sort_unstable();
    same.iter().find(|c| c.is_ascii_lowercase()).or(same.first()).copied().unwrap_or(c)
}

/// A string of a rule, folded unless case counts.
pub(super) fn pattern(text: &SigmaString, is_cased: bool) -> Result<Vec<Place>, NotEvaluable> {
    let mut places = Vec::new();
    for part in text.parts() {
        match part {
            Part::Many => places.push(Place::Many),
            Part::One => places.push(Place::One),
            Part::Text(text) if is_cased => places.extend(text.chars().map(Place::Char)),
            Part::Text(text) => places.extend(text.chars().map(fold).map(Place::Char)),
            Part::Placeholder(name) => return Err(NotEvaluable(format!("%{name}%"))),
        }
    }
    Ok(places)
}

/// Whether a pattern is all of a text. Only the last `*` is ever tried again: what an earlier one could take more,
/// the last can take too.
pub(super) fn is_match(pattern: &[Place], text: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at), text.get(seen)) {
            (None, None) => return true,
            (Some(Place::Many), _) => {
                at += 1;
                star = Some((at, seen));
                continue;
            }
            (Some(Place::One), Some(_)) => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            (Some(Place::Char(wanted)), Some(c)) if wanted == c => {
                (at, seen) = (at + 1, seen + 1);
                continue;
            }
            _ => {}
        }
        match star {
            Some((behind, from)) if from < text.len() => {
                star = Some((behind, from + 1));
                (at, seen) = (behind, from + 1);
            }
            _ => return false,
        }
    }
}

/// `$` also matches before a final newline (§4.3), except where `m` holds. Follows the flags through the groups.
pub(super) fn pcre_ends(pattern: &str, is_multiline: bool) -> String {
    let mut out = String::new();
    let mut multiline = vec![is_multiline];
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(rest.next());
                continue;
            }
            '[' => {
                out.push(c);
                class(&mut rest, &mut out);
                continue;
            }
            '(' => {
                let now = *multiline.last().unwrap_or(&is_multiline);
                out.push(c);
                let (state, is_group) = group(&mut rest, &mut out, now);
                if is_group {
                    multiline.push(state);
                } else if let Some(last) = multiline.last_mut() {
                    *last = state;
                }
                continue;
            }
            ')' => {
                multiline.pop();
            }
            '$' if !multiline.last().unwrap_or(&is_multiline) => {
                out.push_str(r"(?:\n?\z)");
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

type Rest<'p> = std::iter::Peekable<std::str::Chars<'p>>;

/// What stands behind `[`, up to its `]`; classes nest.
fn class(rest: &mut Rest<'_>, out: &mut String) {
    if rest.peek() == Some(&'^') {
        out.extend(rest.next());
    }
    // Right behind the bracket it is a character.
    if rest.peek() == Some(&']') {
        out.extend(rest.next());
    }
    while let Some(c) = rest.next() {
        out.push(c);
        match c {
            '\\' => out.extend(rest.next()),
            '[' => class(rest, out),
            ']' => return,
            _ => {}
        }
    }
}

/// What stands behind `(`: whether `m` holds in it, and whether it is a group (or only flags for what follows).
fn group(rest: &mut Rest<'_>, out: &mut String, now: bool) -> (bool, bool) {
    if rest.peek() != Some(&'?') {
        return (now, true);
    }
    out.extend(rest.next());
    let (mut state, mut is_on) = (now, true);
    for c in rest.by_ref() {
        out.push(c);
        match c {
            'm' => state = is_on,
            '-' => is_on = false,
            ')' => return (state, false),
            // A name.
            'P' | '<' => return (now, true),
            ':' => return (state, true),
            _ => {}
        }
    }
    (state, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_follow_the_flags() {
        let end = r"(?:\n?\z)";
        let check = |pattern: &str, expect: &str| {
            assert_eq!(pcre_ends(pattern, false), expect.replace("END", end), "{pattern}");
        };
        check("a$", "aEND");
        check(r"a\$[$\]$][]$]$", r"a\$[$\]$][]$]END");
        check("(?m)a$|b$", "(?m)a$|b$");
        check("(?m:a$)|b$", "(?m:a$)|bEND");
        check("(a(?m)b$)c$", "(a(?m)b$)cEND");
        check("(?i-m:a$)(?P<m>b$)", "(?i-m:aEND)(?P<m>bEND)");
        assert_eq!(pcre_ends("a$(?-m)b$", true), format!("a$(?-m)b{end}"));
    }
}
