//! `windash` and `expand`.

use crate::{ExpansionKind, Part, SigmaString, Value};

/// What a dash that starts a word may be, in the reference's order.
const DASHES: [&str; 5] = ["-", "/", "\u{2013}", "\u{2014}", "\u{2015}"];

/// How many values one written value may expand to.
const EXPANSION_MAX: usize = 3_125;

/// Every combination of dashes, the leftmost dash varying slowest. `replaced` makes the values where there is a
/// dash to replace, `kept` the one value where there is none.
pub(crate) fn windash(
    text: &SigmaString,
    replaced: impl Fn(SigmaString) -> Value,
    kept: impl Fn(SigmaString) -> Value,
) -> Value {
    let mut results = vec![SigmaString::default()];
    let mut found = false;
    for part in text.parts() {
        let Part::Text(part_text) = part else {
            results.iter_mut().for_each(|result| result.push(part.clone()));
            continue;
        };
        let mut done = 0;
        for at in dashes(part_text) {
            if results.len() * DASHES.len() > EXPANSION_MAX {
                break;
            }
            found = true;
            results = results
                .iter()
                .flat_map(|result| {
                    DASHES.iter().map(|dash| {
                        let mut longer = result.clone();
                        longer.push(Part::Text(format!("{}{dash}", &part_text[done..at])));
                        longer
                    })
                })
                .collect();
            done = at + 1;
        }
        results.iter_mut().for_each(|result| result.push(Part::Text(part_text[done..].to_owned())));
    }
    let values = if found {
        results.into_iter().map(replaced).collect()
    } else {
        results.into_iter().map(kept).collect()
    };
    Value::Expansion { kind: ExpansionKind::Windash, values }
}

/// Where a dash starts a word: `\B[-/]\b`.
fn dashes(text: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.char_indices()
        .filter(|(at, c)| {
            matches!(c, '-' | '/')
                && !text[..*at].chars().next_back().is_some_and(is_word)
                && text[at + 1..].chars().next().is_some_and(is_word)
        })
        .map(|(at, _)| at)
        .collect()
}

/// `%name%` becomes a placeholder, `\%` a percent sign.
pub(crate) fn placeholders(text: &SigmaString) -> SigmaString {
    let mut result = SigmaString::default();
    for part in text.parts() {
        match part {
            Part::Text(text) => split(text, &mut result),
            other => result.push(other.clone()),
        }
    }
    result
}

fn split(text: &str, result: &mut SigmaString) {
    let literal = |text: &str| Part::Text(text.replace("\\%", "%"));
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('%') {
        let start = at + found;
        at = start + 1;
        if text[..start].ends_with('\\') {
            continue;
        }
        let Some(length) = text[at..].find('%').filter(|length| *length > 0) else { continue };
        result.push(literal(&text[done..start]));
        result.push(Part::Placeholder(text[at..at + length].to_owned()));
        at += length + 1;
        done = at;
    }
    result.push(literal(&text[done..]));
}
