//! Conditions without `not`: a negation is pushed down to the comparisons (De Morgan).

use std::borrow::Cow;

use sigyn_diagnostics::Span;
use sigyn_ir::{Expr, Value};

use crate::{Error, text};

/// A condition as LogQL can say it.
#[derive(Clone, Debug)]
pub(super) enum Node<'r> {
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
pub(super) struct Branch<'r> {
    pub(super) args: Vec<Node<'r>>,
    /// The operator comes from a negation: it was the other one.
    pub(super) is_negated: bool,
    /// An `or` stands somewhere above.
    pub(super) below_or: bool,
}

/// A field, or the whole line, compared with a value.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'r> {
    /// The field; none for a keyword.
    pub(super) field: Option<Cow<'r, str>>,
    pub(super) value: Cow<'r, Value>,
    pub(super) is_negated: bool,
    pub(super) span: Span,
}

impl Node<'_> {
    /// Whether this is a keyword.
    pub(super) fn is_keyword(&self) -> bool {
        matches!(self, Node::Leaf(leaf) if leaf.field.is_none())
    }
}

/// How a condition is read.
#[derive(Clone, Copy)]
pub(super) struct Builder {
    /// Keep the tree as the reference has it: alternatives of one value stay one comparison, an `or` in an `or`
    /// stays by itself.
    pub(super) is_reference: bool,
}

impl Builder {
    /// The condition without `not`.
    pub(super) fn build<'r>(self, expr: Expr<'r>) -> Result<Node<'r>, Error> {
        self.node(expr, false, false)
    }

    fn node<'r>(self, expr: Expr<'r>, is_negated: bool, below_or: bool) -> Result<Node<'r>, Error> {
        match expr {
            Expr::Not(arg) => self.node(*arg, !is_negated, below_or),
            Expr::Or(args) => self.branch(args, !is_negated, is_negated, below_or),
            Expr::And(args) => self.branch(args, is_negated, is_negated, below_or),
            Expr::AtLeast { count, of } => {
                self.node(text::combinations(count, &of)?, is_negated, below_or)
            }
            Expr::Field { field, value, span } => {
                self.leaf(Leaf { field: Some(field), value, is_negated, span }, below_or)
            }
            Expr::Keyword { value, span } => {
                self.leaf(Leaf { field: None, value, is_negated, span }, below_or)
            }
            Expr::False => Err(Error::unsupported("LogQL has no filter that is never true")),
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

/// Splits a condition at its topmost `or` into as many conditions as asked for, or as the `or` has operands; the
/// condition itself if it has no `or`. Together they match what the condition matches: nothing above the `or`
/// is negated.
///
/// The reference leaves out the operands that remain when they are not divided evenly.
pub(super) fn partition<'r>(node: &Node<'r>, partitions: usize, is_reference: bool) -> Vec<Node<'r>> {
    let mut copy = node.clone();
    let Some(branch) = topmost_or(&mut copy) else { return vec![copy] };
    let count = branch.args.len();
    let partitions = partitions.min(count).max(1);
    let args = std::mem::take(&mut branch.args);
    let size = if is_reference { count / partitions } else { count.div_ceil(partitions) };
    args.chunks(size.max(1))
        .take(partitions)
        .map(|chunk| {
            let mut part = copy.clone();
            if let Some(branch) = topmost_or(&mut part) {
                branch.args = chunk.to_vec();
            }
            part
        })
        .collect()
}

/// The first `or` in the order of depth.
fn topmost_or<'n, 'r>(node: &'n mut Node<'r>) -> Option<&'n mut Branch<'r>> {
    let mut level = vec![node];
    while !level.is_empty() {
        let mut below = Vec::new();
        for node in level {
            match node {
                Node::Or(branch) => return Some(branch),
                Node::And(branch) => below.extend(branch.args.iter_mut()),
                Node::Leaf(_) | Node::Nothing => {}
            }
        }
        level = below;
    }
    None
}
