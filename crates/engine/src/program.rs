//! Rules as boolean programs over shared atoms.

use std::collections::HashMap;

use sigyn_diagnostics::{Code, Diagnostic, codes};
use sigyn_event::FieldPath;
use sigyn_ir::{ConditionExpr, Detection, DetectionEntry, DetectionItem, Linking, Rule};

use crate::any_of::AnyOf;
use crate::config::Config;
use crate::hash::QuickState;
use crate::pattern::{Case, Pattern};
use crate::predicate::Predicate;
use crate::regexes::Limits;
use crate::spec::{Place, Refusal, Spec, Test};
use crate::witness::Anchor;

/// A field of the rule set; [`KEYWORDS`] stands for every leaf of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldId(pub(crate) u32);

/// Every leaf of an event that is a text or a number.
pub(crate) const KEYWORDS: FieldId = FieldId(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AtomId(pub(crate) u32);

/// A comparison of a field, shared by all rules that make it.
#[derive(Debug)]
pub(crate) struct Atom {
    pub(crate) field: FieldId,
    pub(crate) kind: AtomKind,
}

#[derive(Debug)]
pub(crate) enum AtomKind {
    Value(Predicate),
    Null,
    Exists,
    FieldRef { other: FieldId, starts_with: bool, ends_with: bool, case: Case },
    AnyOf(Box<AnyOf>),
}

/// A set of atoms.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtomSet(Vec<u64>);

impl AtomSet {
    /// With room for so many atoms; others are not taken.
    pub(crate) fn new(atoms: usize) -> Self {
        Self(vec![0; atoms.div_ceil(64)])
    }

    /// An empty set with as much room.
    pub(crate) fn like(&self) -> Self {
        Self(vec![0; self.0.len()])
    }

    pub(crate) fn insert(&mut self, atom: AtomId) {
        if let Some(word) = self.0.get_mut(atom.0 as usize / 64) {
            *word |= 1 << (atom.0 % 64);
        }
    }

    #[inline]
    pub(crate) fn has(&self, atom: AtomId) -> bool {
        self.0.get(atom.0 as usize / 64).is_some_and(|word| word >> (atom.0 % 64) & 1 != 0)
    }
}

/// What makes two atoms the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Value(Spec),
    Null,
    Exists,
    FieldRef(FieldId, bool, bool, Case),
}

/// A boolean expression over atoms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    AtLeast(u32, Vec<Node>),
    Atom(AtomId),
    False,
}

/// Fields and atoms of all rules.
#[derive(Debug)]
pub(crate) struct Atoms {
    pub(crate) fields: Vec<FieldPath>,
    pub(crate) atoms: Vec<Atom>,
    /// The plain form of each atom's comparison, if it is one of texts.
    pub(crate) specs: Vec<Option<Spec>>,
    by_name: HashMap<String, FieldId, QuickState>,
    by_key: HashMap<(FieldId, Key), AtomId, QuickState>,
    by_list: HashMap<Vec<AtomId>, AtomId, QuickState>,
}

/// What lowering needs to know.
pub(crate) struct Lowering<'c> {
    pub(crate) config: &'c Config,
    pub(crate) atoms: &'c mut Atoms,
}

impl Atoms {
    pub(crate) fn new() -> Self {
        Self {
            fields: vec![FieldPath::new("")],
            atoms: Vec::new(),
            specs: Vec::new(),
            by_name: HashMap::default(),
            by_key: HashMap::default(),
            by_list: HashMap::default(),
        }
    }

    pub(crate) fn field(&mut self, name: &str) -> FieldId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = FieldId(place(self.fields.len()));
        self.fields.push(FieldPath::new(name));
        self.by_name.insert(name.to_owned(), id);
        id
    }

    fn atom(&mut self, field: FieldId, key: Key, limits: Limits) -> Result<AtomId, String> {
        if let Some(id) = self.by_key.get(&(field, key.clone())) {
            return Ok(*id);
        }
        let kind = match &key {
            Key::Value(spec) => AtomKind::Value(Predicate::new(spec, limits)?),
            Key::Null => AtomKind::Null,
            Key::Exists => AtomKind::Exists,
            Key::FieldRef(other, starts_with, ends_with, case) => AtomKind::FieldRef {
                other: *other,
                starts_with: *starts_with,
                ends_with: *ends_with,
                case: *case,
            },
        };
        let id = AtomId(place(self.atoms.len()));
        self.specs.push(match &key {
            Key::Value(spec) => Some(spec.clone()),
            _ => None,
        });
        self.atoms.push(Atom { field, kind });
        self.by_key.insert((field, key), id);
        Ok(id)
    }

    /// The literal that an atom looks for, if that is all it says: where it must stand, and its folded text.
    pub(crate) fn literal(&self, atom: AtomId) -> Option<(Anchor, &str)> {
        let Some(Spec::Text(pattern, Case::Insensitive)) = self.specs.get(atom.0 as usize)?.as_ref() else {
            return None;
        };
        match pattern {
            Pattern::Exact(text) => Some((Anchor::Whole, text)),
            Pattern::Prefix(text) => Some((Anchor::Front, text)),
            Pattern::Suffix(text) => Some((Anchor::Back, text)),
            Pattern::Contains(text) => Some((Anchor::Anywhere, text)),
            Pattern::Any | Pattern::Glob(_) => None,
        }
    }

    /// The atom that holds if one of a field's literals does.
    pub(crate) fn any_of(&mut self, field: FieldId, mut list: Vec<AtomId>) -> AtomId {
        list.sort_unstable();
        list.dedup();
        if let Some(id) = self.by_list.get(&list) {
            return *id;
        }
        let id = AtomId(place(self.atoms.len()));
        self.specs.push(None);
        self.atoms.push(Atom { field, kind: AtomKind::AnyOf(Box::new(AnyOf::new(list.clone()))) });
        self.by_list.insert(list, id);
        id
    }
}

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Lowering<'_> {
    /// The rule's conditions, or-ed.
    ///
    /// # Errors
    /// The rule holds something that the engine cannot evaluate.
    pub(crate) fn rule(&mut self, rule: &Rule) -> Result<Node, Box<Diagnostic>> {
        let mut nodes = Vec::with_capacity(rule.conditions.len());
        for condition in &rule.conditions {
            nodes.extend(self.condition(&condition.expr, rule)?);
        }
        if nodes.is_empty() {
            return Err(refusal(
                &codes::engine::NO_CONDITION,
                "nothing is left of the rule's condition",
                rule,
            ));
        }
        Ok(joined(nodes, Node::Or))
    }

    /// None for what is as if it were not there.
    fn condition(&mut self, expr: &ConditionExpr, rule: &Rule) -> Result<Option<Node>, Box<Diagnostic>> {
        Ok(match expr {
            ConditionExpr::Or(args) => some_of(self.conditions(args, rule)?, Node::Or),
            ConditionExpr::And(args) => some_of(self.conditions(args, rule)?, Node::And),
            ConditionExpr::Not(arg) => self.condition(arg, rule)?.map(|node| Node::Not(Box::new(node))),
            ConditionExpr::AtLeast { count, of } => Some(Node::AtLeast(*count, self.conditions(of, rule)?)),
            ConditionExpr::Detection(id) => match rule.detection(*id) {
                Some((_, detection)) => self.detection(detection, rule)?,
                None => None,
            },
            ConditionExpr::False => Some(Node::False),
            ConditionExpr::Nothing => None,
        })
    }

    fn conditions(&mut self, args: &[ConditionExpr], rule: &Rule) -> Result<Vec<Node>, Box<Diagnostic>> {
        let mut nodes = Vec::with_capacity(args.len());
        for arg in args {
            nodes.extend(self.condition(arg, rule)?);
        }
        Ok(nodes)
    }

    fn detection(&mut self, detection: &Detection, rule: &Rule) -> Result<Option<Node>, Box<Diagnostic>> {
        let mut nodes = Vec::with_capacity(detection.entries.len());
        for entry in &detection.entries {
            match entry {
                DetectionEntry::Item(item) => nodes.push(self.item(item, rule)?),
                DetectionEntry::Group(group) => nodes.extend(self.detection(group, rule)?),
            }
        }
        Ok(some_of(nodes, linked(detection.linking)))
    }

    fn item(&mut self, item: &DetectionItem, rule: &Rule) -> Result<Node, Box<Diagnostic>> {
        let field = item.field.as_deref().map_or(KEYWORDS, |name| self.atoms.field(name));
        let place = Place::new(item.field.is_some(), &item.modifiers, self.config);
        let mut nodes = Vec::with_capacity(item.values.len().max(1));
        if item.values.is_empty() {
            let test = place.test(&sigyn_ir::Value::Null);
            nodes.push(self.lower(field, test.map_err(|refused| explained(refused, item, rule))?, rule)?);
        }
        for value in &item.values {
            let test = place.test(value).map_err(|refused| explained(refused, item, rule))?;
            nodes.push(self.lower(field, test, rule)?);
        }
        let node = joined(nodes, linked(item.linking));
        Ok(if item.is_negated { Node::Not(Box::new(node)) } else { node })
    }

    fn lower(&mut self, field: FieldId, test: Test, rule: &Rule) -> Result<Node, Box<Diagnostic>> {
        let key = match test {
            Test::Any(tests) => {
                let nodes: Result<Vec<_>, _> =
                    tests.into_iter().map(|test| self.lower(field, test, rule)).collect();
                return Ok(joined(nodes?, Node::Or));
            }
            Test::Exists(false) => {
                let exists = self.lower(field, Test::Exists(true), rule)?;
                return Ok(Node::Not(Box::new(exists)));
            }
            Test::Exists(true) => Key::Exists,
            Test::Null => Key::Null,
            Test::Value(spec) => Key::Value(spec),
            Test::FieldRef { field: other, starts_with, ends_with, case } => {
                Key::FieldRef(self.atoms.field(&other), starts_with, ends_with, case)
            }
        };
        let limits = limits(self.config);
        self.atoms
            .atom(field, key, limits)
            .map(Node::Atom)
            .map_err(|error| refusal(&codes::engine::REGEX, &error, rule))
    }
}

pub(crate) fn limits(config: &Config) -> Limits {
    Limits { bytes_max: config.regex_bytes_max, backtrack_steps_max: config.backtrack_steps_max }
}

fn linked(linking: Linking) -> fn(Vec<Node>) -> Node {
    match linking {
        Linking::And => Node::And,
        Linking::Or => Node::Or,
    }
}

fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        Some(node) => {
            nodes.push(node);
            join(nodes)
        }
        None => join(nodes),
    }
}

fn some_of(nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Option<Node> {
    (!nodes.is_empty()).then(|| joined(nodes, join))
}

fn refusal(code: &'static Code, message: &str, rule: &Rule) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code, message.to_owned()).at(rule.span))
}

/// Why a value cannot be evaluated, at its place.
pub(crate) fn explained(refused: Refusal, item: &DetectionItem, _rule: &Rule) -> Box<Diagnostic> {
    let (code, message) = match refused {
        Refusal::Placeholder(name) => {
            (&codes::engine::PLACEHOLDER, format!("the placeholder `%{name}%` has no value"))
        }
        Refusal::Query(text) => (
            &codes::engine::QUERY_TEXT,
            format!("`{text}` is query text of a target, which the engine cannot run"),
        ),
        Refusal::NeedsField(what) => (&codes::engine::NEEDS_FIELD, format!("`{what}` needs a field")),
    };
    Box::new(Diagnostic::error(code, message).at(item.span))
}

impl Node {
    /// Calls `visit` for each atom.
    pub(crate) fn for_each_atom(&self, visit: &mut impl FnMut(AtomId)) {
        match self {
            Node::And(nodes) | Node::Or(nodes) | Node::AtLeast(_, nodes) => {
                nodes.iter().for_each(|node| node.for_each_atom(visit));
            }
            Node::Not(node) => node.for_each_atom(visit),
            Node::Atom(atom) => visit(*atom),
            Node::False => {}
        }
    }
}

impl Atoms {
    /// The fields that an atom reads, keywords aside.
    pub(crate) fn fields_of(&self, atom: AtomId) -> impl Iterator<Item = FieldId> {
        let atom = self.atoms.get(atom.0 as usize);
        let other = match atom {
            Some(Atom { kind: AtomKind::FieldRef { other, .. }, .. }) => Some(*other),
            _ => None,
        };
        atom.map(|atom| atom.field).into_iter().chain(other).filter(|field| *field != KEYWORDS)
    }
}
