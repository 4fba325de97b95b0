//! The engine under several strategies beside the reference evaluator, over whatever events there are.

use std::collections::HashMap;
use std::rc::Rc;

use sigyn_engine::{ClassId, Config, Engine, LogSources, Routing, Scratch};
use sigyn_event::Event;
use sigyn_ir::{ItemId, Rule, RuleItem, RuleSet};

use crate::evaluator::Evaluator;

/// A set of rules, compiled in several ways, and the evaluator beside it.
#[derive(Debug)]
pub struct Trial<'r> {
    rules: Vec<(ItemId, &'r Rule)>,
    evaluator: Evaluator<'r>,
    ways: Vec<Way>,
    /// For each class which of the rules read it.
    of_class: HashMap<ClassId, Rc<Vec<usize>>>,
    /// What was compared so far.
    pub counts: Counts,
}

#[derive(Debug)]
struct Way {
    name: &'static str,
    engine: Engine,
    scratch: Scratch,
    routing: Routing,
}

/// What was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Rules evaluated on events, each pair counted once per kind of routing.
    pub pairs: u64,
    /// Pairs that match.
    pub matches: u64,
    /// Verdicts of the engine that were held against the evaluator's: pairs times strategies.
    pub verdicts: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.pairs += other.pairs;
        self.matches += other.matches;
        self.verdicts += other.verdicts;
    }
}

/// Where the engine says something else than the evaluator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The strategy.
    pub strategy: &'static str,
    /// The rule.
    pub rule: ItemId,
    /// What the evaluator says.
    pub expected: bool,
}

impl<'r> Trial<'r> {
    /// Compiles a set under each configuration.
    ///
    /// # Errors
    /// A rule is refused under one configuration and not under another, or is refused though the evaluator can evaluate it, or
    /// the other way round.
    pub fn new(
        set: &'r RuleSet,
        sources: &LogSources,
        configs: Vec<(&'static str, Config)>,
    ) -> Result<Self, String> {
        let evaluator = Evaluator::default();
        let mut rules = Vec::new();
        let mut refused = Vec::new();
        for (item, id) in set.items.iter().zip((0..).map(ItemId)) {
            let RuleItem::Rule(rule) = item else { continue };
            match evaluator.check(rule) {
                Ok(()) => rules.push((id, rule)),
                Err(_) => refused.push(id),
            }
        }
        let mut ways = Vec::new();
        for (name, config) in configs {
            let routing = config.routing;
            let built = Engine::build(set, sources, config);
            let mut ids: Vec<ItemId> = built.refused.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            if ids != refused {
                return Err(format!("{name}: the engine refuses {ids:?}, the evaluator {refused:?}"));
            }
            let scratch = built.engine.scratch();
            ways.push(Way { name, engine: built.engine, scratch, routing });
        }
        Ok(Self { rules, evaluator, ways, of_class: HashMap::new(), counts: Counts::default() })
    }

    /// How many rules are compared.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// How many strategies there are.
    pub fn way_count(&self) -> usize {
        self.ways.len()
    }

    /// Compares the verdicts on an event under the strategies that `is_wanted` names by number.
    ///
    /// # Errors
    /// The first difference.
    pub fn event(
        &mut self,
        event: Event<'_>,
        is_wanted: &dyn Fn(usize) -> bool,
    ) -> Result<(), Difference> {
        self.counts.events += 1;
        let mut of_all: Option<Expected> = None;
        let mut of_class: Option<(Option<ClassId>, Expected)> = None;
        for at in 0..self.ways.len() {
            if !is_wanted(at) {
                continue;
            }
            let way = &mut self.ways[at];
            let (class, found) = way.engine.run(event, &mut way.scratch);
            // Two lists in the order of the set.
            let found: Vec<ItemId> = found.to_vec();
            let routing = way.routing;
            let expected = match routing {
                Routing::AllRules => {
                    if of_all.is_none() {
                        of_all = Some(self.over_all(event));
                    }
                    of_all.as_ref()
                }
                Routing::LogSource => {
                    if of_class.as_ref().is_none_or(|(known, _)| *known != class) {
                        let expected = self.over_class(event, class, at);
                        of_class = Some((class, expected));
                    }
                    of_class.as_ref().map(|(_, expected)| expected)
                }
            };
            let Some(expected) = expected else { continue };
            self.counts.verdicts += expected.pairs;
            if let Some((rule, expected)) = first_difference(&expected.matched, &found) {
                return Err(Difference { strategy: self.ways[at].name, rule, expected });
            }
        }
        Ok(())
    }

    /// Compares what the engine explains with what the evaluator says, for one rule.
    ///
    /// # Errors
    /// They differ.
    pub fn explain(&self, event: Event<'_>, rule: usize) -> Result<(), Difference> {
        let (Some(way), Some((id, rule))) = (self.ways.first(), self.rules.get(rule)) else { return Ok(()) };
        let expected = self.evaluator.evaluate(rule, event, &|_| Vec::new()).unwrap_or(false);
        if way.engine.explain(rule, event, None).matches != expected {
            return Err(Difference { strategy: "explained", rule: *id, expected });
        }
        Ok(())
    }

    fn over_all(&mut self, event: Event<'_>) -> Expected {
        let evaluation = self.evaluator.event(event, &|_| Vec::new());
        let matching = self.rules.iter().filter(|(_, rule)| evaluation.evaluate(rule).unwrap_or(false));
        let matched: Vec<ItemId> = matching.map(|(id, _)| *id).collect();
        self.counted(matched, self.rules.len())
    }

    /// The rules whose log source the class has, with the other names of fields that events of the class may have.
    fn over_class(&mut self, event: Event<'_>, class: Option<ClassId>, way: usize) -> Expected {
        let Some(class) = class else { return Expected { matched: Vec::new(), pairs: 0 } };
        let engine = &self.ways[way].engine;
        let rules = &self.rules;
        let readers = self.of_class.entry(class).or_insert_with(|| {
            let is_read = |rule: &Rule| {
                engine.class_sources(class).iter().any(|source| rule.logsource.covers(source))
            };
            Rc::new((0..rules.len()).filter(|at| is_read(rules[*at].1)).collect())
        });
        let readers = readers.clone();
        let aliases = |field: &str| {
            let names = engine.field_names(Some(class), field);
            names.into_iter().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let evaluation = self.evaluator.event(event, &aliases);
        let matching = readers.iter().filter(|at| evaluation.evaluate(rules[**at].1).unwrap_or(false));
        let matched: Vec<ItemId> = matching.map(|at| rules[*at].0).collect();
        self.counted(matched, readers.len())
    }

    fn counted(&mut self, matched: Vec<ItemId>, pairs: usize) -> Expected {
        let pairs = pairs as u64;
        self.counts.pairs += pairs;
        self.counts.matches += matched.len() as u64;
        Expected { matched, pairs }
    }
}

/// Which rules must match.
struct Expected {
    matched: Vec<ItemId>,
    pairs: u64,
}

/// The first rule of which one list says something else than the other; whether it is expected.
fn first_difference(expected: &[ItemId], found: &[ItemId]) -> Option<(ItemId, bool)> {
    let at = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
    match (expected.get(at), found.get(at)) {
        (None, None) => None,
        (Some(expected), Some(found)) if found < expected => Some((*found, false)),
        (Some(expected), _) => Some((*expected, true)),
        (None, Some(found)) => Some((*found, false)),
    }
}
