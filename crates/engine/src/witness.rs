//! What wakes a rule: the cheapest set of literals of which one must be in the event for the rule to match.

use std::collections::HashMap;

use crate::config::Config;
use crate::fold::fold;
use crate::pattern::{Case, Glob, Pattern, Piece, Segment};
use crate::program::{AtomId, Atoms, FieldId, KEYWORDS, Node};
use crate::regexes;
use crate::spec::Spec;

/// Where in a text a literal must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Anchor {
    Whole,
    Front,
    Back,
    Anywhere,
}

/// Something that can be found in a field without evaluating the rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Witness {
    /// A folded literal.
    Literal(FieldId, Anchor, Box<str>),
    /// An atom that has no literal: it is evaluated on each value of its field.
    Atom(FieldId, AtomId),
}

/// What each rule can be woken by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wake {
    /// One of these must be there.
    By(Vec<Witness>),
    /// Nothing that could be looked for must be there: the rule is always evaluated.
    Always,
    /// It cannot match.
    Never,
}

/// Estimates how often a witness is met: from the shape and length of literals, and from how many rules look for
/// them, because authors write about what is common.
pub(crate) struct Costs {
    uses: HashMap<Witness, u32>,
}

/// A set of witnesses with its cost.
struct Choice {
    cost: f64,
    witnesses: Vec<Witness>,
}

pub(crate) struct Chooser<'a> {
    pub(crate) atoms: &'a Atoms,
    pub(crate) config: &'a Config,
    pub(crate) costs: &'a Costs,
}

impl Costs {
    pub(crate) fn new(rules: &[&Node], atoms: &Atoms, config: &Config) -> Self {
        let mut costs = Self { uses: HashMap::new() };
        for rule in rules {
            costs.count(rule, atoms, config);
        }
        costs
    }

    fn count(&mut self, node: &Node, atoms: &Atoms, config: &Config) {
        match node {
            Node::And(nodes) | Node::Or(nodes) | Node::AtLeast(_, nodes) => {
                nodes.iter().for_each(|node| self.count(node, atoms, config));
            }
            Node::Not(node) => self.count(node, atoms, config),
            Node::Atom(atom) => {
                for witness in of_atom(*atom, atoms, config).into_iter().flatten() {
                    *self.uses.entry(witness).or_default() += 1;
                }
            }
            Node::False => {}
        }
    }

    fn cost(&self, witness: &Witness) -> f64 {
        let uses = f64::from(self.uses.get(witness).copied().unwrap_or(0));
        match witness {
            // Evaluated on each value, whether or not it then wakes the rule.
            Witness::Atom(..) => 0.2,
            Witness::Literal(field, anchor, literal) => {
                let rarity = match (anchor, literal.len()) {
                    (Anchor::Whole, 0) => 0.2,
                    (Anchor::Whole, 1..=2) => 0.05,
                    (Anchor::Whole, _) => 0.002,
                    (_, 0..=3) => 0.1,
                    (_, 4..=5) => 0.02,
                    (_, 6..=8) => 0.005,
                    _ => 0.001,
                };
                let everywhere = if *field == KEYWORDS { 4.0 } else { 1.0 };
                everywhere * (rarity + 0.000_4 * uses)
            }
        }
    }
}

impl Chooser<'_> {
    pub(crate) fn wake(&self, rule: &Node) -> Wake {
        match self.choose(rule, Sign::Plain) {
            Found::Choice(choice) => Wake::By(choice.witnesses),
            Found::Always => Wake::Always,
            Found::Never => Wake::Never,
        }
    }

    fn choose(&self, node: &Node, sign: Sign) -> Found {
        match (node, sign) {
            (Node::False, Sign::Plain) => Found::Never,
            (Node::False, Sign::Negated) => Found::Always,
            (Node::Not(node), sign) => self.choose(node, sign.flipped()),
            (Node::And(nodes), Sign::Plain) | (Node::Or(nodes), Sign::Negated) => self.cheapest(nodes, sign),
            (Node::Or(nodes), Sign::Plain) | (Node::And(nodes), Sign::Negated) => self.all(nodes, sign),
            (Node::AtLeast(0, _), Sign::Plain) => Found::Always,
            // If `count` must hold, one must.
            (Node::AtLeast(_, nodes), Sign::Plain) => self.all(nodes, sign),
            (Node::AtLeast(..) | Node::Atom(_), Sign::Negated) => Found::Always,
            (Node::Atom(atom), Sign::Plain) => match of_atom(*atom, self.atoms, self.config) {
                Some(witnesses) => {
                    let cost = witnesses.iter().map(|witness| self.costs.cost(witness)).sum();
                    Found::Choice(Choice { cost, witnesses })
                }
                None => Found::Always,
            },
        }
    }

    fn cheapest(&self, nodes: &[Node], sign: Sign) -> Found {
        let mut best: Option<Choice> = None;
        for node in nodes {
            match self.choose(node, sign) {
                Found::Never => return Found::Never,
                Found::Always => {}
                Found::Choice(choice) => {
                    if best.as_ref().is_none_or(|best| choice.cost < best.cost) {
                        best = Some(choice);
                    }
                }
            }
        }
        best.map_or(Found::Always, Found::Choice)
    }

    fn all(&self, nodes: &[Node], sign: Sign) -> Found {
        let mut all = Choice { cost: 0.0, witnesses: Vec::new() };
        for node in nodes {
            match self.choose(node, sign) {
                Found::Never => {}
                Found::Always => return Found::Always,
                Found::Choice(choice) => {
                    all.cost += choice.cost;
                    for witness in choice.witnesses {
                        if !all.witnesses.contains(&witness) {
                            all.witnesses.push(witness);
                        }
                    }
                }
            }
        }
        if all.witnesses.is_empty() { Found::Never } else { Found::Choice(all) }
    }
}

enum Found {
    Choice(Choice),
    Always,
    Never,
}

/// Whether an odd number of negations stands above.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Negated,
}

impl Sign {
    fn flipped(self) -> Self {
        if self == Sign::Plain { Sign::Negated } else { Sign::Plain }
    }
}

/// One of these is met whenever the atom holds; none if it can hold without any value.
fn of_atom(atom: AtomId, atoms: &Atoms, config: &Config) -> Option<Vec<Witness>> {
    let at = atom.0 as usize;
    let field = atoms.atoms.get(at)?.field;
    let spec = atoms.specs.get(at)?.as_ref()?;
    let literal = |anchor, literal: &str| Some(vec![Witness::Literal(field, anchor, literal.into())]);
    let direct = || Some(vec![Witness::Atom(field, atom)]);
    match spec {
        Spec::Text(pattern, case) => {
            let folded = |text: &str| if *case == Case::Sensitive { fold(text) } else { text.to_owned() };
            match pattern {
                Pattern::Any => direct(),
                Pattern::Exact(text) => literal(Anchor::Whole, &folded(text)),
                Pattern::Prefix(text) => literal(Anchor::Front, &folded(text)),
                Pattern::Suffix(text) => literal(Anchor::Back, &folded(text)),
                Pattern::Contains(text) => literal(Anchor::Anywhere, &folded(text)),
                Pattern::Glob(glob) => match of_glob(glob) {
                    Some((anchor, text)) => literal(anchor, &folded(text)),
                    None => direct(),
                },
            }
        }
        Spec::Regex(source) if config.regex_literals.is_on() => match regexes::literals(source) {
            Some(literals) => Some(
                literals
                    .into_iter()
                    .map(|text| Witness::Literal(field, Anchor::Anywhere, text.into()))
                    .collect(),
            ),
            None => direct(),
        },
        _ => direct(),
    }
}

/// The literal that an atom is about, if it says nothing but that the literal is there.
pub(crate) fn just_literal(atom: AtomId, atoms: &Atoms) -> Option<(FieldId, Anchor, &str)> {
    let at = atom.0 as usize;
    let field = atoms.atoms.get(at)?.field;
    let Some(Spec::Text(pattern, Case::Insensitive)) = atoms.specs.get(at)?.as_ref() else { return None };
    match pattern {
        Pattern::Exact(text) => Some((field, Anchor::Whole, text)),
        Pattern::Prefix(text) => Some((field, Anchor::Front, text)),
        Pattern::Suffix(text) => Some((field, Anchor::Back, text)),
        Pattern::Contains(text) => Some((field, Anchor::Anywhere, text)),
        Pattern::Any | Pattern::Glob(_) => None,
    }
}

/// The longest text in a pattern.
fn of_glob(glob: &Glob) -> Option<(Anchor, &str)> {
    let mut best: Option<(Anchor, &str)> = None;
    for (segment, place) in segments(glob) {
        let last = segment.len().saturating_sub(1);
        for (at, piece) in segment.iter().enumerate() {
            let Piece::Text(text) = piece else { continue };
            let anchor = match place {
                SegmentPlace::First if at == 0 => Anchor::Front,
                SegmentPlace::Last if at == last => Anchor::Back,
                _ => Anchor::Anywhere,
            };
            if best.is_none_or(|(_, longest)| text.len() > longest.len()) {
                best = Some((anchor, text));
            }
        }
    }
    best
}

#[derive(Clone, Copy)]
enum SegmentPlace {
    First,
    Middle,
    Last,
}

fn segments(glob: &Glob) -> impl Iterator<Item = (&Segment, SegmentPlace)> {
    std::iter::once((&glob.first, SegmentPlace::First))
        .chain(glob.middle.iter().map(|segment| (segment, SegmentPlace::Middle)))
        .chain(glob.last.iter().map(|segment| (segment, SegmentPlace::Last)))
}
