//! Regular expressions: the reading of `$`, and literals that a match must hold.

use std::sync::OnceLock;

use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, Flag, FlagsItemKind, GroupKind, RepetitionKind, RepetitionRange,
    parse::Parser,
};
use sigyn_ir::RegexFlags;

use crate::fold::fold;

/// Literals shorter than this, in bytes, tell too little.
const LITERAL_MIN: usize = 3;
/// More alternatives than this are not looked for.
const LITERALS_MAX: usize = 64;

/// A regular expression, compiled when it is first needed: automata cost a thousand times more than the rest of a
/// rule, and most are never reached.
#[derive(Debug)]
pub(crate) struct Pattern {
    source: String,
    limits: Limits,
    kind: Kind,
    /// Shorter texts hold no match, in bytes.
    least: usize,
    compiled: OnceLock<Option<Compiled>>,
    /// For ASCII text: classes and letters of ASCII alone make automata a tenth as large, and say the same there.
    of_ascii: OnceLock<Option<regex::bytes::Regex>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bytes_max: usize,
    pub(crate) backtrack_steps_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Backtracking,
    /// `.{n}`: so many characters in a row, over the ends of lines or not. Automata for it have n states that hold up to n
    /// others; making them took a quarter of matching 8,255 recorded events.
    Length {
        count: usize,
        spans_lines: bool,
    },
}

#[derive(Debug)]
enum Compiled {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

/// What a pattern is before it is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) flags: RegexFlags,
}

impl Pattern {
    /// Reads a pattern. One that could turn out too large is compiled at once.
    ///
    /// # Errors
    /// The pattern is not valid or too large; the text says which.
    pub(crate) fn new(source: &Source, limits: Limits) -> Result<Self, String> {
        let parsed = Parser::new().parse(&source.text);
        let (kind, text, is_small, least) = match &parsed {
            Ok(ast) => {
                let is_small = weight(ast) <= WEIGHT_SMALL && !source.text.contains("\\p");
                let shortened = shortened(&source.text, ast);
                let (kind, text) = match Parser::new().parse(&shortened) {
                    Ok(ast) => {
                        (kind(&ast, source.flags), with_ends(&shortened, &ast, source.flags.multiline))
                    }
                    Err(_) => (Kind::Linear, with_ends(&source.text, ast, source.flags.multiline)),
                };
                (kind, text, is_small, least(ast))
            }
            Err(_) => (Kind::Backtracking, source.text.clone(), false, 0),
        };
        let letters = source.flags.letters();
        let text = if letters.is_empty() { text } else { format!("(?{letters}){text}") };
        let pattern =
            Self { source: text, limits, kind, least, compiled: OnceLock::new(), of_ascii: OnceLock::new() };
        if !is_small {
            let compiled = pattern.compile()?;
            // Nobody else has seen the pattern yet.
            let _ = pattern.compiled.set(Some(compiled));
        }
        Ok(pattern)
    }

    fn compile(&self) -> Result<Compiled, String> {
        match self.kind {
            Kind::Linear | Kind::Length { .. } => regex::RegexBuilder::new(&self.source)
                .size_limit(self.limits.bytes_max)
                .build()
                .map(Compiled::Linear)
                .map_err(|error| error.to_string()),
            Kind::Backtracking => fancy_regex::RegexBuilder::new(&self.source)
                .backtrack_limit(self.limits.backtrack_steps_max)
                .delegate_size_limit(self.limits.bytes_max)
                .build()
                .map(|regex| Compiled::Backtracking(Box::new(regex)))
                .map_err(|error| error.to_string()),
        }
    }

    /// None if the pattern names characters beyond ASCII.
    fn compile_for_ascii(&self) -> Option<regex::bytes::Regex> {
        let mut builder = regex::bytes::RegexBuilder::new(&self.source);
        let built = builder.unicode(false).size_limit(self.limits.bytes_max).build();
        if self.source.is_ascii() { built.ok() } else { None }
    }

    /// Whether the pattern is found in the text. Backtracking that takes too long finds nothing.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        // `.{1000}` in short texts took half of the time that all expressions take in recorded logs.
        if text.len() < self.least {
            return false;
        }
        if let Kind::Length { count, spans_lines } = self.kind {
            let is_long = |part: &str| part.len() >= count && part.chars().count() >= count;
            return if spans_lines { is_long(text) } else { text.split('\n').any(is_long) };
        }
        if self.kind == Kind::Linear
            && text.is_ascii()
            && let Some(regex) = self.of_ascii.get_or_init(|| self.compile_for_ascii())
        {
            return regex.is_match(text.as_bytes());
        }
        match self.compiled.get_or_init(|| self.compile().ok()) {
            Some(Compiled::Linear(regex)) => regex.is_match(text),
            Some(Compiled::Backtracking(regex)) => regex.is_match(text).unwrap_or(false),
            None => false,
        }
    }
}

/// Below this a pattern fits any sensible limit: a class takes at most a few kilobytes.
const WEIGHT_SMALL: u64 = 1_000;

/// An upper bound of how many literals and classes the pattern unfolds to.
fn weight(ast: &Ast) -> u64 {
    match ast {
        Ast::Repetition(repetition) => {
            let times = match &repetition.op.kind {
                RepetitionKind::Range(
                    RepetitionRange::Exactly(n)
                    | RepetitionRange::AtLeast(n)
                    | RepetitionRange::Bounded(_, n),
                ) => u64::from(*n).max(1),
                _ => 1,
            };
            weight(&repetition.ast).saturating_mul(times)
        }
        Ast::Group(group) => weight(&group.ast),
        Ast::Alternation(alternation) => sum(&alternation.asts),
        Ast::Concat(concat) => sum(&concat.asts),
        _ => 1,
    }
}

fn sum(asts: &[Ast]) -> u64 {
    asts.iter().fold(0, |sum, ast| sum.saturating_add(weight(ast)))
}

/// How a pattern, shortened, is looked for.
fn kind(ast: &Ast, flags: RegexFlags) -> Kind {
    if let Ast::Repetition(repetition) = ast
        && let (Ast::Dot(_), RepetitionKind::Range(RepetitionRange::Exactly(count))) =
            (&*repetition.ast, &repetition.op.kind)
    {
        return Kind::Length { count: *count as usize, spans_lines: flags.dotall };
    }
    Kind::Linear
}

/// So many characters a match has at least.
fn least(ast: &Ast) -> usize {
    match ast {
        Ast::Literal(_) | Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => {
            1
        }
        Ast::Repetition(repetition) => {
            let times = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => 0,
                RepetitionKind::OneOrMore => 1,
                RepetitionKind::Range(
                    RepetitionRange::Exactly(n)
                    | RepetitionRange::AtLeast(n)
                    | RepetitionRange::Bounded(n, _),
                ) => *n as usize,
            };
            least(&repetition.ast).saturating_mul(times)
        }
        Ast::Group(group) => least(&group.ast),
        Ast::Alternation(alternation) => alternation.asts.iter().map(least).min().unwrap_or(0),
        Ast::Concat(concat) => concat.asts.iter().fold(0, |sum, ast| sum.saturating_add(least(ast))),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => 0,
    }
}

/// The pattern without what cannot decide whether it is found anywhere: optional parts at its ends go, repetitions
/// there are as short as they may be. `-k\s\w{1,64}(?: -p)?` is found wherever `-k\s\w` is, at a fiftieth of the cost.
fn shortened(text: &str, ast: &Ast) -> String {
    let mut cuts = Vec::new();
    cut(ast, Side::End, &mut cuts);
    cut(ast, Side::Start, &mut cuts);
    cuts.sort_unstable();
    cuts.dedup();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end, least) in cuts {
        // What both sides would cut is gone with the first.
        if start < done {
            continue;
        }
        out.push_str(text.get(done..start).unwrap_or(""));
        if least > 1 {
            out.push_str(&format!("{{{least}}}"));
        }
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Start,
    End,
}

/// Collects what can go at a side: bytes from and to, and how often what stands before is repeated instead. Returns
/// whether nothing is left of the expression.
fn cut(ast: &Ast, side: Side, cuts: &mut Vec<(usize, usize, u32)>) -> bool {
    match ast {
        Ast::Group(group) => {
            cut(&group.ast, side, cuts);
            false
        }
        Ast::Alternation(alternation) => {
            for ast in &alternation.asts {
                cut(ast, side, cuts);
            }
            false
        }
        Ast::Concat(concat) => {
            let cut_next = |ast: &Ast| !cut(ast, side, cuts);
            match side {
                // Flags say how to read what follows.
                Side::Start => concat.asts.iter().filter(|ast| !matches!(ast, Ast::Flags(_))).any(cut_next),
                Side::End => concat.asts.iter().rev().any(cut_next),
            };
            false
        }
        Ast::Repetition(repetition) => {
            let whole = (repetition.span.start.offset, repetition.span.end.offset);
            let op = (repetition.op.span.start.offset, repetition.op.span.end.offset);
            let least = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => 0,
                RepetitionKind::OneOrMore => 1,
                RepetitionKind::Range(RepetitionRange::Exactly(_)) => return false,
                RepetitionKind::Range(RepetitionRange::AtLeast(n) | RepetitionRange::Bounded(n, _)) => *n,
            };
            if least == 0 {
                cuts.push((whole.0, whole.1, 0));
                return true;
            }
            cuts.push((op.0, op.1, least));
            if least == 1 {
                cut(&repetition.ast, side, cuts);
            }
            false
        }
        _ => false,
    }
}

/// The pattern with each `$` that is no end of line also matching before a final newline, as in PCRE
/// (`reference/sigma.md` §4.3).
fn with_ends(text: &str, ast: &Ast, is_multiline: bool) -> String {
    let mut ends = Vec::new();
    collect_ends(ast, is_multiline, &mut ends);
    let mut out = String::with_capacity(text.len() + ends.len() * 8);
    let mut done = 0;
    for end in ends {
        out.push_str(text.get(done..end).unwrap_or(""));
        out.push_str(r"(?:\n?\z)");
        done = end + 1;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}

/// Byte offsets of each `$` that is no end of line, in order; returns whether `m` holds behind the node.
fn collect_ends(ast: &Ast, is_multiline: bool, ends: &mut Vec<usize>) -> bool {
    match ast {
        Ast::Assertion(assertion) => {
            if let (Assertion { span, kind: AssertionKind::EndLine }, false) = (&**assertion, is_multiline) {
                ends.push(span.start.offset);
            }
        }
        Ast::Flags(flags) => return flags.flags.flag_state(Flag::MultiLine).unwrap_or(is_multiline),
        Ast::Group(group) => {
            let inner = match &group.kind {
                GroupKind::NonCapturing(flags) => flags
                    .items
                    .iter()
                    .any(|item| item.kind == FlagsItemKind::Flag(Flag::MultiLine))
                    .then(|| flags.flag_state(Flag::MultiLine))
                    .flatten()
                    .unwrap_or(is_multiline),
                _ => is_multiline,
            };
            collect_ends(&group.ast, inner, ends);
        }
        Ast::Repetition(repetition) => {
            collect_ends(&repetition.ast, is_multiline, ends);
        }
        Ast::Concat(concat) => {
            return concat.asts.iter().fold(is_multiline, |state, ast| collect_ends(ast, state, ends));
        }
        Ast::Alternation(alternation) => {
            return alternation.asts.iter().fold(is_multiline, |state, ast| collect_ends(ast, state, ends));
        }
        _ => {}
    }
    is_multiline
}

/// Folded literals of which one is in every text that the pattern is found in; none if there is no such set.
pub(crate) fn literals(source: &Source) -> Option<Vec<String>> {
    let ast = Parser::new().parse(&source.text).ok()?;
    required(&ast)
}

fn required(ast: &Ast) -> Option<Vec<String>> {
    match ast {
        Ast::Literal(literal) => keep(vec![fold(&literal.c.to_string())]),
        Ast::Group(group) => required(&group.ast),
        Ast::Repetition(repetition) if !can_be_absent(&repetition.op.kind) => required(&repetition.ast),
        Ast::Alternation(alternation) => {
            let mut all = Vec::new();
            for ast in &alternation.asts {
                all.append(&mut required(ast)?);
            }
            keep(all)
        }
        Ast::Concat(concat) => {
            let mut best: Option<Vec<String>> = None;
            let mut run = String::new();
            for ast in &concat.asts {
                match ast {
                    Ast::Literal(literal) => run.push(literal.c),
                    ast => {
                        better(&mut best, keep(vec![fold(&std::mem::take(&mut run))]));
                        better(&mut best, required(ast));
                    }
                }
            }
            better(&mut best, keep(vec![fold(&run)]));
            best
        }
        _ => None,
    }
}

fn can_be_absent(kind: &RepetitionKind) -> bool {
    match kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => true,
        RepetitionKind::OneOrMore => false,
        RepetitionKind::Range(
            RepetitionRange::Exactly(n) | RepetitionRange::AtLeast(n) | RepetitionRange::Bounded(n, _),
        ) => *n == 0,
    }
}

fn keep(literals: Vec<String>) -> Option<Vec<String>> {
    let is_useful =
        literals.len() <= LITERALS_MAX && literals.iter().all(|literal| literal.len() >= LITERAL_MIN);
    is_useful.then_some(literals)
}

fn better(best: &mut Option<Vec<String>>, other: Option<Vec<String>>) {
    let rank = |set: &Vec<String>| {
        let shortest = set.iter().map(String::len).min().unwrap_or(0).min(8);
        (shortest, usize::MAX - set.len())
    };
    if let Some(other) = other
        && best.as_ref().is_none_or(|best| rank(&other) > rank(best))
    {
        *best = Some(other);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(text: &str) -> Source {
        Source { text: text.to_owned(), flags: RegexFlags::default() }
    }

    #[test]
    fn ends_allow_a_final_newline() {
        let check = |pattern: &str, text: &str, expect: bool| {
            let limits = Limits { bytes_max: 10 << 20, backtrack_steps_max: 1_000 };
            assert_eq!(Pattern::new(&source(pattern), limits).unwrap().is_match(text), expect, "{pattern}");
        };
        check("c$", "abc\n", true);
        check("c$", "abc\n\n", false);
        check("(?m)c$", "c\nd", true);
        check("(?m:a$)|c$", "c\nd", false);
        check(r"c\$", "c$", true);
        check("c[$]", "c$", true);
        check(r"(a|b$)c?", "b\n", true);
        check(r"(?=b)b", "ab", true);
    }

    #[test]
    fn long_texts_are_told_by_their_length() {
        let check = |pattern: &str, flags: RegexFlags, text: &str| {
            let source = Source { text: pattern.to_owned(), flags };
            let limits = Limits { bytes_max: 10 << 20, backtrack_steps_max: 1_000 };
            let pattern = Pattern::new(&source, limits).unwrap();
            assert!(matches!(pattern.kind, Kind::Length { .. }), "{source:?}");
            let expect =
                regex::Regex::new(&format!("(?{}){}", if flags.dotall { "s" } else { "u" }, source.text));
            assert_eq!(pattern.is_match(text), expect.unwrap().is_match(text), "{source:?} in {text:?}");
        };
        let dotall = RegexFlags { dotall: true, ..RegexFlags::default() };
        for text in [
            "",
            "abc",
            "abcd",
            "ab\ncd",
            "\u{e9}\u{e9}\u{e9}",
            "\u{e9}\u{e9}\u{e9}\u{e9}",
            "ab\rcd",
            "x\nabcd\n",
        ] {
            for pattern in [".{4}", ".{4,}", ".{4,9}"] {
                check(pattern, RegexFlags::default(), text);
                check(pattern, dotall, text);
            }
        }
    }

    #[test]
    fn shorter_texts_than_any_match_are_not_looked_through() {
        let check = |pattern: &str, expect: usize| {
            assert_eq!(least(&Parser::new().parse(pattern).unwrap()), expect, "{pattern}");
        };
        check(".{1000}", 1000);
        check(r"\d{2,}[a-z]+x?$", 3);
        check("(abc|de)*f|gh", 1);
        check("(?x) a b # c", 2);
        check("(?:ab){3}", 6);
        check("\u{e9}", 1);
        check("^$", 0);
        check("", 0);
        check("(((((((a{1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}", usize::MAX);
    }

    #[test]
    fn what_cannot_decide_is_not_looked_for() {
        let check = |pattern: &str, expect: &str| {
            let ast = Parser::new().parse(pattern).unwrap();
            assert_eq!(shortened(pattern, &ast), expect, "{pattern}");
        };
        check(r"-k\s\w{1,64}(?:\s?(?:-p|-s))?", r"-k\s\w");
        check(".*abc.*", "abc");
        check("^.*abc.*$", "^.*abc.*$");
        check(r"\d{2,}x+?", r"\d{2}x");
        check("(ab*)+", "(a)");
        check("(ab*){2,}", "(ab*){2}");
        check("a*", "");
        check("a*b*", "");
        check("(?i)a?b|c+", "(?i)b|c");
        check("x(?:a|b+)", "x(?:a|b)");
        check("a{3}", "a{3}");
        check("a+", "a");
    }

    proptest! {
        #[test]
        fn shortened_patterns_are_found_in_the_same_texts(
            pattern in "[ab]{0,2}([ab.]|[ab]\\*|\\(a\\|b\\)|\\(ab\\?\\)|\\(a\\|b\\+\\)|\\\\w|\\^|\\$)([+*?]|\\{1,2\\}|\\{2,\\})?([ab.][+*?]?){0,3}",
            text in "[abA \n\u{e9}]{0,8}",
        ) {
            let limits = Limits { bytes_max: 10 << 20, backtrack_steps_max: 1_000 };
            if let (Ok(ast), Ok(plain)) = (Parser::new().parse(&pattern), Pattern::new(&source(&pattern), limits)) {
                let whole = regex::Regex::new(&with_ends(&pattern, &ast, false)).unwrap();
                prop_assert_eq!(plain.is_match(&text), whole.is_match(&text), "{}", pattern);
            }
        }
    }

    #[test]
    fn literals_are_those_that_must_be_there() {
        let check = |pattern: &str, expect: &str| {
            let found = literals(&source(pattern)).unwrap_or_default().join(" ");
            assert_eq!(found, expect, "{pattern}");
        };
        check(r"\d+FooBar\s*x", "foobar");
        check("(?:abc|defg)+x", "abc defg");
        check("(abc)?", "");
        check("a.b.c", "");
        check("(abc|x)yyyy", "yyyy");
        check("ab{2}cde", "cde");
    }
}
