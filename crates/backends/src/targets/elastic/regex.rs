//! Regular expressions in Lucene's syntax.
//!
//! Lucene matches whole values and has no anchors, so that a search becomes `.*PATTERN.*` unless an anchor stands at
//! its end; it has no groups without capture, no lazy repetition and no flags, all of which can be written
//! otherwise; it has no word boundaries, which can be written at the ends only. What is left is refused.
//! <https://www.elastic.co/guide/en/elasticsearch/reference/current/regexp-syntax.html>
//!
//! Two things stay wider or narrower than in Sigma, because no text says them: `\d`, `\w` and `\s` are those of
//! ASCII, and `$` does not match before a last newline.

mod class;

use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, Flag, Flags, FlagsItemKind, GroupKind, RepetitionKind, RepetitionRange,
    parse::Parser,
};
use sigyn_ir::{Part, Regex, SigmaString, StringError};

use crate::Error;

/// How a regular expression ignores case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::targets) enum Case {
    /// The target has an operator for it.
    ByOperator,
    /// Each letter is written in both cases.
    Spelled,
}

/// What a dot without the flag `s` is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::targets) enum Dot {
    /// Any character but a newline.
    ButNewline,
    /// Any character: the target's queries cannot hold a newline.
    Any,
}

/// A regular expression that matches whole values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::targets) struct LuceneRegex {
    /// The pattern.
    pub(in crate::targets) pattern: String,
    /// Whether the target's operator must ignore case.
    pub(in crate::targets) ignores_case: bool,
}

impl LuceneRegex {
    /// A pattern for the values in which a regular expression finds something.
    pub(in crate::targets) fn translate(regex: &Regex, case: Case, dot: Dot) -> Result<Self, Error> {
        if let Some(name) = regex.pattern.placeholders().next() {
            return Err(StringError::Placeholder(name.to_owned()).into());
        }
        let ast = Parser::new().parse(&regex.pattern.to_raw()).map_err(|error| {
            Error::unsupported(format!("the regular expression cannot be translated: {}", error.kind()))
        })?;
        let mut printer = Printer {
            ignores_case: regex.flags.ignore_case,
            multiline: regex.flags.multiline,
            dotall: regex.flags.dotall,
            dot,
            by_operator: false,
        };
        let ignores_case = printer.ignores_case || begins_without_case(&ast);
        let by_operator = case == Case::ByOperator && ignores_case && !mentions_case(&ast);
        printer.by_operator = by_operator;
        printer.ignores_case &= !by_operator;
        let pattern = printer.edges(&ast, Edge::Open, Edge::Open)?;
        Ok(Self { pattern, ignores_case: by_operator })
    }

    /// A pattern for the values that a string with wildcards matches.
    pub(in crate::targets) fn of_string(value: &SigmaString) -> Result<String, Error> {
        let mut pattern = String::new();
        for part in value.parts() {
            match part {
                Part::Text(text) => text.chars().for_each(|c| push_literal(&mut pattern, c)),
                Part::Many => pattern.push_str(".*"),
                Part::One => pattern.push('.'),
                Part::Placeholder(name) => return Err(StringError::Placeholder(name.clone()).into()),
            }
        }
        Ok(pattern)
    }
}

/// Whether the pattern starts with `(?i)`.
fn begins_without_case(ast: &Ast) -> bool {
    match ast {
        Ast::Flags(set) => set.flags.flag_state(Flag::CaseInsensitive) == Some(true),
        Ast::Concat(concat) => concat.asts.first().is_some_and(begins_without_case),
        _ => false,
    }
}

/// Whether the pattern changes its regard to case somewhere behind its start.
fn mentions_case(ast: &Ast) -> bool {
    let changes = |flags: &Flags| flags.flag_state(Flag::CaseInsensitive).is_some();
    match ast {
        Ast::Flags(set) => set.flags.flag_state(Flag::CaseInsensitive) == Some(false),
        Ast::Group(group) => {
            let own = matches!(&group.kind, GroupKind::NonCapturing(flags) if changes(flags));
            own || mentions_case(&group.ast)
        }
        Ast::Concat(concat) => concat.asts.iter().any(mentions_case),
        Ast::Alternation(alternation) => alternation.asts.iter().any(mentions_case),
        Ast::Repetition(repetition) => mentions_case(&repetition.ast),
        _ => false,
    }
}

/// Whether an assertion stands somewhere in a pattern.
fn has_assertion(ast: &Ast) -> bool {
    match ast {
        Ast::Assertion(_) => true,
        Ast::Group(group) => has_assertion(&group.ast),
        Ast::Concat(concat) => concat.asts.iter().any(has_assertion),
        Ast::Alternation(alternation) => alternation.asts.iter().any(has_assertion),
        Ast::Repetition(repetition) => has_assertion(&repetition.ast),
        _ => false,
    }
}

/// What lies beyond an end of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// The rest of the value, whatever it is.
    Open,
    /// Another part of the pattern.
    Closed,
}

impl Edge {
    /// What is written at an end without an anchor.
    fn fill(self) -> &'static str {
        match self {
            Edge::Open => ".*",
            Edge::Closed => "",
        }
    }
}

/// Which side of a word boundary a part stands on.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

struct Printer {
    ignores_case: bool,
    multiline: bool,
    dotall: bool,
    dot: Dot,
    /// The target's operator ignores case, so that no letter is spelled in both.
    by_operator: bool,
}

impl Printer {
    /// A part with what lies beyond its ends.
    fn edges(&mut self, ast: &Ast, left: Edge, right: Edge) -> Result<String, Error> {
        if !has_assertion(ast) {
            let text = self.part(ast)?;
            // What begins or ends with anything needs no more of it.
            let left = if text.starts_with(".*") { "" } else { left.fill() };
            let right = if text.ends_with(".*") && !text.ends_with("\\.*") { "" } else { right.fill() };
            return Ok(format!("{left}{text}{right}"));
        }
        match ast {
            Ast::Concat(concat) => self.concat(&concat.asts, left, right),
            Ast::Assertion(assertion) => self.concat(&[Ast::Assertion(assertion.clone())], left, right),
            Ast::Group(group) => {
                let before = self.enter(&group.kind)?;
                let inner = self.edges(&group.ast, left, right);
                self.leave(before);
                let inner = inner?;
                Ok(if inner.starts_with('(') && matches!(*group.ast, Ast::Alternation(_)) {
                    inner
                } else {
                    format!("({inner})")
                })
            }
            Ast::Alternation(alternation) => {
                let branches = alternation
                    .asts
                    .iter()
                    .map(|branch| self.edges(branch, left, right).map(or_empty))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(format!("({})", branches.join("|")))
            }
            _ => Err(refused("an anchor or word boundary that is repeated")),
        }
    }

    fn concat(&mut self, parts: &[Ast], left: Edge, right: Edge) -> Result<String, Error> {
        let is_real = |part: &Ast| !matches!(part, Ast::Flags(_) | Ast::Empty(_));
        let (first, last) = (parts.iter().position(is_real), parts.iter().rposition(is_real));
        let mut out = String::new();
        for (at, part) in parts.iter().enumerate() {
            let left = if Some(at) == first { left } else { Edge::Closed };
            let right = if Some(at) == last { right } else { Edge::Closed };
            match part {
                Ast::Assertion(assertion) => {
                    let beside = |at: Option<usize>| at.and_then(|at| parts.get(at));
                    out.push_str(&self.assertion(
                        assertion,
                        (left, beside(at.checked_sub(1))),
                        (right, beside(at.checked_add(1))),
                    )?);
                }
                Ast::Flags(set) => self.set(&set.flags)?,
                part => out.push_str(&self.edges(part, left, right)?),
            }
        }
        Ok(out)
    }

    /// An assertion between two neighbours: at an open end it says what lies beyond.
    fn assertion(
        &self,
        assertion: &Assertion,
        (left, before): (Edge, Option<&Ast>),
        (right, behind): (Edge, Option<&Ast>),
    ) -> Result<String, Error> {
        use AssertionKind::{EndLine, EndText, StartLine, StartText, WordBoundary};
        match assertion.kind {
            StartLine | EndLine if self.multiline => Err(refused("an anchor at lines")),
            StartLine | StartText if left == Edge::Open => Ok(right.fill().to_owned()),
            EndLine | EndText if right == Edge::Open => Ok(left.fill().to_owned()),
            WordBoundary if left == Edge::Open && right == Edge::Closed => {
                match behind.and_then(|part| class::is_word(part, |parts| parts.first())) {
                    Some(true) => Ok(boundary(Side::Left, false)),
                    Some(false) => Ok(boundary(Side::Left, true)),
                    None => Err(refused("a word boundary before what may begin with or without a word")),
                }
            }
            WordBoundary if right == Edge::Open && left == Edge::Closed => {
                match before.and_then(|part| class::is_word(part, |parts| parts.last())) {
                    Some(true) => Ok(boundary(Side::Right, false)),
                    Some(false) => Ok(boundary(Side::Right, true)),
                    None => Err(refused("a word boundary behind what may end with or without a word")),
                }
            }
            WordBoundary => Err(refused("a word boundary inside the pattern")),
            StartLine | StartText | EndLine | EndText => Err(refused("an anchor inside the pattern")),
            _ => Err(refused("this kind of word boundary")),
        }
    }

    /// A part without assertions.
    fn part(&mut self, ast: &Ast) -> Result<String, Error> {
        match ast {
            Ast::Empty(_) => Ok(String::new()),
            Ast::Flags(set) => self.set(&set.flags).map(|()| String::new()),
            Ast::Literal(literal) => {
                let mut out = String::new();
                class::push_char(&mut out, literal.c, self.ignores_case);
                Ok(out)
            }
            Ast::Dot(_) if self.dotall || self.dot == Dot::Any => Ok(".".to_owned()),
            Ast::Dot(_) => Ok("[^\n]".to_owned()),
            Ast::ClassPerl(class) => Ok(class::perl(class)),
            Ast::ClassBracketed(bracketed) => class::bracketed(bracketed, self.ignores_case),
            Ast::ClassUnicode(_) => Err(refused("a class of Unicode properties")),
            Ast::Repetition(repetition) => {
                let operand = self.part(&repetition.ast)?;
                Ok(format!("{}{}", or_empty(operand), repeat(&repetition.op.kind)))
            }
            Ast::Group(group) => {
                let before = self.enter(&group.kind)?;
                let inner = match &*group.ast {
                    Ast::Alternation(alternation) => self.alternatives(&alternation.asts),
                    inner => self.part(inner),
                };
                self.leave(before);
                inner.map(|inner| format!("({inner})"))
            }
            Ast::Alternation(alternation) => {
                self.alternatives(&alternation.asts).map(|inner| format!("({inner})"))
            }
            Ast::Concat(concat) => concat.asts.iter().map(|part| self.part(part)).collect(),
            Ast::Assertion(_) => Err(refused("an anchor or word boundary that is repeated")),
        }
    }

    fn alternatives(&mut self, branches: &[Ast]) -> Result<String, Error> {
        let branches =
            branches.iter().map(|branch| self.part(branch).map(or_empty)).collect::<Result<Vec<_>, _>>()?;
        Ok(branches.join("|"))
    }

    /// The flags before a group, once those of the group hold.
    fn enter(&mut self, kind: &GroupKind) -> Result<[bool; 3], Error> {
        let before = [self.ignores_case, self.multiline, self.dotall];
        if let GroupKind::NonCapturing(flags) = kind {
            self.set(flags)?;
        }
        Ok(before)
    }

    fn leave(&mut self, [ignores_case, multiline, dotall]: [bool; 3]) {
        (self.ignores_case, self.multiline, self.dotall) = (ignores_case, multiline, dotall);
    }

    fn set(&mut self, flags: &Flags) -> Result<(), Error> {
        for item in &flags.items {
            if let FlagsItemKind::Flag(flag) = item.kind {
                let is_on = flags.flag_state(flag) == Some(true);
                match flag {
                    Flag::CaseInsensitive => self.ignores_case = is_on && !self.by_operator,
                    Flag::MultiLine => self.multiline = is_on,
                    Flag::DotMatchesNewLine => self.dotall = is_on,
                    Flag::SwapGreed | Flag::IgnoreWhitespace | Flag::Unicode => {}
                    Flag::CRLF => return Err(refused("the flag `R`")),
                }
            }
        }
        Ok(())
    }
}

fn refused(what: &str) -> Error {
    Error::unsupported(format!("regular expressions of Elasticsearch cannot express {what}"))
}

/// An alternative or operand that is empty, which Lucene writes as an empty group.
fn or_empty(text: String) -> String {
    if text.is_empty() { "()".to_owned() } else { text }
}

/// What stands beyond a word boundary at an open end: nothing or anything that ends with a character of the
/// other kind.
fn boundary(side: Side, beyond_is_word: bool) -> String {
    match (side, beyond_is_word) {
        (Side::Left, false) => r"(.*\W)?".to_owned(),
        (Side::Left, true) => r".*\w".to_owned(),
        (Side::Right, false) => r"(\W.*)?".to_owned(),
        (Side::Right, true) => r"\w.*".to_owned(),
    }
}

fn repeat(kind: &RepetitionKind) -> String {
    match kind {
        RepetitionKind::ZeroOrOne => "?".to_owned(),
        RepetitionKind::ZeroOrMore => "*".to_owned(),
        RepetitionKind::OneOrMore => "+".to_owned(),
        RepetitionKind::Range(RepetitionRange::Exactly(count)) => format!("{{{count}}}"),
        RepetitionKind::Range(RepetitionRange::AtLeast(least)) => format!("{{{least},}}"),
        RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => format!("{{{least},{most}}}"),
    }
}

/// A character that stands for itself, outside of a class.
fn push_literal(out: &mut String, c: char) {
    if ".?+*|{}[]()\"\\#@&<>~^$/".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

#[cfg(test)]
mod tests;
