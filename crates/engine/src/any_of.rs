//! Lists of literals of one field, looked for together.
//!
//! A rule that is awake asks for a few such lists, some of them hundreds of literals long. One pass over the value
//! answers for the whole list.

use std::sync::OnceLock;

use crate::program::{AtomId, Atoms, FieldId, Node};
use crate::table::{Literal, Table};

/// Shorter lists are asked one by one: most of their literals are known from other rules.
const LIST_MIN: usize = 4;

/// Literals of one field, of which one must be in a value.
#[derive(Debug)]
pub(crate) struct AnyOf {
    atoms: Vec<AtomId>,
    /// Made when it is first asked: most lists never are.
    table: OnceLock<Table>,
}

impl AnyOf {
    pub(crate) fn new(atoms: Vec<AtomId>) -> Self {
        Self { atoms, table: OnceLock::new() }
    }

    /// The atoms of which one must hold.
    pub(crate) fn atoms(&self) -> &[AtomId] {
        &self.atoms
    }

    /// Whether a text, ASCII or folded, has one of the literals.
    pub(crate) fn test(&self, text: &[u8], is_ascii: bool, atoms: &Atoms) -> bool {
        let table = self.table.get_or_init(|| {
            let found = self.atoms.iter().filter_map(|atom| atoms.literal(*atom));
            let literals: Vec<_> =
                found.map(|(anchor, text)| Literal { anchor, text, atom: None, rules: &[] }).collect();
            Table::new(&literals, Vec::new(), true)
        });
        let mut is_met = false;
        table.scan(text, is_ascii, |_| is_met = true);
        is_met
    }
}

/// The expression with long lists of literals of one field asked at once.
pub(crate) fn grouped(node: Node, atoms: &mut Atoms) -> Node {
    match node {
        Node::And(nodes) => Node::And(all(nodes, atoms)),
        Node::AtLeast(count, nodes) => Node::AtLeast(count, all(nodes, atoms)),
        Node::Not(node) => Node::Not(Box::new(grouped(*node, atoms))),
        Node::Or(nodes) => or(nodes, atoms),
        Node::Atom(_) | Node::False => node,
    }
}

fn all(nodes: Vec<Node>, atoms: &mut Atoms) -> Vec<Node> {
    nodes.into_iter().map(|node| grouped(node, atoms)).collect()
}

fn or(nodes: Vec<Node>, atoms: &mut Atoms) -> Node {
    let mut lists: Vec<(FieldId, Vec<AtomId>)> = Vec::new();
    let mut others = Vec::new();
    for node in nodes {
        let field = match &node {
            Node::Atom(atom) if atoms.literal(*atom).is_some() => atoms.fields_of(*atom).next(),
            _ => None,
        };
        match (node, field) {
            (Node::Atom(atom), Some(field)) => match lists.iter_mut().find(|(of, _)| *of == field) {
                Some((_, list)) => list.push(atom),
                None => lists.push((field, vec![atom])),
            },
            (node, _) => others.push(grouped(node, atoms)),
        }
    }
    for (field, list) in lists {
        if list.len() < LIST_MIN {
            others.extend(list.into_iter().map(Node::Atom));
        } else {
            others.push(Node::Atom(atoms.any_of(field, list)));
        }
    }
    match others.pop() {
        Some(only) if others.is_empty() => only,
        Some(last) => {
            others.push(last);
            Node::Or(others)
        }
        None => Node::Or(others),
    }
}
