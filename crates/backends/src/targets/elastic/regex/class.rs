//! Characters and classes of characters in Lucene's syntax.

use std::ops::RangeInclusive;

use regex_syntax::ast::{
    Ast, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem, RepetitionKind,
    RepetitionRange,
};

use super::{push_literal, refused};
use crate::Error;

/// A character outside of a class.
pub(super) fn push_char(out: &mut String, c: char, ignores_case: bool) {
    match other_case(c).filter(|_| ignores_case) {
        Some(other) => {
            out.push('[');
            push_literal(out, c);
            push_literal(out, other);
            out.push(']');
        }
        None => push_literal(out, c),
    }
}

/// The same letter in the other case, where there is exactly one.
fn other_case(c: char) -> Option<char> {
    let single = |mut chars: Box<dyn Iterator<Item = char>>| match (chars.next(), chars.next()) {
        (Some(other), None) => Some(other),
        _ => None,
    };
    let (lower, upper) = (single(Box::new(c.to_lowercase())), single(Box::new(c.to_uppercase())));
    [lower, upper].into_iter().flatten().find(|&other| other != c)
}

/// `\d`, `\w`, `\s` and their opposites.
pub(super) fn perl(class: &ClassPerl) -> String {
    let letter = match class.kind {
        ClassPerlKind::Digit => 'd',
        ClassPerlKind::Space => 's',
        ClassPerlKind::Word => 'w',
    };
    format!("\\{}", if class.negated { letter.to_ascii_uppercase() } else { letter })
}

/// A class in brackets.
pub(super) fn bracketed(class: &ClassBracketed, ignores_case: bool) -> Result<String, Error> {
    let mut out = String::from(if class.negated { "[^" } else { "[" });
    match &class.kind {
        ClassSet::Item(item) => push_item(&mut out, item, ignores_case)?,
        ClassSet::BinaryOp(_) => return Err(refused("an intersection or difference of classes")),
    }
    out.push(']');
    Ok(out)
}

fn push_item(out: &mut String, item: &ClassSetItem, ignores_case: bool) -> Result<(), Error> {
    match item {
        ClassSetItem::Empty(_) => {}
        ClassSetItem::Literal(literal) => {
            push_member(out, literal.c);
            if let Some(other) = other_case(literal.c).filter(|_| ignores_case) {
                push_member(out, other);
            }
        }
        ClassSetItem::Range(range) => push_range(out, range.start.c..=range.end.c, ignores_case),
        ClassSetItem::Perl(class) => out.push_str(&perl(class)),
        ClassSetItem::Ascii(class) if class.negated => {
            return Err(refused("a negated class inside of a class"));
        }
        ClassSetItem::Ascii(class) => {
            let ranges = ascii(&class.kind)
                .ok_or_else(|| refused("a class of control characters or whitespace by name"))?;
            for &(start, end) in ranges {
                push_range(out, start..=end, ignores_case);
            }
        }
        ClassSetItem::Union(union) => {
            for item in &union.items {
                push_item(out, item, ignores_case)?;
            }
        }
        ClassSetItem::Bracketed(inner) => match (&inner.kind, inner.negated) {
            (ClassSet::Item(item), false) => push_item(out, item, ignores_case)?,
            _ => return Err(refused("a negated class inside of a class")),
        },
        ClassSetItem::Unicode(_) => return Err(refused("a class of Unicode properties")),
    }
    Ok(())
}

/// A member of a class, where a dash would make a range.
fn push_member(out: &mut String, c: char) {
    if c == '-' {
        out.push('\\');
    }
    push_literal(out, c);
}

fn push_range(out: &mut String, range: RangeInclusive<char>, ignores_case: bool) {
    let push = |out: &mut String, start: char, end: char| {
        push_member(out, start);
        if start != end {
            out.push('-');
            push_member(out, end);
        }
    };
    push(out, *range.start(), *range.end());
    if !ignores_case {
        return;
    }
    for (letters, to_other) in [
        ('a'..='z', char::to_ascii_uppercase as fn(&char) -> char),
        ('A'..='Z', char::to_ascii_lowercase as fn(&char) -> char),
    ] {
        let (start, end) = (*range.start().max(letters.start()), *range.end().min(letters.end()));
        if start <= end {
            push(out, to_other(&start), to_other(&end));
        }
    }
}

/// The ranges of a named ASCII class that has only printable characters.
fn ascii(kind: &ClassAsciiKind) -> Option<&'static [(char, char)]> {
    Some(match kind {
        ClassAsciiKind::Alnum => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        ClassAsciiKind::Alpha => &[('A', 'Z'), ('a', 'z')],
        ClassAsciiKind::Digit => &[('0', '9')],
        ClassAsciiKind::Graph => &[('!', '~')],
        ClassAsciiKind::Lower => &[('a', 'z')],
        ClassAsciiKind::Print => &[(' ', '~')],
        ClassAsciiKind::Punct => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        ClassAsciiKind::Upper => &[('A', 'Z')],
        ClassAsciiKind::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        ClassAsciiKind::Xdigit => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        ClassAsciiKind::Ascii | ClassAsciiKind::Blank | ClassAsciiKind::Cntrl | ClassAsciiKind::Space => {
            return None;
        }
    })
}

/// Whether a part always has a word character at one end (`end` picks the part of a sequence there), never has
/// one, or neither.
pub(super) fn is_word(ast: &Ast, end: fn(&[Ast]) -> Option<&Ast>) -> Option<bool> {
    let is_word_char = |c: char| c.is_alphanumeric() || c == '_';
    match ast {
        Ast::Literal(literal) => Some(is_word_char(literal.c)),
        Ast::ClassPerl(class) => match class.kind {
            ClassPerlKind::Digit => (!class.negated).then_some(true),
            ClassPerlKind::Space => (!class.negated).then_some(false),
            ClassPerlKind::Word => Some(!class.negated),
        },
        Ast::ClassBracketed(class) if !class.negated => match &class.kind {
            ClassSet::Item(item) => is_word_item(item),
            ClassSet::BinaryOp(_) => None,
        },
        Ast::Group(group) => is_word(&group.ast, end),
        Ast::Concat(concat) => end(&concat.asts).and_then(|part| is_word(part, end)),
        Ast::Alternation(alternation) => all_same(alternation.asts.iter().map(|part| is_word(part, end))),
        Ast::Repetition(repetition) => {
            let occurs = match &repetition.op.kind {
                RepetitionKind::OneOrMore => true,
                RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => false,
                RepetitionKind::Range(
                    RepetitionRange::Exactly(least)
                    | RepetitionRange::AtLeast(least)
                    | RepetitionRange::Bounded(least, _),
                ) => *least > 0,
            };
            is_word(&repetition.ast, end).filter(|_| occurs)
        }
        _ => None,
    }
}

fn is_word_item(item: &ClassSetItem) -> Option<bool> {
    match item {
        ClassSetItem::Literal(literal) => Some(literal.c.is_alphanumeric() || literal.c == '_'),
        ClassSetItem::Range(range) => {
            let both = (range.start.c.is_ascii_alphanumeric(), range.end.c.is_ascii_alphanumeric());
            let is_one_kind = range.start.c.is_ascii_digit() == range.end.c.is_ascii_digit()
                && range.start.c.is_ascii_uppercase() == range.end.c.is_ascii_uppercase();
            (both == (true, true) && is_one_kind).then_some(true)
        }
        ClassSetItem::Perl(class) => match (class.kind.clone(), class.negated) {
            (ClassPerlKind::Digit | ClassPerlKind::Word, false) => Some(true),
            (ClassPerlKind::Space, false) | (ClassPerlKind::Word, true) => Some(false),
            _ => None,
        },
        ClassSetItem::Union(union) => all_same(union.items.iter().map(is_word_item)),
        _ => None,
    }
}

fn all_same(mut kinds: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}
