//! The words of a condition with their places, also while it is half typed.

use std::ops::Range;

use sigyn_syntax::condition::Pattern;

use crate::outline::{Outline, Step};

/// A word of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where, in the whole text.
    pub(crate) place: Range<usize>,
    /// What.
    pub(crate) kind: TokenKind,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `and`, `or`.
    Joint,
    /// `not`, `(`.
    Opening,
    /// `)`.
    Closing,
    /// `1`, `all`, `any` before `of`.
    Quantifier,
    /// `of`.
    Of,
    /// `them`.
    Them,
    /// A pattern of names.
    Pattern(String),
    /// A name.
    Name(String),
}

/// Where search identifiers and their condition stand.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The names with their places.
    pub(crate) names: Vec<(String, Range<usize>)>,
    /// The entries of the names, in the same order.
    pub(crate) entries: Vec<usize>,
    /// The words of each condition.
    pub(crate) conditions: Vec<Vec<Token>>,
}

impl Block {
    /// The block of a document: under `detection` or `filter`.
    pub(crate) fn of(outline: &Outline<'_>) -> Option<Self> {
        let outer = outline.child(None, "detection").or_else(|| outline.child(None, "filter"))?;
        let is_filter = outline.entry(outer).step == Step::Key("filter".to_owned());
        let mut block = Self { names: Vec::new(), entries: Vec::new(), conditions: Vec::new() };
        let mut has_condition = false;
        for at in outline.children(Some(outer)) {
            let Step::Key(name) = &outline.entry(at).step else { continue };
            match name.as_str() {
                "condition" if has_condition => {}
                "condition" => {
                    has_condition = true;
                    let texts = outline.texts(at);
                    block.conditions.extend(texts.iter().map(|range| tokens(outline, range)));
                }
                "timeframe" => {}
                "rules" if is_filter => {}
                _ => {
                    block.names.push((name.clone(), unquoted(outline, &outline.entry(at).key)));
                    block.entries.push(at);
                }
            }
        }
        Some(block)
    }

    /// The names that a word of a condition means.
    pub(crate) fn meant_by(&self, kind: &TokenKind) -> Vec<&(String, Range<usize>)> {
        let pattern = match kind {
            TokenKind::Name(name) => return self.names.iter().filter(|(known, _)| known == name).collect(),
            TokenKind::Them => Pattern::Them,
            TokenKind::Pattern(glob) => Pattern::Glob(glob.clone()),
            _ => return Vec::new(),
        };
        self.names.iter().filter(|(name, _)| pattern.selects(name)).collect()
    }

    /// The word at an offset.
    pub(crate) fn token_at(&self, offset: usize) -> Option<&Token> {
        let covers = |token: &&Token| token.place.start <= offset && offset <= token.place.end;
        self.conditions.iter().flatten().find(covers)
    }
}

/// A range without the quotes around it.
fn unquoted(outline: &Outline<'_>, range: &Range<usize>) -> Range<usize> {
    let text = outline.slice(range);
    let is_quoted = text.len() > 1 && text.starts_with(['"', '\'']);
    if is_quoted { range.start + 1..range.end - 1 } else { range.clone() }
}

/// The words in a range of the text. A block's header is no word, and quotes are none.
pub(crate) fn tokens(outline: &Outline<'_>, range: &Range<usize>) -> Vec<Token> {
    tokens_in(outline.slice(range), range.start)
}

/// The words of a scalar as it is written, which starts at an offset.
pub(crate) fn tokens_in(text: &str, offset: usize) -> Vec<Token> {
    let mut start = 0;
    if text.starts_with(['|', '>']) {
        start = text.find('\n').unwrap_or(text.len());
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*');
    let mut words = Vec::new();
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        let length = if is_word(c) {
            text[at..].find(|c| !is_word(c)).unwrap_or(text.len() - at)
        } else {
            c.len_utf8()
        };
        let word = &text[at..at + length];
        if is_word(c) || matches!(c, '(' | ')') {
            words.push((word, offset + at..offset + at + length));
        }
        at += length;
    }
    let mut tokens: Vec<Token> = Vec::with_capacity(words.len());
    for (at, (word, place)) in words.iter().enumerate() {
        let next_is_of = words.get(at + 1).is_some_and(|(next, _)| next.eq_ignore_ascii_case("of"));
        let behind_of = tokens.last().is_some_and(|token| token.kind == TokenKind::Of);
        let lower = word.to_ascii_lowercase();
        let kind = match lower.as_str() {
            "and" | "or" => TokenKind::Joint,
            "not" | "(" => TokenKind::Opening,
            ")" => TokenKind::Closing,
            "of" => TokenKind::Of,
            "them" => TokenKind::Them,
            "all" | "any" | "1" => TokenKind::Quantifier,
            number if next_is_of && number.bytes().all(|byte| byte.is_ascii_digit()) => TokenKind::Quantifier,
            _ if behind_of || word.contains('*') => TokenKind::Pattern((*word).to_owned()),
            _ => TokenKind::Name((*word).to_owned()),
        };
        tokens.push(Token { place: place.clone(), kind });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_names() {
        let check = |condition: &str, expect: &[&str]| {
            let text =
                format!("detection:\n  sel_a: x\n  sel_b: x\n  _c: x\n  'd': x\n  condition: {condition}\n");
            let block = Block::of(&Outline::at(&text, 0)).unwrap();
            let shown: Vec<String> = block
                .conditions
                .iter()
                .flatten()
                .map(|token| {
                    let names: Vec<&str> =
                        block.meant_by(&token.kind).iter().map(|(name, _)| name.as_str()).collect();
                    (&text[token.place.clone()], names.join(","))
                })
                .filter(|(_, names)| !names.is_empty())
                .map(|(word, names)| format!("{word}={names}"))
                .collect();
            assert_eq!(shown, expect, "{condition}");
        };
        check("sel_a and not (d or", &["sel_a=sel_a", "d=d"]);
        check("1 of sel_*", &["sel_*=sel_a,sel_b"]);
        check("ALL OF them", &["them=sel_a,sel_b,d"]);
        check("2 of sel_a", &["sel_a=sel_a"]);
        check("'sel_a'", &["sel_a=sel_a"]);
        check(">-\n    sel_a\n    or d", &["sel_a=sel_a", "d=d"]);
        check("\n  - sel_a\n  - d", &["sel_a=sel_a", "d=d"]);
        check("nothing", &[]);
    }
}
