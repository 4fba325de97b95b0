//! The condition grammar: `selection and not 1 of filter_*`, and the extended conditions of correlations.
//!
//! [`parse_condition`] is our grammar: keywords in any case with word boundaries, `INT of`, patterns with `-`.
//! Under [`Compat::PySigma`] it is the reference's, bug for bug: `notfoo` reads as `not foo`.

use std::fmt;
use std::ops::Range;

use sigyn_diagnostics::{Code, codes};

use crate::{Compat, peg};

/// How deeply parentheses and `not` may be nested.
pub const CONDITION_NESTING_MAX: usize = 64;

/// A condition that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    /// The outermost expression.
    pub root: Expr,
    /// Keywords that are not in lower case.
    pub uppercase: Vec<Range<usize>>,
}

/// An expression with its bytes in the condition's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes.
    pub range: Range<usize>,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// One must hold.
    Or(Vec<Expr>),
    /// All must hold.
    And(Vec<Expr>),
    /// It must not hold.
    Not(Box<Expr>),
    /// A search identifier (or a rule, in a correlation).
    Identifier(String),
    /// `1 of pattern`, `all of them`.
    Selector {
        /// How many must hold.
        quantifier: Quantifier,
        /// Of which identifiers.
        pattern: Pattern,
    },
}

/// How many must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// `1` or `any`.
    Any,
    /// `all`.
    All,
    /// Another number, from 2 (an extension).
    AtLeast(u32),
}

/// Which identifiers a selector means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// All that do not start with `_`.
    Them,
    /// Those that match; `*` stands for any run of characters.
    Glob(String),
}

impl Pattern {
    /// Whether the pattern selects an identifier. One that starts with `_` is selected only by a pattern that
    /// starts with `_` too.
    pub fn selects(&self, identifier: &str) -> bool {
        let hidden = identifier.starts_with('_');
        match self {
            Pattern::Them => !hidden,
            Pattern::Glob(glob) => (!hidden || glob.starts_with('_')) && glob_matches(glob, identifier),
        }
    }
}

/// Whether a text matches a pattern with `*`, as a whole.
fn glob_matches(glob: &str, text: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return glob == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Why a condition cannot be read.
#[derive(Clone, Debug)]
pub struct ConditionError {
    /// The kind of finding.
    pub code: &'static Code,
    /// What is wrong.
    pub message: String,
    /// The bytes in the condition's text.
    pub range: Range<usize>,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConditionError {}

/// Reads a condition of a rule.
pub fn parse_condition(text: &str, compat: Compat) -> Result<Ast, ConditionError> {
    match compat {
        Compat::Spec => Parser::new(text, Grammar::Detection).parse(),
        Compat::PySigma => match text.find('|') {
            Some(at) => Err(aggregation(at, text)),
            None => peg::parse(text, peg::Grammar::Detection),
        },
    }
}

/// Reads an extended condition of a correlation: rule names with `and`, `or`, `not`, parentheses.
pub fn parse_correlation_condition(text: &str, compat: Compat) -> Result<Ast, ConditionError> {
    match compat {
        Compat::Spec => Parser::new(text, Grammar::Correlation).parse(),
        Compat::PySigma => peg::parse(text, peg::Grammar::Correlation),
    }
}

fn aggregation(at: usize, text: &str) -> ConditionError {
    ConditionError {
        code: &codes::condition::AGGREGATION,
        message: "aggregations after `|` are no longer part of Sigma".to_owned(),
        range: at..text.len(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Detection,
    Correlation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    And,
    Or,
    Not,
    Of,
    Them,
    All,
    Any,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Word(Word),
    End,
}

struct Parser<'t> {
    text: &'t str,
    grammar: Grammar,
    /// The token at hand.
    token: Token,
    range: Range<usize>,
    depth: usize,
    uppercase: Vec<Range<usize>>,
}

type Parsed = Result<Expr, ConditionError>;

impl<'t> Parser<'t> {
    fn new(text: &'t str, grammar: Grammar) -> Self {
        Self { text, grammar, token: Token::End, range: 0..0, depth: 0, uppercase: Vec::new() }
    }

    fn parse(mut self) -> Result<Ast, ConditionError> {
        self.advance()?;
        let root = self.or()?;
        if self.token != Token::End {
            let message = match self.token {
                Token::Close => "this parenthesis closes nothing".to_owned(),
                _ => format!("`and` or `or` is missing before `{}`", self.word()),
            };
            return Err(self.error(message));
        }
        Ok(Ast { root, uppercase: self.uppercase })
    }

    fn word(&self) -> &'t str {
        self.text.get(self.range.clone()).unwrap_or("")
    }

    fn error(&self, message: impl Into<String>) -> ConditionError {
        ConditionError { code: &codes::condition::SYNTAX, message: message.into(), range: self.range.clone() }
    }

    fn advance(&mut self) -> Result<(), ConditionError> {
        let rest = &self.text[self.range.end..];
        let start = self.range.end + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else {
            self.range = start..start;
            self.token = Token::End;
            return Ok(());
        };
        self.range = start..start + first.len_utf8();
        self.token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            '|' if self.grammar == Grammar::Detection => return Err(aggregation(start, self.text)),
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                self.range = start..start + length;
                Token::Word(self.keyword(&rest[..length]))
            }
            other => return Err(self.error(format!("`{other}` cannot stand in a condition"))),
        };
        Ok(())
    }

    fn keyword(&self, word: &str) -> Word {
        const DETECTION: &[(&str, Word)] = &[
            ("and", Word::And),
            ("or", Word::Or),
            ("not", Word::Not),
            ("of", Word::Of),
            ("them", Word::Them),
            ("all", Word::All),
            ("any", Word::Any),
        ];
        let known = if self.grammar == Grammar::Detection { DETECTION } else { &DETECTION[..3] };
        known.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map_or(Word::Other, |(_, word)| *word)
    }

    /// Goes on behind a keyword.
    fn take_keyword(&mut self) -> Result<(), ConditionError> {
        if self.word().bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.uppercase.push(self.range.clone());
        }
        self.advance()
    }

    fn or(&mut self) -> Parsed {
        self.chain(Word::Or, Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Parsed {
        self.chain(Word::And, Self::not, ExprKind::And)
    }

    fn chain(
        &mut self,
        word: Word,
        operand: impl Fn(&mut Self) -> Parsed,
        kind: impl Fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed {
        let first = operand(self)?;
        if self.token != Token::Word(word) {
            return Ok(first);
        }
        let start = first.range.start;
        let mut args = vec![first];
        while self.token == Token::Word(word) {
            self.take_keyword()?;
            args.push(operand(self)?);
        }
        let end = args.last().map_or(start, |last| last.range.end);
        Ok(Expr { kind: kind(args), range: start..end })
    }

    fn deeper(&mut self) -> Result<(), ConditionError> {
        self.depth += 1;
        if self.depth > CONDITION_NESTING_MAX {
            let message = format!("the condition is nested more than {CONDITION_NESTING_MAX} deep");
            return Err(ConditionError { code: &codes::condition::NESTING_LIMIT, ..self.error(message) });
        }
        Ok(())
    }

    fn not(&mut self) -> Parsed {
        if self.token != Token::Word(Word::Not) {
            return self.primary();
        }
        self.deeper()?;
        let start = self.range.start;
        self.take_keyword()?;
        let arg = self.not()?;
        self.depth -= 1;
        let range = start..arg.range.end;
        Ok(Expr { kind: ExprKind::Not(Box::new(arg)), range })
    }

    fn primary(&mut self) -> Parsed {
        match self.token {
            Token::Open => {
                self.deeper()?;
                let start = self.range.start;
                self.advance()?;
                let inner = self.or()?;
                if self.token != Token::Close {
                    return Err(self.error("a closing parenthesis is missing"));
                }
                let range = start..self.range.end;
                self.advance()?;
                self.depth -= 1;
                Ok(Expr { kind: inner.kind, range })
            }
            Token::Word(word) => self.named(word),
            Token::Close => Err(self.error("an identifier is missing before this parenthesis")),
            Token::End => Err(self.error("the condition ends where an identifier is expected")),
        }
    }

    fn named(&mut self, word: Word) -> Parsed {
        let (text, range) = (self.word(), self.range.clone());
        match word {
            Word::And | Word::Or | Word::Not => {
                Err(self.error(format!("an identifier is expected, not `{text}`")))
            }
            Word::Of | Word::Them => Err(self.error(format!("`{text}` stands alone; write `1 of …`"))),
            Word::All | Word::Any => {
                self.take_keyword()?;
                let quantifier = if word == Word::All { Quantifier::All } else { Quantifier::Any };
                self.selector(quantifier, range, text)
            }
            Word::Other => {
                self.advance()?;
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                if self.grammar == Grammar::Detection
                    && is_number
                    && (text == "1" || self.token == Token::Word(Word::Of))
                {
                    let quantifier = match text.parse() {
                        Ok(0) | Err(_) => {
                            let message = format!("`{text}` cannot stand before `of`");
                            return Err(ConditionError { range, ..self.error(message) });
                        }
                        Ok(1) => Quantifier::Any,
                        Ok(count) => Quantifier::AtLeast(count),
                    };
                    return self.selector(quantifier, range, text);
                }
                if text.contains('*') {
                    let message = format!("the pattern `{text}` needs `1 of` or `all of` before it");
                    return Err(ConditionError { range, ..self.error(message) });
                }
                Ok(Expr { kind: ExprKind::Identifier(text.to_owned()), range })
            }
        }
    }

    fn selector(&mut self, quantifier: Quantifier, start: Range<usize>, text: &str) -> Parsed {
        if self.token != Token::Word(Word::Of) {
            let message = format!("`of` is missing behind `{text}`");
            return Err(self.error(message));
        }
        self.take_keyword()?;
        let range = start.start..self.range.end;
        let pattern = match self.token {
            Token::Word(Word::Them) => {
                self.take_keyword()?;
                Pattern::Them
            }
            Token::Word(Word::Other) => {
                let glob = self.word().to_owned();
                self.advance()?;
                Pattern::Glob(glob)
            }
            _ => return Err(self.error("`them` or a pattern is missing behind `of`")),
        };
        Ok(Expr { kind: ExprKind::Selector { quantifier, pattern }, range })
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*')
}
