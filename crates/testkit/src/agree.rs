//! The engine under several strategies beside the reference evaluator, over whatever events there are.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use sigyn_engine::{ClassId, Config, Engine, LogSources, Routing, Scratch};
use sigyn_event::Event;
use sigyn_ir::{ItemId, Rule, RuleItem, RuleSet, Value};

use crate::evaluator::{Aliases, Evaluator, Further};

/// A set of rules, compiled in several ways. Shared between threads.
#[derive(Debug)]
pub struct Ways<'r> {
    set: &'r RuleSet,
    ways: Vec<Way>,
    refused: Vec<ItemId>,
}

#[derive(Debug)]
struct Way {
    name: String,
    engine: Engine,
    routing: Routing,
}

/// A class of events and a hash of what they say.
type Question = (Option<ClassId>, [u64; 2]);

/// One thread's comparison.
#[derive(Debug)]
pub struct Trial<'r> {
    ways: &'r Ways<'r>,
    scratches: Vec<Scratch>,
    rules: Vec<(ItemId, &'r Rule)>,
    /// For each of the rules whether it looks for keywords.
    has_keywords: Vec<bool>,
    /// Every field that the others read.
    fields: Vec<&'r str>,
    /// Which of the others match, by the class and by what the event has of the fields.
    known: HashMap<Question, Rc<Vec<ItemId>>>,
    evaluator: Evaluator<'r>,
    of_all: Rc<Vec<usize>>,
    /// For each class which of the rules read it.
    of_class: HashMap<ClassId, Rc<Vec<usize>>>,
    /// What was compared so far.
    pub counts: Counts,
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
    pub strategy: String,
    /// The rule.
    pub rule: ItemId,
    /// What the evaluator says.
    pub expected: bool,
}

impl<'r> Ways<'r> {
    /// Compiles a set under each configuration.
    ///
    /// # Errors
    /// The configurations do not refuse the same rules.
    pub fn new(
        set: &'r RuleSet,
        sources: &LogSources,
        configs: &[(&'static str, Config)],
    ) -> Result<Self, String> {
        let mut ways = Vec::new();
        let mut refused: Option<Vec<ItemId>> = None;
        for (name, config) in configs {
            let built = Engine::build(set, sources, config.clone());
            let mut ids: Vec<ItemId> = built.refused.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            match &refused {
                Some(refused) if *refused != ids => {
                    return Err(format!("{name}: refuses {ids:?}, another strategy {refused:?}"));
                }
                _ => refused = Some(ids),
            }
            let routing = config.routing;
            let name = match routing {
                Routing::AllRules => (*name).to_owned(),
                Routing::LogSource => format!("by log source, {name}"),
            };
            ways.push(Way { name, engine: built.engine, routing });
        }
        Ok(Self { set, ways, refused: refused.unwrap_or_default() })
    }

    /// How many strategies there are.
    pub fn len(&self) -> usize {
        self.ways.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Rules that the engine refuses.
    pub fn refused(&self) -> &[ItemId] {
        &self.refused
    }
}

impl<'r> Trial<'r> {
    /// A comparison over a set that is compiled.
    ///
    /// # Errors
    /// The engine refuses other rules than the evaluator.
    pub fn new(ways: &'r Ways<'r>) -> Result<Self, String> {
        let evaluator = Evaluator::default();
        let mut rules = Vec::new();
        let mut refused = Vec::new();
        for (item, id) in ways.set.items.iter().zip((0..).map(ItemId)) {
            let RuleItem::Rule(rule) = item else { continue };
            match evaluator.check(rule) {
                Ok(()) => rules.push((id, rule)),
                Err(_) => refused.push(id),
            }
        }
        if ways.refused != refused {
            return Err(format!("the engine refuses {:?}, the evaluator {refused:?}", ways.refused));
        }
        let scratches = ways.ways.iter().map(|way| way.engine.scratch()).collect();
        let of_all = Rc::new((0..rules.len()).collect());
        let mut fields = BTreeSet::new();
        let has_keywords = rules.iter().map(|(_, rule)| reads(rule, &mut fields)).collect();
        Ok(Self {
            ways,
            scratches,
            rules,
            has_keywords,
            fields: fields.into_iter().collect(),
            of_all,
            known: HashMap::new(),
            evaluator,
            of_class: HashMap::new(),
            counts: Counts::default(),
        })
    }

    /// How many rules are compared.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// Compares the verdicts on an event under the strategies that `is_wanted` names by number.
    ///
    /// # Errors
    /// The first difference.
    pub fn event(&mut self, event: Event<'_>, is_wanted: &dyn Fn(usize) -> bool) -> Result<(), Difference> {
        self.counts.events += 1;
        let mut of_all: Option<Expected> = None;
        let mut of_class: Option<(Option<ClassId>, Expected)> = None;
        for (at, way) in self.ways.ways.iter().enumerate() {
            if !is_wanted(at) {
                continue;
            }
            let (class, found) = way.engine.run(event, &mut self.scratches[at]);
            // In the order of the set, as what is expected.
            let found: Vec<ItemId> = found.to_vec();
            // Once more, when its result may be known.
            let (_, again) = way.engine.run(event, &mut self.scratches[at]);
            if let Some((rule, expected)) = first_difference(&found, again) {
                return Err(Difference { strategy: format!("{}, once more", way.name), rule, expected });
            }
            let expected = match way.routing {
                Routing::AllRules => {
                    if of_all.is_none() {
                        of_all = Some(self.over_all(event));
                    }
                    of_all.as_ref()
                }
                Routing::LogSource => {
                    if of_class.as_ref().is_none_or(|(known, _)| *known != class) {
                        // All compile the same table of log sources to the same classes.
                        let expected = self.over_class(event, class, &way.engine);
                        of_class = Some((class, expected));
                    }
                    of_class.as_ref().map(|(_, expected)| expected)
                }
            };
            let Some(expected) = expected else { continue };
            self.counts.verdicts += expected.pairs;
            if let Some((rule, expected)) = first_difference(&expected.matched, &found) {
                return Err(Difference { strategy: way.name.clone(), rule, expected });
            }
        }
        Ok(())
    }

    /// Compares what the engine explains with what the evaluator says, for one rule.
    ///
    /// # Errors
    /// They differ.
    pub fn explain(&self, event: Event<'_>, rule: usize) -> Result<(), Difference> {
        let (Some(way), Some((id, rule))) = (self.ways.ways.first(), self.rules.get(rule)) else {
            return Ok(());
        };
        let expected = self.evaluator.evaluate(rule, event, &|_| Vec::new()).unwrap_or(false);
        if way.engine.explain(rule, event, None).matches != expected {
            return Err(Difference { strategy: "explained".to_owned(), rule: *id, expected });
        }
        Ok(())
    }

    fn over_all(&mut self, event: Event<'_>) -> Expected {
        let all = self.of_all.clone();
        let matched = self.over(event, None, &all, (&|_| Vec::new(), &|_, _| Vec::new()));
        self.counted(matched, all.len())
    }

    /// The rules whose log source the class has, with the other names of fields that events of the class may have.
    fn over_class(&mut self, event: Event<'_>, class: Option<ClassId>, engine: &Engine) -> Expected {
        let Some(class) = class else { return Expected { matched: Vec::new(), pairs: 0 } };
        let rules = &self.rules;
        let readers = self.of_class.entry(class).or_insert_with(|| {
            let is_read =
                |rule: &Rule| engine.class_sources(class).iter().any(|source| rule.logsource.covers(source));
            Rc::new((0..rules.len()).filter(|at| is_read(rules[*at].1)).collect())
        });
        let readers = readers.clone();
        let aliases = |field: &str| {
            let names = engine.field_names(Some(class), field);
            names.into_iter().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let further = |field: &str, own: &[String]| engine.further_values(class, field, event, own);
        let matched = self.over(event, Some(class), &readers, (&aliases, &further));
        self.counted(matched, readers.len())
    }

    /// Which of some rules match, in the order of the set. Recordings repeat what rules look at far more often than they
    /// repeat whole events: what is known already is not evaluated again.
    fn over(
        &mut self,
        event: Event<'_>,
        class: Option<ClassId>,
        rules: &[usize],
        (aliases, further): (Aliases<'_>, Further<'_>),
    ) -> Vec<ItemId> {
        let evaluation = self.evaluator.event_with(event, aliases, further);
        let matching = |with_keywords: bool| {
            let fitting = rules.iter().filter(|at| self.has_keywords[**at] == with_keywords);
            let matching = fitting.filter(|at| evaluation.evaluate(self.rules[**at].1).unwrap_or(false));
            matching.map(|at| self.rules[*at].0).collect::<Vec<ItemId>>()
        };
        let mut matched = matching(true);
        let key = (class, evaluation.signature(&self.fields));
        if self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
        let others = self.known.entry(key).or_insert_with(|| Rc::new(matching(false)));
        matched.extend(others.iter());
        matched.sort_unstable();
        matched
    }

    fn counted(&mut self, matched: Vec<ItemId>, pairs: usize) -> Expected {
        let pairs = pairs as u64;
        self.counts.pairs += pairs;
        self.counts.matches += matched.len() as u64;
        Expected { matched, pairs }
    }
}

/// Verdicts on kinds of events beyond this are forgotten.
const KNOWN_MAX: usize = 500_000;

/// Collects the fields that a rule reads; returns whether it looks for keywords.
fn reads<'r>(rule: &'r Rule, fields: &mut BTreeSet<&'r str>) -> bool {
    fn other<'r>(value: &'r Value, fields: &mut BTreeSet<&'r str>) {
        match value {
            Value::FieldRef(reference) => {
                fields.insert(&reference.field);
            }
            Value::Expansion { values, .. } => values.iter().for_each(|value| other(value, fields)),
            _ => {}
        }
    }
    let mut has_keywords = false;
    for (_, detection) in &rule.detections {
        detection.for_each_item(&mut |item| {
            has_keywords |= item.field.is_none();
            fields.extend(item.field.as_deref());
            item.values.iter().for_each(|value| other(value, fields));
        });
    }
    has_keywords
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
