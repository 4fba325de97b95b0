//! Regular expressions as Python's `re` writes them.
//!
//! Matching is linear where the pattern allows it; patterns with look-around or back-references run in a
//! bounded backtracking engine. One difference remains: `$` matches only at the very end, not before a newline
//! that ends the text, because values of rules do not end in newlines.

use std::{iter::Peekable, str::Chars};

use fancy_regex::{Captures, Regex};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct PyRegex {
    anywhere: Regex,
    at_start: Regex,
}

impl PyRegex {
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let translated = translate(pattern);
        let compile = |text: &str| Regex::new(text).map_err(|error| error.to_string());
        Ok(Self { anywhere: compile(&translated)?, at_start: compile(&format!(r"\A(?:{translated})"))? })
    }

    /// Whether the pattern matches from the start (`re.match`).
    pub(crate) fn matches_start(&self, text: &str) -> bool {
        self.at_start.is_match(text).unwrap_or(false)
    }

    /// Whether the pattern matches somewhere (`re.search`).
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.anywhere.is_match(text).unwrap_or(false)
    }

    /// The groups of a match from the start.
    pub(crate) fn captures_start<'t>(&self, text: &'t str) -> Option<Captures<'t, str>> {
        self.at_start.captures(text).ok().flatten()
    }

    /// Every match with its place.
    pub(crate) fn find_all<'t>(&self, text: &'t str) -> Vec<Captures<'t, str>> {
        self.anywhere.captures_iter(text).filter_map(Result::ok).collect()
    }

    /// The names of the groups, in order.
    pub(crate) fn group_names(&self) -> Vec<String> {
        self.anywhere.capture_names().flatten().map(str::to_owned).collect()
    }

    /// How many groups there are, the whole match not counted.
    fn groups(&self) -> usize {
        self.anywhere.captures_len().saturating_sub(1)
    }

    /// Each match replaced (`re.sub`).
    pub(crate) fn replace(&self, text: &str, replacement: &Replacement) -> String {
        let mut out = String::with_capacity(text.len());
        let mut last = 0;
        for captures in self.find_all(text) {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&text[last..whole.start()]);
            replacement.expand(&captures, &mut out);
            last = whole.end();
        }
        out.push_str(&text[last..]);
        out
    }
}

/// A replacement with references to groups (`\1`, `\g<name>`).
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Group(usize),
    Name(String),
}

impl Replacement {
    /// Reads a template for a pattern's groups.
    pub(crate) fn new(template: &str, regex: &PyRegex) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = template.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            let Some(next) = chars.next() else { return Err("it ends in a backslash".to_owned()) };
            let reference = reference(next, &mut chars, &mut text)?;
            if let Some(reference) = reference {
                let is_known = match &reference {
                    Piece::Group(number) => *number <= regex.groups(),
                    Piece::Name(name) => regex.group_names().contains(name),
                    Piece::Text(_) => true,
                };
                if !is_known {
                    return Err("it refers to a group that the pattern does not have".to_owned());
                }
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(reference);
            }
        }
        pieces.push(Piece::Text(text));
        Ok(Self { pieces })
    }

    /// Writes the replacement of one match.
    pub(crate) fn expand(&self, captures: &Captures<'_, str>, out: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(number) => {
                    out.push_str(captures.get(*number).map_or("", |group| group.as_str()))
                }
                Piece::Name(name) => out.push_str(captures.name(name).map_or("", |group| group.as_str())),
            }
        }
    }
}

/// What stands behind a backslash: a reference to a group, or a character, which goes to `text`.
fn reference(
    next: char,
    chars: &mut Peekable<Chars<'_>>,
    text: &mut String,
) -> Result<Option<Piece>, String> {
    let escapes = [
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('f', '\u{c}'),
        ('v', '\u{b}'),
        ('a', '\u{7}'),
        ('0', '\0'),
        ('\\', '\\'),
    ];
    match next {
        'g' => {
            if chars.next() != Some('<') {
                return Err("`\\g` needs a group in angle brackets".to_owned());
            }
            let mut name = String::new();
            loop {
                match chars.next() {
                    Some('>') => break,
                    Some(c) => name.push(c),
                    None => return Err("`\\g<` is not closed".to_owned()),
                }
            }
            return Ok(Some(name.parse().map_or(Piece::Name(name), Piece::Group)));
        }
        '1'..='9' => {
            let mut number = next.to_string();
            number.extend(chars.next_if(char::is_ascii_digit));
            return Ok(number.parse().ok().map(Piece::Group));
        }
        c => match escapes.iter().find(|(letter, _)| *letter == c) {
            Some((_, escaped)) => text.push(*escaped),
            None if c.is_ascii_alphanumeric() => return Err(format!("`\\{c}` means nothing")),
            None => text.extend(['\\', c]),
        },
    }
    Ok(None)
}

/// What Python takes literally but the engine does not: a brace that is no repetition, set operators in a class,
/// escaped angle brackets; and `\Z`, which is the engine's `\z`.
fn translate(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut in_class = false;
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        match c {
            '\\' if at + 1 < chars.len() => {
                let next = chars[at + 1];
                match next {
                    'Z' => out.push_str(r"\z"),
                    '<' | '>' => out.push(next),
                    _ => {
                        out.push('\\');
                        out.push(next);
                    }
                }
                at += 2;
                continue;
            }
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.get(at + 1) == Some(&'^') {
                    out.push('^');
                    at += 1;
                }
                if chars.get(at + 1) == Some(&']') {
                    out.push_str(r"\]");
                    at += 1;
                }
            }
            '[' => out.push_str(r"\["),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '-' if in_class && chars.get(at + 1) == Some(&'-') => out.push_str(r"\-"),
            // `{,n}` is short for `{0,n}`.
            '{' if !in_class
                && chars.get(at + 1) == Some(&',')
                && is_repetition(&[&['0'], &chars[at + 1..]].concat()) =>
            {
                out.push_str("{0");
            }
            '{' if !in_class && !is_repetition(&chars[at + 1..]) => out.push_str(r"\{"),
            '}' if !in_class && !closes_repetition(&chars[..at]) => out.push_str(r"\}"),
            c => out.push(c),
        }
        at += 1;
    }
    out
}

fn is_repetition(rest: &[char]) -> bool {
    let inner: String = rest.iter().take_while(|c| **c != '}').collect();
    let has_end = rest.len() > inner.chars().count();
    let is_bound = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    has_end
        && match inner.split_once(',') {
            Some((low, high)) => is_bound(low) && is_bound(high) && !low.is_empty(),
            None => !inner.is_empty() && is_bound(&inner),
        }
}

fn closes_repetition(before: &[char]) -> bool {
    before.iter().rposition(|c| *c == '{').is_some_and(|open| {
        let mut inner: Vec<char> = before[open + 1..].to_vec();
        inner.push('}');
        is_repetition(&inner)
    })
}
