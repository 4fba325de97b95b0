//! Conditions without `not`, for languages that negate comparisons only: a negation is pushed down to the
//! comparisons (De Morgan).

use std::borrow::Cow;

use sigyn_diagnostics::Span;
use sigyn_ir::{Expr, Value};

use crate::{Error, text};

/// A condition without `not`.
#[derive(Clone, Debug)]
pub(crate) enum Node<'r> {
    /// One must hold.
    Or(Branch<'r>),
    /// All must hold.
    And(Branch<'r>),
    /// A comparison.
    Leaf(Leaf<'r>),
    /// Nothing.
    Nothing,
}

/// What stands below an operator.
#[derive(Clone, Debug)]
pub(crate) struct Branch<'r> {
    pub(crate) args: Vec<Node<'r>>,
    /// The operator comes from a negation: it was the other one.
    pub(crate) is_negated: bool,
    /// An `or` stands somewhere above.
    pub(crate) below_or: bool,
}

/// A field, or the whole line, compared with a value.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<'r> {
    /// The field; none for a keyword.
    pub(crate) field: Option<Cow<'r, str>>,
    pub(crate) value: Cow<'r, Value>,
    pub(crate) is_negated: bool,
    pub(crate) span: Span,
}

impl Node<'_> {
    /// Whether this is a keyword.
    pub(crate) fn is_keyword(&self) -> bool {
        matches!(self, Node::Leaf(leaf) if leaf.field.is_none())
    }
}

/// How a condition is read.
#[derive(Clone, Copy)]
pub(crate) struct Builder {
    /// Keep the tree as the reference has it: alternatives of one value stay one comparison, an `or` in an `or`
    /// stays by itself.
    pub(crate) is_reference: bool,
}

impl Builder {
    /// The condition without `not`.
    pub(crate) fn build<'r>(self, expr: Expr<'r>) -> Result<Node<'r>, Error> {
        self.node(expr, false, false)
    }

    fn node<'r>(self, expr: Expr<'r>, is_negated: bool, below_or: bool) -> Result<Node<'r>, Error> {
        match expr {
            Expr::Not(arg) => self.node(*arg, !is_negated, below_or),
            Expr::Or(args) => self.branch(args, !is_negated, is_negated, below_or),
            Expr::And(args) => self.branch(args, is_negated, is_negated, below_or),
            Expr::AtLeast { count, of } => self.node(text::combinations(count, &of)?, is_negated, below_or),
            Expr::Field { field, value, span } => {
                self.leaf(Leaf { field: Some(field), value, is_negated, span }, below_or)
            }
            Expr::Keyword { value, span } => {
                self.leaf(Leaf { field: None, value, is_negated, span }, below_or)
            }
            Expr::False => Err(Error::unsupported("the target has no expression that is never true")),
            Expr::Nothing => Ok(Node::Nothing),
        }
    }

    fn branch<'r>(
        self,
        args: Vec<Expr<'r>>,
        is_or: bool,
        is_negated: bool,
        below_or: bool,
    ) -> Result<Node<'r>, Error> {
        let mut nodes = Vec::with_capacity(args.len());
        for arg in args {
            if !is_or && is_true(&arg, is_negated) {
                continue;
            }
            match self.node(arg, is_negated, below_or || is_or)? {
                Node::Or(inner) if is_or && !self.is_reference => nodes.extend(inner.args),
                node => nodes.push(node),
            }
        }
        let branch = Branch { args: nodes, is_negated, below_or };
        Ok(if is_or { Node::Or(branch) } else { Node::And(branch) })
    }

    /// A comparison; alternatives that one value stands for become comparisons of their own.
    fn leaf<'r>(self, leaf: Leaf<'r>, below_or: bool) -> Result<Node<'r>, Error> {
        if self.is_reference {
            return Ok(Node::Leaf(leaf));
        }
        let Value::Expansion { values, .. } = &*leaf.value else { return Ok(Node::Leaf(leaf)) };
        let alternatives = values
            .iter()
            .map(|value| {
                let value = Cow::Owned(value.clone());
                match leaf.field.clone() {
                    Some(field) => Expr::Field { field, value, span: leaf.span },
                    None => Expr::Keyword { value, span: leaf.span },
                }
            })
            .collect();
        self.branch(alternatives, !leaf.is_negated, leaf.is_negated, below_or)
    }
}

/// Whether an operand always holds: `not` over a selector that can never hold.
fn is_true(expr: &Expr<'_>, is_negated: bool) -> bool {
    match expr {
        Expr::False => is_negated,
        Expr::Not(arg) => is_true(arg, !is_negated),
        _ => false,
    }
}
