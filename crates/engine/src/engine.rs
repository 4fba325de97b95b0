//! Building an engine from rules.

use std::collections::{BTreeSet, HashMap};

use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_event::FieldPath;
use sigyn_ir::{ItemId, LogSource, Rule, RuleItem, RuleSet};

use crate::any_of;
use crate::class::{self, Class, ClassId, Classifier, Keys};
use crate::config::{Config, Routing};
use crate::logsource::LogSources;
use crate::ops::Ops;
use crate::outcomes::Outcomes;
use crate::program::{AtomId, AtomSet, Atoms, FieldId, Lowering, Node};
use crate::scratch::Scratch;
use crate::sieve::Sieves;
use crate::witness::{Wake, Witnesses};

/// Rules, compiled. Shared between threads, each with a [`Scratch`] of its own; what they learn of events that repeat, they
/// share through it.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) atoms: Atoms,
    pub(crate) ops: Ops,
    pub(crate) rules: Vec<Compiled>,
    pub(crate) classes: Vec<Class>,
    pub(crate) paths: Vec<FieldPath>,
    pub(crate) keys: Keys,
    pub(crate) classifier: Classifier,
    declared: Vec<ClassId>,
    /// What scratches have learned and share.
    pub(crate) outcomes: Outcomes,
}

/// A rule in the engine.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) item: ItemId,
    /// The root of its program.
    pub(crate) root: u32,
    /// The root of what is left to ask when it has been woken.
    pub(crate) awake: u32,
    /// The fields that it reads, those of keywords aside; sorted.
    pub(crate) fields: Vec<FieldId>,
}

/// What building gives.
#[derive(Debug)]
pub struct Built {
    /// The engine, with every rule that can be evaluated.
    pub engine: Engine,
    /// Rules that cannot be evaluated, each with the reason.
    pub refused: Vec<(ItemId, Diagnostic)>,
    /// Rules that no event of a known log source can reach.
    pub inert: Vec<Inert>,
}

/// A rule that is never tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Inert {
    /// The rule.
    pub rule: ItemId,
    /// The log source that it asks for.
    pub log_source: LogSource,
    /// Why, in a sentence without a full stop.
    pub reason: String,
}

/// A rule while the engine is built.
pub(crate) struct Draft<'r> {
    item: ItemId,
    rule: &'r Rule,
    node: Node,
    pub(crate) wake: Wake,
    /// Sorted.
    fields: Vec<FieldId>,
}

impl Engine {
    /// Compiles the detection rules of a set; correlations are not the engine's.
    pub fn build(set: &RuleSet, sources: &LogSources, config: Config) -> Built {
        let mut atoms = Atoms::new();
        let (drafts, witnesses, refused) = lower(set, &mut atoms, &config);
        let met = met(&drafts, &atoms, &witnesses, &config);
        let mut ops = Ops::default();
        let mut compiled = |draft: &Draft<'_>| {
            let mut node = draft.node.clone();
            if config.tables.is_on() {
                node = any_of::grouped(node, &mut atoms);
            }
            let wakers = wakers(&draft.wake, &witnesses);
            let (root, awake) = ops.add_rule(&node, &wakers, &atoms, &met);
            Compiled { item: draft.item, root, awake, fields: draft.fields.clone() }
        };
        let rules: Vec<_> = drafts.iter().map(&mut compiled).collect();
        let (mut classes, classifier) = class::classes(sources);
        let mut declared = Vec::new();
        for source in &sources.declared {
            declared.push(ClassId(u32::try_from(classes.len()).unwrap_or(0)));
            classes.push(Class::new("declared".to_owned(), vec![source.clone()], Vec::new()));
        }
        let inert = assign(&mut classes, &drafts, config.routing);
        let keys = Keys::new(names(&classes, &atoms).into_iter().chain(class::names(sources)));
        let mut paths = Vec::new();
        let mut sieves = Sieves {
            drafts: &drafts,
            witnesses: &witnesses,
            met: &met,
            config: &config,
            fields: atoms.fields.len(),
            made: HashMap::new(),
            tables: HashMap::default(),
        };
        for class in &mut classes {
            class.sieve = sieves.of(&class.rules);
            class.link(&fields_of(&class.rules, &drafts), &atoms.fields, &keys, &mut paths);
        }
        let classifier = classifier(&keys);
        let outcomes = Outcomes::new(if config.value_cache.is_on() { config.outcome_bytes_max } else { 0 });
        let engine =
            Engine { config, atoms, ops, rules, classes, paths, keys, classifier, declared, outcomes };
        Built { engine, refused, inert }
    }

    /// Memory for one thread.
    pub fn scratch(&self) -> Scratch {
        let cache = if self.config.value_cache.is_on() { self.config.cache_entries_max } else { 0 };
        let (fields, atoms) = (self.atoms.fields.len(), self.atoms.atoms.len());
        Scratch::new(fields, atoms, self.rules.len(), cache)
    }

    /// How many rules it holds.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// The name of a class.
    pub fn class_name(&self, class: ClassId) -> &str {
        self.classes.get(class.0 as usize).map_or("", |class| class.name.as_str())
    }

    /// The log sources that events of a class have.
    pub fn class_sources(&self, class: ClassId) -> &[LogSource] {
        self.classes.get(class.0 as usize).map_or(&[], |class| class.sources.as_slice())
    }

    /// The names under which events of a class may have a field, the best first.
    pub fn field_names<'a>(&'a self, class: Option<ClassId>, field: &'a str) -> Vec<&'a str> {
        match class.and_then(|class| self.classes.get(class.0 as usize)) {
            Some(class) => class.names_of(field).collect(),
            None => vec![field],
        }
    }

    /// The class of a log source that was [declared](LogSources::declare), by the order of declaration.
    pub fn declared(&self, at: usize) -> Option<ClassId> {
        self.declared.get(at).copied()
    }
}

/// Rules, what wakes them, and those that cannot be evaluated.
type Lowered<'r> = (Vec<Draft<'r>>, Witnesses, Vec<(ItemId, Diagnostic)>);

fn lower<'r>(set: &'r RuleSet, atoms: &mut Atoms, config: &Config) -> Lowered<'r> {
    let (mut drafts, mut refused) = (Vec::new(), Vec::new());
    for (item, at) in set.items.iter().zip(0..) {
        let RuleItem::Rule(rule) = item else { continue };
        match (Lowering { config, atoms }).rule(rule) {
            Ok(node) => {
                let fields = fields(&node, atoms);
                drafts.push(Draft { item: ItemId(at), rule, node, wake: Wake::Always, fields });
            }
            Err(diagnostic) => refused.push((ItemId(at), *diagnostic)),
        }
    }
    let mut witnesses = Witnesses::default();
    if config.witnesses.is_on() {
        witnesses = Witnesses::new(atoms, drafts.iter().map(|draft| &draft.node), config);
        for draft in &mut drafts {
            draft.wake = witnesses.wake(&draft.node);
        }
    }
    (drafts, witnesses, refused)
}

/// Every field that a rule reads, those of keywords aside.
fn fields(node: &Node, atoms: &Atoms) -> Vec<FieldId> {
    let mut fields = Vec::new();
    node.for_each_atom(&mut |atom| fields.extend(atoms.fields_of(atom)));
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// Puts each rule into the classes that it reads; gives the rules that read none.
fn assign(classes: &mut [Class], drafts: &[Draft<'_>], routing: Routing) -> Vec<Inert> {
    let mut inert = Vec::new();
    if routing == Routing::AllRules {
        if let Some(class) = classes.first_mut() {
            class.rules = (0..).zip(drafts).map(|(at, _)| at).collect();
        }
        return inert;
    }
    for (at, draft) in (0..).zip(drafts) {
        let source = &draft.rule.logsource;
        let mut is_read = false;
        for class in classes.iter_mut().filter(|class| class.is_read_by(source)) {
            class.rules.push(at);
            is_read = true;
        }
        if !is_read {
            let code = &codes::engine::UNKNOWN_LOG_SOURCE;
            let reason = format!("S{} no known events have the log source {}", code.number, shown(source));
            inert.push(Inert { rule: draft.item, log_source: source.clone(), reason });
        }
    }
    inert
}

/// A log source as people write it in a line.
fn shown(source: &LogSource) -> String {
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let given =
        parts.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}: {value}")));
    given.collect::<Vec<_>>().join(", ")
}

/// Every key that leads to a field.
fn names(classes: &[Class], atoms: &Atoms) -> Vec<String> {
    let fields = atoms.fields.iter().skip(1).map(|field| field.name().to_owned());
    let others = classes.iter().flat_map(|class| class.aliases.iter().map(|(_, other)| other.clone()));
    let names: BTreeSet<_> = fields.chain(others).collect();
    let steps: Vec<_> = names.iter().map(|name| FieldPath::new(name).first_step().to_owned()).collect();
    names.into_iter().chain(steps).collect()
}

/// The atoms of which one holds whenever the rule is awake, if that is known; sorted.
fn wakers(wake: &Wake, witnesses: &Witnesses) -> Vec<AtomId> {
    let Wake::By(ids) = wake else { return Vec::new() };
    let mut atoms: Vec<_> = ids.iter().filter_map(|id| witnesses.just(*id)).collect();
    if atoms.len() < ids.len() {
        return Vec::new();
    }
    atoms.sort_unstable();
    atoms.dedup();
    atoms
}

/// The atoms that say just that some rule's witness is there.
fn met(drafts: &[Draft<'_>], atoms: &Atoms, witnesses: &Witnesses, config: &Config) -> AtomSet {
    let mut met = AtomSet::new(atoms.atoms.len());
    if config.shared_atoms.is_on() && config.witnesses.is_on() {
        for draft in drafts {
            if let Wake::By(ids) = &draft.wake {
                ids.iter().filter_map(|id| witnesses.just(*id)).for_each(|atom| met.insert(atom));
            }
        }
    }
    met
}

/// The fields that rules read.
fn fields_of(rules: &[u32], drafts: &[Draft<'_>]) -> Vec<FieldId> {
    let drafts = rules.iter().filter_map(|at| drafts.get(*at as usize));
    let mut fields: Vec<_> = drafts.flat_map(|draft| &draft.fields).copied().collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}
