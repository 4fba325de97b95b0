//! What wakes a rule: the cheapest set of literals of which one must be in the event for the rule to match.

use std::collections::HashMap;

use crate::config::Config;
use crate::fold::fold;
use crate::hash::QuickState;
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

/// A witness by its number.
pub(crate) type WitnessId = u32;

/// What each rule can be woken by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wake {
    /// One of these must be there.
    By(Vec<WitnessId>),
    /// Nothing that could be looked for must be there: the rule is always evaluated.
    Always,
    /// It cannot match.
    Never,
}

/// Fields of few values: one of them is met too often to be a good witness.
const FEW_VALUES: &[&str] = &[
    "Channel",
    "Company",
    "EventID",
    "Initiated",
    "IntegrityLevel",
    "LogonId",
    "LogonType",
    "Protocol",
    "Provider_Name",
    "SignatureStatus",
    "Signed",
    "SubjectLogonId",
    "TokenElevationType",
];

/// What most paths and command lines of Windows hold; a literal within one of them is met often.
const EVERYWHERE: &[&str] = &[
    ".dll",
    ".exe",
    "c:\\program files (x86)\\",
    "c:\\program files\\",
    "c:\\programdata\\",
    "c:\\users\\",
    "c:\\windows\\system32\\",
    "c:\\windows\\syswow64\\",
    "microsoft corporation",
    "\\appdata\\local\\temp\\",
];

/// What meeting a common witness costs.
const COMMON: f64 = 0.15;

/// The witnesses of all atoms, each once.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    all: Vec<Witness>,
    /// For each atom: one of these is met whenever it holds; none if it can hold without any value.
    of_atom: Vec<Option<Vec<WitnessId>>>,
    /// For each witness the atom that says just that it is there.
    just: Vec<Option<AtomId>>,
    /// How often rules name each: authors write about what is common.
    uses: Vec<u32>,
    /// For each field whether it has few values.
    few_values: Vec<bool>,
}

impl Witnesses {
    pub(crate) fn new<'n>(atoms: &Atoms, rules: impl Iterator<Item = &'n Node>, config: &Config) -> Self {
        let few_values = atoms.fields.iter().map(|field| FEW_VALUES.contains(&field.name())).collect();
        let mut witnesses = Self { few_values, ..Self::default() };
        let mut ids: HashMap<Witness, WitnessId, QuickState> = HashMap::default();
        for at in (0..atoms.atoms.len()).filter_map(|at| u32::try_from(at).ok()) {
            let of_atom = of_atom(AtomId(at), atoms, config).map(|found| {
                let mut numbers: Vec<_> = found
                    .into_iter()
                    .map(|witness| *ids.entry(witness).or_insert_with_key(|witness| witnesses.add(witness)))
                    .collect();
                numbers.sort_unstable();
                numbers.dedup();
                numbers
            });
            if let (Some([only]), true) = (of_atom.as_deref(), is_just_literal(AtomId(at), atoms))
                && let Some(just) = witnesses.just.get_mut(*only as usize)
            {
                *just = Some(AtomId(at));
            }
            witnesses.of_atom.push(of_atom);
        }
        for rule in rules {
            rule.for_each_atom(&mut |atom| {
                let numbers = witnesses.of_atom.get(atom.0 as usize).and_then(Option::as_ref);
                for number in numbers.into_iter().flatten() {
                    if let Some(uses) = witnesses.uses.get_mut(*number as usize) {
                        *uses += 1;
                    }
                }
            });
        }
        witnesses
    }

    fn add(&mut self, witness: &Witness) -> WitnessId {
        self.all.push(witness.clone());
        self.just.push(None);
        self.uses.push(0);
        WitnessId::try_from(self.all.len() - 1).unwrap_or(WitnessId::MAX)
    }

    pub(crate) fn get(&self, id: WitnessId) -> Option<&Witness> {
        self.all.get(id as usize)
    }

    /// The atom that says just that a witness is there.
    pub(crate) fn just(&self, id: WitnessId) -> Option<AtomId> {
        self.just.get(id as usize).copied().flatten()
    }

    /// Estimates how often a witness is met: from the shape and length of literals, and from how many rules look for
    /// them.
    fn cost(&self, id: WitnessId) -> f64 {
        let uses = f64::from(self.uses.get(id as usize).copied().unwrap_or(0));
        match self.get(id) {
            // Evaluated on each value, whether or not it then wakes the rule.
            None | Some(Witness::Atom(..)) => 0.2,
            Some(Witness::Literal(field, anchor, literal)) => {
                let has_few_values = self.few_values.get(field.0 as usize).copied().unwrap_or(false);
                let rarity = match (anchor, literal.len()) {
                    (Anchor::Whole, _) if has_few_values => COMMON,
                    (Anchor::Front | Anchor::Back | Anchor::Anywhere, _)
                        if EVERYWHERE.iter().any(|text| text.contains(&**literal)) =>
                    {
                        COMMON
                    }
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

    /// What wakes a rule.
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
            (Node::Atom(atom), Sign::Plain) => match self.of_atom.get(atom.0 as usize) {
                Some(Some(witnesses)) => {
                    let cost = witnesses.iter().map(|witness| self.cost(*witness)).sum();
                    Found::Choice(Choice { cost, witnesses: witnesses.clone() })
                }
                _ => Found::Always,
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
                    all.witnesses.extend(choice.witnesses);
                }
            }
        }
        all.witnesses.sort_unstable();
        all.witnesses.dedup();
        if all.witnesses.is_empty() { Found::Never } else { Found::Choice(all) }
    }
}

/// A set of witnesses with its cost.
struct Choice {
    cost: f64,
    witnesses: Vec<WitnessId>,
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

/// Whether an atom says nothing but that its only witness, a literal, is there.
fn is_just_literal(atom: AtomId, atoms: &Atoms) -> bool {
    let spec = atoms.specs.get(atom.0 as usize).and_then(Option::as_ref);
    match spec {
        Some(Spec::Text(pattern, Case::Insensitive)) => !matches!(pattern, Pattern::Any | Pattern::Glob(_)),
        _ => false,
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
