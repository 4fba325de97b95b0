//! The reference's condition grammars, as the parser generator behind them reads them.
//!
//! That generator tries alternatives in order and never looks for word boundaries around `and`, `or` and `not`
//! in detection conditions. So `notfoo` is `not foo`, `a andb` is `a and b`, and `or` can be an identifier.

use std::ops::Range;

use sigyn_diagnostics::codes;

use crate::condition::{Ast, CONDITION_NESTING_MAX, ConditionError, Expr, ExprKind, Pattern, Quantifier};

/// Which grammar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// Conditions of rules: selectors, identifiers with `-`, operators without word boundaries.
    Detection,
    /// Extended conditions of correlations: rule names, operators with word boundaries.
    Correlation,
}

/// Reads a whole text.
pub(crate) fn parse(text: &str, grammar: Grammar) -> Result<Ast, ConditionError> {
    let mut parser = Peg { text, grammar, farthest: 0, depth: 0, is_too_deep: false };
    let parsed = parser.or(0);
    if parser.is_too_deep {
        return Err(ConditionError {
            code: &codes::condition::NESTING_LIMIT,
            message: format!("the condition is nested more than {CONDITION_NESTING_MAX} deep"),
            range: 0..text.len(),
        });
    }
    match parsed {
        Some((root, end)) if parser.skip(end) == text.len() => Ok(Ast { root, uppercase: Vec::new() }),
        _ => {
            let start = parser.skip(parser.farthest);
            let end = text[start..].find(is_space).map_or(text.len(), |length| start + length);
            let found = &text[start..end];
            let message = if found.is_empty() {
                "the condition ends where something is missing".to_owned()
            } else {
                format!("`{found}` is not expected here")
            };
            Err(ConditionError { code: &codes::condition::SYNTAX, message, range: start..end })
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r')
}

/// An expression and where reading goes on.
type Parsed = Option<(Expr, usize)>;

struct Peg<'t> {
    text: &'t str,
    grammar: Grammar,
    /// The farthest place that was read, for the message.
    farthest: usize,
    depth: usize,
    is_too_deep: bool,
}

impl Peg<'_> {
    fn skip(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + (rest.len() - rest.trim_start_matches(is_space).len())
    }

    /// A run of characters.
    fn word(&mut self, at: usize, allowed: impl Fn(char) -> bool) -> Option<Range<usize>> {
        let start = self.skip(at);
        let rest = &self.text[start..];
        let length = rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        self.farthest = self.farthest.max(start + length);
        (length > 0).then(|| start..start + length)
    }

    /// A fixed text; `bounded` if no identifier character may touch it.
    fn literal(&mut self, at: usize, literal: &str, bounded: Boundary) -> Option<usize> {
        let start = self.skip(at);
        self.text[start..].strip_prefix(literal)?;
        let end = start + literal.len();
        let touches = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
        let is_touched = self.text[end..].starts_with(touches) || self.text[..start].ends_with(touches);
        if bounded == Boundary::Word && is_touched {
            return None;
        }
        self.farthest = self.farthest.max(end);
        Some(end)
    }

    fn operator(&mut self, at: usize, name: &str) -> Option<usize> {
        let boundary = match self.grammar {
            Grammar::Detection => Boundary::None,
            Grammar::Correlation => Boundary::Word,
        };
        self.literal(at, name, boundary)
    }

    fn or(&mut self, at: usize) -> Parsed {
        self.chain(at, "or", Self::and, ExprKind::Or)
    }

    fn and(&mut self, at: usize) -> Parsed {
        self.chain(at, "and", Self::not, ExprKind::And)
    }

    fn chain(
        &mut self,
        at: usize,
        operator: &str,
        operand: impl Fn(&mut Self, usize) -> Parsed,
        kind: impl Fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed {
        let (first, mut end) = operand(self, at)?;
        let start = first.range.start;
        let mut args = vec![first];
        while let Some(behind) = self.operator(end, operator)
            && let Some((arg, next)) = operand(self, behind)
        {
            args.push(arg);
            end = next;
        }
        if args.len() == 1 {
            return args.pop().map(|only| (only, end));
        }
        Some((Expr { kind: kind(args), range: start..end }, end))
    }

    fn not(&mut self, at: usize) -> Parsed {
        let start = self.skip(at);
        if let Some(behind) = self.operator(at, "not") {
            self.depth += 1;
            let arg = if self.is_deep() { None } else { self.not(behind) };
            self.depth -= 1;
            let (arg, end) = arg?;
            return Some((Expr { kind: ExprKind::Not(Box::new(arg)), range: start..end }, end));
        }
        self.operand(at)
    }

    fn is_deep(&mut self) -> bool {
        self.is_too_deep |= self.depth > CONDITION_NESTING_MAX;
        self.is_too_deep
    }

    fn operand(&mut self, at: usize) -> Parsed {
        if self.grammar == Grammar::Detection
            && let Some(selector) = self.selector(at)
        {
            return Some(selector);
        }
        if let Some(range) = self.identifier(at) {
            let name = self.text[range.clone()].to_owned();
            let end = range.end;
            return Some((Expr { kind: ExprKind::Identifier(name), range }, end));
        }
        let open = self.literal(at, "(", Boundary::None)?;
        self.depth += 1;
        let inner = if self.is_deep() { None } else { self.or(open) };
        self.depth -= 1;
        let (inner, end) = inner?;
        let close = self.literal(end, ")", Boundary::None)?;
        Some((Expr { kind: inner.kind, range: open - 1..close }, close))
    }

    fn identifier(&mut self, at: usize) -> Option<Range<usize>> {
        match self.grammar {
            Grammar::Detection => self.word(at, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')),
            Grammar::Correlation => {
                let start = self.skip(at);
                if self.text[start..].starts_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                self.word(at, |c| c.is_ascii_alphanumeric() || c == '_')
            }
        }
    }

    fn selector(&mut self, at: usize) -> Parsed {
        let start = self.skip(at);
        let (quantifier, behind) =
            [("1", Quantifier::Any), ("any", Quantifier::Any), ("all", Quantifier::All)]
                .into_iter()
                .find_map(|(name, quantifier)| Some((quantifier, self.literal(at, name, Boundary::Word)?)))?;
        let behind = self.literal(behind, "of", Boundary::Word)?;
        let range = self.word(behind, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '*'))?;
        let pattern = match &self.text[range.clone()] {
            "them" => Pattern::Them,
            glob => Pattern::Glob(glob.to_owned()),
        };
        let end = range.end;
        Some((Expr { kind: ExprKind::Selector { quantifier, pattern }, range: start..end }, end))
    }
}

/// Whether identifier characters may touch a literal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Boundary {
    None,
    Word,
}
