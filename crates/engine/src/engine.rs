//! Building an engine from rules.

use std::collections::{BTreeSet, HashMap};

use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_event::FieldPath;
use sigyn_ir::{ItemId, LogSource, Rule, RuleItem, RuleSet};

use crate::class::{self, Class, ClassId, Classifier, Keys, NONE};
use crate::config::{Config, Routing};
use crate::logsource::LogSources;
use crate::ops::Ops;
use crate::program::{AtomId, Atoms, FieldId, Lowering, Node};
use crate::scratch::Scratch;
use crate::table::{Literals, Table};
use crate::witness::{self, Chooser, Costs, Wake, Witness};

/// Rules, compiled. Immutable; shared between threads, each with a [`Scratch`] of its own.
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
}

/// A rule in the engine.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) item: ItemId,
    /// The root of its program.
    pub(crate) root: u32,
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
struct Draft<'r> {
    item: ItemId,
    rule: &'r Rule,
    node: Node,
    wake: Wake,
    fields: BTreeSet<FieldId>,
}

impl Engine {
    /// Compiles the detection rules of a set; correlations are not the engine's.
    pub fn build(set: &RuleSet, sources: &LogSources, config: Config) -> Built {
        let mut atoms = Atoms::new();
        let (drafts, refused) = lower(set, &mut atoms, &config);
        let mut ops = Ops::default();
        let rules: Vec<_> = drafts
            .iter()
            .map(|draft| Compiled { item: draft.item, root: ops.add(&draft.node, &atoms) })
            .collect();
        let (mut classes, classifier) = class::classes(sources);
        let mut declared = Vec::new();
        for source in &sources.declared {
            declared.push(ClassId(u32::try_from(classes.len()).unwrap_or(0)));
            classes.push(Class::new("declared".to_owned(), vec![source.clone()], Vec::new()));
        }
        let inert = assign(&mut classes, &drafts, config.routing);
        let keys = Keys::new(names(&classes, &atoms).into_iter().chain(class::names(sources)));
        let mut paths = Vec::new();
        for class in &mut classes {
            finish(class, &drafts, &atoms, &config, &keys, &mut paths);
        }
        let classifier = classifier(&keys);
        let engine = Engine { config, atoms, ops, rules, classes, paths, keys, classifier, declared };
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

fn lower<'r>(
    set: &'r RuleSet,
    atoms: &mut Atoms,
    config: &Config,
) -> (Vec<Draft<'r>>, Vec<(ItemId, Diagnostic)>) {
    let (mut drafts, mut refused) = (Vec::new(), Vec::new());
    for (item, at) in set.items.iter().zip(0..) {
        let RuleItem::Rule(rule) = item else { continue };
        let lowered = Lowering { config, atoms }.rule(rule);
        match lowered {
            Ok(node) => drafts.push(Draft {
                item: ItemId(at),
                rule,
                fields: fields(&node, atoms),
                node,
                wake: Wake::Always,
            }),
            Err(diagnostic) => refused.push((ItemId(at), *diagnostic)),
        }
    }
    if config.witnesses.is_on() {
        let nodes: Vec<_> = drafts.iter().map(|draft| &draft.node).collect();
        let costs = Costs::new(&nodes, atoms, config);
        let chooser = Chooser { atoms, config, costs: &costs };
        for draft in &mut drafts {
            draft.wake = chooser.wake(&draft.node);
        }
    }
    (drafts, refused)
}

/// Every field that a rule reads, those of keywords aside.
fn fields(node: &Node, atoms: &Atoms) -> BTreeSet<FieldId> {
    let mut fields = BTreeSet::new();
    node.for_each_atom(&mut |atom| fields.extend(atoms.fields_of(atom)));
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

/// Builds what a class needs to match its rules.
fn finish(
    class: &mut Class,
    drafts: &[Draft<'_>],
    atoms: &Atoms,
    config: &Config,
    keys: &Keys,
    paths: &mut Vec<FieldPath>,
) {
    let mut literals: HashMap<FieldId, Literals> = HashMap::new();
    let mut direct: HashMap<FieldId, HashMap<_, Vec<u32>>> = HashMap::new();
    let mut fields = BTreeSet::new();
    for at in class.rules.clone() {
        let Some(draft) = drafts.get(at as usize) else { continue };
        fields.extend(draft.fields.iter().copied());
        match &draft.wake {
            Wake::Always => class.always.push(at),
            Wake::Never => {}
            Wake::By(witnesses) => {
                for witness in witnesses {
                    match witness {
                        Witness::Literal(field, anchor, text) => {
                            let of_field = literals.entry(*field).or_default();
                            of_field.entry((*anchor, text.clone())).or_default().rules.push(at);
                        }
                        Witness::Atom(field, atom) => {
                            direct.entry(*field).or_default().entry(*atom).or_default().push(at);
                        }
                    }
                }
            }
        }
    }
    if config.shared_atoms.is_on() && config.witnesses.is_on() {
        know(class, drafts, atoms, &mut literals);
    }
    let with_tables: BTreeSet<_> = literals.keys().chain(direct.keys()).copied().collect();
    class.table_of = vec![NONE; atoms.fields.len()];
    for field in with_tables {
        let of_field = literals.remove(&field).unwrap_or_default();
        let of_atoms = direct.remove(&field).unwrap_or_default().into_iter().collect();
        if let Some(at) = class.table_of.get_mut(field.0 as usize) {
            *at = u32::try_from(class.tables.len()).unwrap_or(NONE);
        }
        class.tables.push(Table::new(of_field, of_atoms, config.tables.is_on()));
    }
    let fields: Vec<_> = fields.into_iter().collect();
    class.link(&fields, &atoms.fields, keys, paths);
}

/// Finds the atoms that say just that some literal of the class is there: looking for the literal tells whether they
/// hold.
fn know(class: &mut Class, drafts: &[Draft<'_>], atoms: &Atoms, literals: &mut HashMap<FieldId, Literals>) {
    let mut known = vec![0_u64; atoms.atoms.len().div_ceil(64)];
    let mut learn = |id: AtomId| {
        let Some((field, anchor, text)) = witness::just_literal(id, atoms) else { return };
        let meaning = literals.get_mut(&field).and_then(|of_field| of_field.get_mut(&(anchor, text.into())));
        if let (Some(meaning), Some(word)) = (meaning, known.get_mut(id.0 as usize / 64)) {
            meaning.atom = Some(id);
            *word |= 1 << (id.0 % 64);
        }
    };
    for at in &class.rules {
        if let Some(draft) = drafts.get(*at as usize) {
            draft.node.for_each_atom(&mut learn);
        }
    }
    class.known = known;
}
