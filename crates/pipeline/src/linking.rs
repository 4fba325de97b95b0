//! Conditions of an item and how they stand together: all, any, or a boolean expression over their names.

use sigyn_diagnostics::Diagnostic;

/// Conditions with their linking.
#[derive(Debug)]
pub(crate) struct Conditions<C: ?Sized> {
    pub(crate) list: Vec<Box<C>>,
    pub(crate) link: Link,
    pub(crate) is_negated: bool,
}

/// How conditions stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    All,
    Any,
    Expr(LinkExpr),
}

/// A boolean expression over conditions by their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkExpr {
    Condition(usize),
    Not(Box<LinkExpr>),
    And(Vec<LinkExpr>),
    Or(Vec<LinkExpr>),
}

impl<C: ?Sized> Default for Conditions<C> {
    fn default() -> Self {
        Self { list: Vec::new(), link: Link::All, is_negated: false }
    }
}

impl<C: ?Sized> Conditions<C> {
    /// Asks each condition; all are asked, because one that cannot be answered must not be hidden by another.
    pub(crate) fn holds(
        &self,
        mut ask: impl FnMut(&C) -> Result<bool, Diagnostic>,
    ) -> Result<bool, Diagnostic> {
        let holds = match &self.link {
            Link::All => {
                let mut all = true;
                for condition in &self.list {
                    all &= ask(condition)?;
                }
                all
            }
            Link::Any => {
                let mut any = false;
                for condition in &self.list {
                    any |= ask(condition)?;
                }
                any
            }
            Link::Expr(expr) => self.expression_holds(expr, &mut ask)?,
        };
        Ok(holds != self.is_negated)
    }

    fn expression_holds(
        &self,
        expr: &LinkExpr,
        ask: &mut impl FnMut(&C) -> Result<bool, Diagnostic>,
    ) -> Result<bool, Diagnostic> {
        Ok(match expr {
            LinkExpr::Condition(at) => match self.list.get(*at) {
                Some(condition) => ask(condition)?,
                None => false,
            },
            LinkExpr::Not(arg) => !self.expression_holds(arg, ask)?,
            LinkExpr::And(args) => {
                let mut all = true;
                for arg in args {
                    all &= self.expression_holds(arg, ask)?;
                }
                all
            }
            LinkExpr::Or(args) => {
                let mut any = false;
                for arg in args {
                    any |= self.expression_holds(arg, ask)?;
                }
                any
            }
        })
    }
}

/// Reads an expression over these names. The error says what is wrong and at which byte.
pub(crate) fn parse(text: &str, names: &[String]) -> Result<LinkExpr, (String, usize)> {
    let mut parser = Parser { text, at: 0, names };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some((token, at)) => Err((format!("unexpected `{token}`"), at)),
    }
}

/// Which conditions an expression asks.
pub(crate) fn referenced(expr: &LinkExpr, used: &mut Vec<usize>) {
    match expr {
        LinkExpr::Condition(at) => used.push(*at),
        LinkExpr::Not(arg) => referenced(arg, used),
        LinkExpr::And(args) | LinkExpr::Or(args) => args.iter().for_each(|arg| referenced(arg, used)),
    }
}

const DEPTH_MAX: usize = 64;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    names: &'a [String],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<(&'a str, usize)> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let len = match rest.chars().next()? {
            c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        Some((&rest[..len], start))
    }

    fn take(&mut self, wanted: &str) -> bool {
        match self.peek() {
            Some((token, at)) if token == wanted => {
                self.at = at + token.len();
                true
            }
            _ => false,
        }
    }

    fn or(&mut self) -> Result<LinkExpr, (String, usize)> {
        let mut args = vec![self.and()?];
        while self.take("or") {
            args.push(self.and()?);
        }
        Ok(if args.len() == 1 { args.remove(0) } else { LinkExpr::Or(args) })
    }

    fn and(&mut self) -> Result<LinkExpr, (String, usize)> {
        let mut args = vec![self.not()?];
        while self.take("and") {
            args.push(self.not()?);
        }
        Ok(if args.len() == 1 { args.remove(0) } else { LinkExpr::And(args) })
    }

    fn not(&mut self) -> Result<LinkExpr, (String, usize)> {
        let mut is_negated = false;
        while self.take("not") {
            is_negated = !is_negated;
        }
        let expr = self.operand()?;
        Ok(if is_negated { LinkExpr::Not(Box::new(expr)) } else { expr })
    }

    fn operand(&mut self) -> Result<LinkExpr, (String, usize)> {
        if self.text[..self.at].matches('(').count() > DEPTH_MAX {
            return Err((format!("more than {DEPTH_MAX} parentheses"), self.at));
        }
        if self.take("(") {
            let expr = self.or()?;
            return if self.take(")") { Ok(expr) } else { Err(("missing `)`".to_owned(), self.at)) };
        }
        let Some((token, at)) = self.peek() else {
            return Err(("a condition's name is missing at the end".to_owned(), self.text.len()));
        };
        match self.names.iter().position(|name| name == token) {
            Some(place) if !matches!(token, "and" | "or" | "not") => {
                self.at = at + token.len();
                Ok(LinkExpr::Condition(place))
            }
            _ if token.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-') => {
                Err((format!("no condition is named `{token}`"), at))
            }
            _ => Err((format!("unexpected `{token}`"), at)),
        }
    }
}
