//! What is wanted, and what of it is not there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{Coverage, TechniqueId};

/// What a rule set is held against.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Techniques.
    Techniques(BTreeSet<TechniqueId>),
    /// What other rules tell of.
    Rules(Box<Coverage>),
}

impl Wanted {
    /// The techniques that a text names: a list, a table, a report, or a layer of ATT&CK Navigator. Of a layer, those count
    /// that are enabled and marked in some way (score, colour or comment): Navigator also writes down others.
    pub fn in_text(text: &str) -> Self {
        let layer = serde_json::from_str::<Value>(text).ok();
        let marked = layer.as_ref().and_then(|layer| layer.get("techniques")?.as_array()).map(|list| {
            let ids = list.iter().filter(|one| is_marked(one)).filter_map(|one| one.get("techniqueID"));
            ids.filter_map(|id| TechniqueId::parse(id.as_str()?)).collect::<BTreeSet<_>>()
        });
        Self::Techniques(marked.unwrap_or_else(|| TechniqueId::all_in(text)))
    }

    /// All techniques that are wanted.
    pub fn techniques(&self) -> BTreeSet<TechniqueId> {
        match self {
            Self::Techniques(techniques) => techniques.clone(),
            Self::Rules(rules) => rules.techniques().map(|(id, _)| id.clone()).collect(),
        }
    }
}

fn is_marked(technique: &Value) -> bool {
    let has_text = |key| technique.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    technique.get("enabled") != Some(&Value::Bool(false))
        && (technique.get("score").is_some_and(Value::is_number) || has_text("color") || has_text("comment"))
}

/// How far a technique is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing tells of it.
    Missing,
    /// Rules name the technique above it, not the sub-technique.
    ParentOnly,
    /// Rules name sub-techniques of it, not the technique.
    SubTechniquesOnly,
    /// Rules name it.
    Covered,
}

impl State {
    /// For people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::ParentOnly => "parent only",
            Self::SubTechniquesOnly => "sub-techniques only",
            Self::Covered => "covered",
        }
    }
}

/// A technique that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The technique.
    pub id: TechniqueId,
    /// How far it is covered.
    pub state: State,
    /// How many rules name it.
    pub rules: usize,
    /// How many of the other rules do, where rules are compared.
    pub others: Option<usize>,
}

/// Everything that is wanted, in order, and how far it is there.
pub fn gaps(own: &Coverage, wanted: &Wanted) -> Vec<Gap> {
    let others = |id: &TechniqueId| match wanted {
        Wanted::Techniques(_) => None,
        Wanted::Rules(others) => Some(others.count(id).total()),
    };
    let line = |id: TechniqueId| {
        let rules = own.count(&id).total();
        let has_parent = || id.parent().is_some_and(|parent| own.count(&parent).total() > 0);
        let state = match rules {
            1.. => State::Covered,
            0 if own.has_subs(&id) => State::SubTechniquesOnly,
            0 if has_parent() => State::ParentOnly,
            0 => State::Missing,
        };
        Gap { others: others(&id), id, state, rules }
    };
    wanted.techniques().into_iter().map(line).collect()
}

/// For each log source that either side reads, the techniques that only the other rules name for it.
pub fn source_gaps<'a>(own: &'a Coverage, others: &'a Coverage) -> BTreeMap<&'a str, BTreeSet<TechniqueId>> {
    let own = own.sources();
    let mut missing: BTreeMap<&str, BTreeSet<TechniqueId>> =
        own.keys().map(|name| (*name, BTreeSet::new())).collect();
    for (name, line) in others.sources() {
        let known = own.get(name).map(|line| &line.techniques);
        let is_new = |id: &TechniqueId| !known.is_some_and(|known| known.contains(id));
        missing.insert(name, line.techniques.into_iter().filter(is_new).collect());
    }
    missing
}
