//! Rules that repeat each other: the same logic under other names, one rule contained in another, and rules that differ
//! in little.
//!
//! All three are told from the lowered rules, brought into one form that knows no order, no names and no modifiers. What
//! is said of the same and of the contained is sound: every event that one matches, the other matches too. It is not
//! complete, because that would mean to prove any two expressions equal.
//!
//! No rule is compared with all others. For the contained, each rule names the rarest of its parts of which one must hold;
//! only rules from whose comparisons one of these follows can be contained in it. For the near, two sets that share most of
//! what they hold share one of their rarest elements.

mod cover;
mod form;
mod told;

use std::collections::{BTreeSet, HashMap, HashSet};

use sigyn_ir::{LogSource, RuleItem, RuleSet};

use self::cover::Cover;
use self::form::{Atoms, Form};
pub use self::told::REPEATS;

/// Of all comparisons that two rules make, how many hundredths they must share to be near.
pub const NEAR_PERCENT: usize = 80;
/// Comparisons that a rule must make to be near another: of rules with fewer, single words decide.
const NEAR_ATOMS_MIN: usize = 3;

/// How one rule repeats another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// They match the same events.
    Same,
    /// Whatever the first matches, the second matches too.
    Contained,
    /// They share so many hundredths of their comparisons.
    Near(usize),
}

/// Two rules of which one repeats the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The first rule's place in the set; of two that are the same or near, the one that comes first.
    pub first: usize,
    /// The second rule's place.
    pub second: usize,
    /// How.
    pub repeat: Repeat,
    /// Comparisons that only the first makes, as `field: value`, `not` before negated ones.
    pub only_first: Vec<String>,
    /// Comparisons that only the second makes.
    pub only_second: Vec<String>,
}

/// A rule, ready to be compared.
struct Ready<'r> {
    at: usize,
    source: &'r LogSource,
    form: Form,
    /// Everything that it compares, in order.
    leaves: Vec<Leaf>,
}

/// A comparison by its number, and whether it is negated.
type Leaf = (u32, bool);

/// All pairs, the same before the contained before the near, then by place. Correlations are not compared.
pub fn duplicates(set: &RuleSet) -> Vec<Pair> {
    let mut atoms = Atoms::default();
    let mut rules = Vec::new();
    for (at, item) in set.items.iter().enumerate() {
        let RuleItem::Rule(rule) = item else { continue };
        let form = atoms.form(rule);
        let mut leaves = BTreeSet::new();
        form.leaves(&mut leaves);
        if !leaves.is_empty() {
            rules.push(Ready { at, source: &rule.logsource, form, leaves: leaves.into_iter().collect() });
        }
    }
    let search = Search { cover: Cover::of(&atoms), atoms, rules };
    let mut seen = HashSet::new();
    let mut pairs = search.same(&mut seen);
    pairs.extend(search.contained(&mut seen));
    pairs.extend(search.near(&mut seen));
    pairs
}

struct Search<'r> {
    atoms: Atoms,
    cover: Cover,
    rules: Vec<Ready<'r>>,
}

impl Search<'_> {
    fn same(&self, seen: &mut HashSet<(usize, usize)>) -> Vec<Pair> {
        let mut groups: HashMap<(String, &Form), Vec<usize>> = HashMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let LogSource { category, product, service, .. } = rule.source;
            let source = format!("{category:?} {product:?} {service:?}");
            groups.entry((source, &rule.form)).or_default().push(at);
        }
        let mut found: Vec<(usize, usize)> = Vec::new();
        for group in groups.into_values() {
            // Each with the first is enough to read; all pairs are known, so that they are told once.
            for (nth, one) in group.iter().enumerate() {
                group[nth + 1..].iter().for_each(|other| {
                    seen.insert((*one, *other));
                });
                found.extend((nth > 0).then_some((group[0], *one)));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(one, other)| self.pair(one, other, Repeat::Same)).collect()
    }

    fn contained(&self, seen: &mut HashSet<(usize, usize)>) -> Vec<Pair> {
        let mut uses: HashMap<u32, usize> = HashMap::new();
        for rule in &self.rules {
            rule.leaves.iter().for_each(|(atom, _)| *uses.entry(*atom).or_default() += 1);
        }
        let mut by_witness: HashMap<u32, Vec<usize>> = HashMap::new();
        for (at, rule) in self.rules.iter().enumerate() {
            for atom in rule.form.witness(&uses).unwrap_or_default() {
                by_witness.entry(atom).or_default().push(at);
            }
        }
        let mut pairs = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let held = rule.leaves.iter().filter(|(_, is_negated)| !is_negated);
            let wide: BTreeSet<usize> = held
                .flat_map(|(atom, _)| self.cover.above(*atom))
                .filter_map(|atom| by_witness.get(atom))
                .flatten()
                .copied()
                .collect();
            for wide in wide {
                let key = (at.min(wide), at.max(wide));
                let general = &self.rules[wide];
                if wide != at
                    && !seen.contains(&key)
                    && general.source.covers(rule.source)
                    && rule.form.follows_to(&general.form, &self.cover)
                {
                    seen.insert(key);
                    let is_both = rule.source.covers(general.source)
                        && general.form.follows_to(&rule.form, &self.cover);
                    let repeat = if is_both { Repeat::Same } else { Repeat::Contained };
                    pairs.push(self.pair(at, wide, repeat));
                }
            }
        }
        pairs.sort_by_key(|pair| pair.repeat);
        pairs
    }

    fn near(&self, seen: &mut HashSet<(usize, usize)>) -> Vec<Pair> {
        let mut uses: HashMap<Leaf, usize> = HashMap::new();
        for rule in &self.rules {
            rule.leaves.iter().for_each(|leaf| *uses.entry(*leaf).or_default() += 1);
        }
        let mut by_leaf: HashMap<Leaf, Vec<usize>> = HashMap::new();
        let mut pairs = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let len = rule.leaves.len();
            if len < NEAR_ATOMS_MIN {
                continue;
            }
            let mut rarest = rule.leaves.clone();
            rarest.sort_by_key(|leaf| (uses.get(leaf).copied(), *leaf));
            // Two sets that share this part of their union share one of so many elements that come first in one order.
            rarest.truncate(len - (len * NEAR_PERCENT).div_ceil(100) + 1);
            let known = rarest.iter().filter_map(|leaf| by_leaf.get(leaf));
            let others: BTreeSet<usize> = known.flatten().copied().collect();
            for other in others {
                let source = self.rules[other].source;
                let percent = shared_percent(&self.rules[other].leaves, &rule.leaves);
                if percent >= NEAR_PERCENT
                    && (source.covers(rule.source) || rule.source.covers(source))
                    && seen.insert((other, at))
                {
                    pairs.push(self.pair(other, at, Repeat::Near(percent)));
                }
            }
            for leaf in rarest {
                by_leaf.entry(leaf).or_default().push(at);
            }
        }
        pairs.sort_by_key(|pair| (pair.first, pair.second));
        pairs
    }

    fn pair(&self, one: usize, other: usize, repeat: Repeat) -> Pair {
        let (one, other) = (&self.rules[one], &self.rules[other]);
        let only = |these: &[Leaf], those: &[Leaf]| -> Vec<String> {
            let missing = these.iter().filter(|leaf| those.binary_search(leaf).is_err());
            let text = |(atom, is_negated): &Leaf| {
                let text = self.atoms.text(*atom);
                if *is_negated { format!("not {text}") } else { text }
            };
            missing.map(text).collect()
        };
        Pair {
            first: one.at,
            second: other.at,
            repeat,
            only_first: only(&one.leaves, &other.leaves),
            only_second: only(&other.leaves, &one.leaves),
        }
    }
}

/// Which part of their union two ordered lists share, in hundredths, rounded down.
fn shared_percent(one: &[Leaf], other: &[Leaf]) -> usize {
    let shared = one.iter().filter(|leaf| other.binary_search(leaf).is_ok()).count();
    shared * 100 / (one.len() + other.len() - shared).max(1)
}

#[cfg(test)]
mod tests;
