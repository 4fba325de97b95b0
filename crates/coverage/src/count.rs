//! Rules counted by technique, tactic and log source.

use std::collections::{BTreeMap, BTreeSet};

use sigyn_attack::TACTICS;
use sigyn_ir::{Level, LogSource, RuleItem};

use crate::{Catalogue, TechniqueId};

/// Levels, and one place more for rules without.
const PLACES: usize = Level::ALL.len() + 1;

/// Numbers of rules by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels([usize; PLACES]);

impl Levels {
    /// Names of the levels, severest first; `none` for rules without one is the last.
    pub const NAMES: [&'static str; PLACES] = ["critical", "high", "medium", "low", "informational", "none"];

    fn add(&mut self, level: Option<Level>) {
        self.0[place(level)] += 1;
    }

    /// The numbers, in the order of the names.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> + Clone + use<> {
        Self::NAMES.into_iter().zip(self.0)
    }

    /// All rules.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The name of the severest level that has rules.
    pub fn severest(&self) -> Option<&'static str> {
        self.counts().find(|(_, count)| *count > 0).map(|(name, _)| name)
    }

    /// `3 high, 9 medium`.
    pub fn to_text(&self) -> String {
        let some = self.counts().filter(|(_, count)| *count > 0);
        some.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    }
}

/// The place of a level, severest first.
fn place(level: Option<Level>) -> usize {
    let from_top = |level| Level::ALL.iter().rev().position(|other| *other == level);
    level.and_then(from_top).unwrap_or(PLACES - 1)
}

/// A rule, as far as coverage goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// Title; never empty.
    pub title: String,
    /// UUID, if it has one.
    pub id: Option<String>,
    /// Severity.
    pub level: Option<Level>,
    /// Product, category and service with slashes between, as far as the rule names them.
    pub source: String,
    /// The techniques that its tags name, each once.
    pub techniques: BTreeSet<TechniqueId>,
}

impl RuleLine {
    fn of(item: &RuleItem) -> Self {
        let meta = item.meta();
        let tags = meta.tags.iter().filter(|tag| tag.namespace.eq_ignore_ascii_case("attack"));
        Self {
            title: if meta.title.is_empty() { "(untitled)".to_owned() } else { meta.title.clone() },
            id: meta.id.clone(),
            level: meta.level,
            source: match item {
                RuleItem::Rule(rule) => source_name(&rule.logsource),
                RuleItem::Correlation(_) => "(correlation)".to_owned(),
            },
            techniques: tags.filter_map(|tag| TechniqueId::parse(&tag.name)).collect(),
        }
    }

    /// The level's name; `none` for a rule without.
    pub fn level_name(&self) -> &'static str {
        Levels::NAMES[place(self.level)]
    }
}

fn source_name(source: &LogSource) -> String {
    let parts = [&source.product, &source.category, &source.service];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() { "(any)".to_owned() } else { parts.join("/") }
}

/// Rules of one log source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceLine {
    /// All rules of the log source, those without techniques too.
    pub levels: Levels,
    /// The techniques that they name.
    pub techniques: BTreeSet<TechniqueId>,
}

/// Rules of one tactic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TacticLine {
    /// Short name; empty for techniques of which no tactic is known.
    pub name: String,
    /// Rules that name a technique of the tactic, each once.
    pub levels: Levels,
    /// Techniques and sub-techniques that have rules.
    pub covered: usize,
    /// Those that ATT&CK has, and those of other versions that have rules.
    pub known: usize,
}

/// What a rule set tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    rules: Vec<RuleLine>,
    /// The rules that name a technique, by their places, in the order of the set.
    techniques: BTreeMap<TechniqueId, Vec<usize>>,
}

impl Coverage {
    /// Counts rules and correlations.
    pub fn of<'r>(items: impl IntoIterator<Item = &'r RuleItem>) -> Self {
        let rules: Vec<RuleLine> = items.into_iter().map(RuleLine::of).collect();
        let mut techniques: BTreeMap<TechniqueId, Vec<usize>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for id in &rule.techniques {
                techniques.entry(id.clone()).or_default().push(at);
            }
        }
        Self { rules, techniques }
    }

    /// All rules.
    pub fn rules(&self) -> &[RuleLine] {
        &self.rules
    }

    /// How many rules name no technique.
    pub fn untagged(&self) -> usize {
        self.rules.iter().filter(|rule| rule.techniques.is_empty()).count()
    }

    /// The techniques that have rules, in order, with numbers of rules.
    pub fn techniques(&self) -> impl Iterator<Item = (&TechniqueId, Levels)> {
        self.techniques.iter().map(|(id, rules)| (id, self.levels(rules.iter().copied())))
    }

    /// The rules that name a technique.
    pub fn rules_for(&self, id: &TechniqueId) -> impl Iterator<Item = &RuleLine> + Clone {
        self.techniques.get(id).into_iter().flatten().filter_map(|at| self.rules.get(*at))
    }

    /// Numbers of the rules that name a technique.
    pub fn count(&self, id: &TechniqueId) -> Levels {
        self.levels(self.techniques.get(id).into_iter().flatten().copied())
    }

    /// Numbers of the rules that name a technique or one of its sub-techniques, each rule once.
    pub fn count_with_subs(&self, id: &TechniqueId) -> Levels {
        let rules: BTreeSet<usize> = self.family(id).flat_map(|(_, rules)| rules.iter().copied()).collect();
        self.levels(rules.into_iter())
    }

    /// A technique and its sub-techniques, as far as they have rules.
    fn family(&self, id: &TechniqueId) -> impl Iterator<Item = (&TechniqueId, &Vec<usize>)> {
        let is_of = move |other: &TechniqueId| other == id || other.parent().as_ref() == Some(id);
        self.techniques.range(id.clone()..).take_while(move |(other, _)| is_of(other))
    }

    /// Whether a sub-technique of a technique has rules.
    pub(crate) fn has_subs(&self, id: &TechniqueId) -> bool {
        self.family(id).any(|(other, _)| other != id)
    }

    /// Log sources, in order of their names.
    pub fn sources(&self) -> BTreeMap<&str, SourceLine> {
        let mut sources: BTreeMap<&str, SourceLine> = BTreeMap::new();
        for rule in &self.rules {
            let line = sources.entry(rule.source.as_str()).or_default();
            line.levels.add(rule.level);
            line.techniques.extend(rule.techniques.iter().cloned());
        }
        sources
    }

    /// Tactics in the order of an intrusion. A technique of several tactics counts for each of them.
    pub fn tactics(&self, catalogue: &Catalogue) -> Vec<TacticLine> {
        let all = catalogue.all();
        let mut lines = Vec::new();
        for name in TACTICS.iter().copied().chain([""]) {
            let is_in = |id: &TechniqueId| match catalogue.tactics(id) {
                [] => name.is_empty(),
                tactics => tactics.iter().any(|tactic| tactic == name),
            };
            let covered: Vec<_> = self.techniques.iter().filter(|(id, _)| is_in(id)).collect();
            let known = all.iter().filter(|id| is_in(id) && !self.techniques.contains_key(*id)).count();
            if covered.is_empty() && known == 0 {
                continue;
            }
            let rules: BTreeSet<usize> =
                covered.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
            lines.push(TacticLine {
                name: name.to_owned(),
                levels: self.levels(rules.into_iter()),
                covered: covered.len(),
                known: known + covered.len(),
            });
        }
        lines
    }

    fn levels(&self, rules: impl Iterator<Item = usize>) -> Levels {
        let mut levels = Levels::default();
        rules.filter_map(|at| self.rules.get(at)).for_each(|rule| levels.add(rule.level));
        levels
    }
}
