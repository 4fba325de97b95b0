//! The programs of all rules, flat.

use crate::pattern::Pattern;
use crate::predicate::Predicate;
use crate::program::{AtomId, AtomKind, AtomSet, Atoms, KEYWORDS, Node};
use crate::witness::Anchor;

/// One step of a program. Ranges are of `Ops::children`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    And(u32, u32),
    Or(u32, u32),
    Not(u32),
    AtLeast(u32, u32, u32),
    Atom(AtomId),
    False,
}

#[derive(Debug, Default)]
pub(crate) struct Ops {
    ops: Vec<Op>,
    children: Vec<u32>,
}

impl Ops {
    /// Adds an expression; arguments are tried in the order of what they cost, so that the dear ones are
    /// reached least. `met` are atoms that waking rules tells about: they cost nearly nothing.
    pub(crate) fn add(&mut self, node: &Node, atoms: &Atoms, met: &AtomSet) -> u32 {
        let op = match node {
            Node::And(nodes) => {
                let (start, end) = self.add_all(nodes, atoms, met, &[]);
                Op::And(start, end)
            }
            Node::Or(nodes) => {
                let (start, end) = self.add_all(nodes, atoms, met, &[]);
                Op::Or(start, end)
            }
            Node::AtLeast(count, nodes) => {
                let (start, end) = self.add_all(nodes, atoms, met, &[]);
                Op::AtLeast(*count, start, end)
            }
            Node::Not(node) => Op::Not(self.add(node, atoms, met)),
            Node::Atom(atom) => Op::Atom(*atom),
            Node::False => Op::False,
        };
        self.ops.push(op);
        place(self.ops.len() - 1)
    }

    /// Adds a rule; gives its root and what is left to ask of it when it is awake. `wakers` are the atoms of which
    /// one holds whenever it is.
    pub(crate) fn add_rule(
        &mut self,
        node: &Node,
        wakers: &[AtomId],
        atoms: &Atoms,
        met: &AtomSet,
    ) -> (u32, u32) {
        if let Node::And(nodes) = node
            && let Some(at) = nodes.iter().position(|node| is_any_of(node, wakers, atoms))
            && let Some(waking) = nodes.get(at)
        {
            let others: Vec<_> = nodes.iter().enumerate().filter(|(other, _)| *other != at).collect();
            let others: Vec<_> = others.into_iter().map(|(_, node)| node.clone()).collect();
            let waking = self.add(waking, atoms, met);
            let (start, end) = self.add_all(&others, atoms, met, &[waking]);
            self.ops.push(Op::And(start, end));
            self.ops.push(Op::And(start + 1, end));
            return (place(self.ops.len() - 2), place(self.ops.len() - 1));
        }
        let root = self.add(node, atoms, met);
        (root, root)
    }

    fn add_all(&mut self, nodes: &[Node], atoms: &Atoms, met: &AtomSet, first: &[u32]) -> (u32, u32) {
        let mut by_cost: Vec<_> = nodes.iter().map(|node| (cost(node, atoms, met), node)).collect();
        by_cost.sort_by_key(|(cost, _)| *cost);
        let added: Vec<_> = by_cost.into_iter().map(|(_, node)| self.add(node, atoms, met)).collect();
        let start = place(self.children.len());
        self.children.extend(first.iter().chain(&added));
        (start, place(self.children.len()))
    }

    /// Calls `visit` with each atom of an expression; with one that stands there twice, twice.
    pub(crate) fn for_each_atom(&self, op: u32, visit: &mut dyn FnMut(AtomId)) {
        match self.get(op) {
            Op::And(start, end) | Op::Or(start, end) | Op::AtLeast(_, start, end) => {
                self.children(start, end).iter().for_each(|op| self.for_each_atom(*op, visit));
            }
            Op::Not(op) => self.for_each_atom(op, visit),
            Op::Atom(atom) => visit(atom),
            Op::False => {}
        }
    }

    #[inline]
    pub(crate) fn get(&self, at: u32) -> Op {
        self.ops.get(at as usize).copied().unwrap_or(Op::False)
    }

    #[inline]
    pub(crate) fn children(&self, start: u32, end: u32) -> &[u32] {
        self.children.get(start as usize..end as usize).unwrap_or(&[])
    }
}

/// Whether an expression says that one of some atoms holds, and nothing else. They are sorted.
fn is_any_of(node: &Node, expect: &[AtomId], atoms: &Atoms) -> bool {
    let mut found = Vec::new();
    let mut add = |node: &Node| match node {
        Node::Atom(atom) => {
            match atoms.atoms.get(atom.0 as usize).map(|atom| &atom.kind) {
                Some(AtomKind::AnyOf(list)) => found.extend_from_slice(list.atoms()),
                _ => found.push(*atom),
            }
            true
        }
        _ => false,
    };
    let are_atoms = match node {
        Node::Or(nodes) => nodes.iter().all(&mut add),
        node => add(node),
    };
    found.sort_unstable();
    found.dedup();
    !found.is_empty() && are_atoms && found == expect
}

/// A rough price of evaluating an expression.
fn cost(node: &Node, atoms: &Atoms, met: &AtomSet) -> u32 {
    match node {
        Node::And(nodes) | Node::Or(nodes) | Node::AtLeast(_, nodes) => {
            nodes.iter().fold(0, |sum: u32, node| sum.saturating_add(cost(node, atoms, met)))
        }
        Node::Not(node) => cost(node, atoms, met),
        Node::False => 0,
        Node::Atom(atom) if met.has(*atom) => 1,
        Node::Atom(atom) => {
            let Some(atom) = atoms.atoms.get(atom.0 as usize) else { return 0 };
            let of_text = match &atom.kind {
                AtomKind::Null | AtomKind::Exists => 2,
                AtomKind::FieldRef { .. } => 30,
                AtomKind::AnyOf(list) => {
                    let mut literals = list.atoms().iter().filter_map(|atom| atoms.literal(*atom));
                    if literals.any(|(anchor, _)| anchor == Anchor::Anywhere) { 40 } else { 8 }
                }
                AtomKind::Value(Predicate::Text { pattern, .. }) => match pattern {
                    Pattern::Any | Pattern::Exact(_) | Pattern::Prefix(_) | Pattern::Suffix(_) => 5,
                    Pattern::Contains(_) => 15,
                    Pattern::Glob(_) => 30,
                },
                AtomKind::Value(Predicate::Regex(_)) => 100,
                AtomKind::Value(_) => 15,
            };
            if atom.field == KEYWORDS { of_text * 20 } else { of_text }
        }
    }
}

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
