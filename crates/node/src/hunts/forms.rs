//! Forms of stored events, and kinds among them: which of their values wake rules, and which decide then.
//!
//! A form is the row of keys of an event. Events of a form with the same kinds of values (text, number, …) and the same values
//! where those say what the event is are of one *kind*: for them the engine has one answer to what decides
//! ([`Engine::decisive`]). The answer is learned from an event that is put together, and noted by the places of values in the
//! form, so that it holds for the columns of any file.

use std::collections::{BTreeMap, HashMap};

use sigyn_engine::{ClassId, Engine, Questions, Scratch, Spark};
use sigyn_event::{Event, Map, NodeId, Value};
use sigyn_store::lake::{field_name, field_names};

use super::stand_in;

/// A form learns fewer times than this.
pub(super) const VERSIONS: u32 = 1 << 12;

/// The events of one form.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// The fields of its values, in their order.
    pub(super) leaves: Vec<String>,
    /// What of its JSON stands before each value, and behind the last; empty if a field has several values.
    pub(super) pieces: Vec<String>,
    /// Whether a value may be a line of a log, of which the event has more fields.
    pub(super) carries: Vec<bool>,
    /// Whether a value says what the event is.
    pub(super) identifies: Vec<bool>,
    /// Whether a value is one of a field that rules read.
    pub(super) is_field: Vec<bool>,
    /// The tables that say which rules a value wakes.
    pub(super) tables: Vec<Vec<(ClassId, u32)>>,
    /// Whether nothing less than the event decides.
    pub(super) is_single: bool,
    /// Grows whenever it learns: rows that were numbered before do not say enough.
    pub(super) version: u32,
    is_learned: bool,
}

/// The events of one kind.
#[derive(Debug)]
pub(super) struct Kind {
    /// What they are; none if no rule is tried on them.
    pub(super) class: Option<ClassId>,
    /// The values that wake rules, by their places, with the tables that say which.
    pub(super) looks: Vec<(usize, Vec<u32>)>,
    /// Rules that are awake anyway.
    pub(super) always: Vec<u32>,
    /// The places of the values of each field of rules.
    fields: HashMap<u32, Vec<usize>>,
    /// The fields whose values are made of others.
    made: Vec<u32>,
}

/// What rules that are awake ask of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ask {
    /// Everything.
    Value,
    /// Some comparisons.
    Comparisons(Vec<u32>),
    /// Some comparisons with another value, which stands there.
    Pair(usize, Vec<u32>),
}

impl Kind {
    /// What some rules ask when they are awake, by the places of values; and of that what things that wake rules answer.
    pub(super) fn asked(
        &self,
        engine: &Engine,
        rules: &[u32],
        sparks: &[Spark],
    ) -> (Vec<(usize, Ask)>, Vec<u32>) {
        let Some(class) = self.class else { return (Vec::new(), Vec::new()) };
        let mut of_place: BTreeMap<usize, Ask> = BTreeMap::new();
        let mut pairs: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
        let places = |field: u32| self.fields.get(&field).map_or(&[][..], Vec::as_slice);
        let Questions { asked, compared, answered } = engine.asked(class, rules, sparks);
        for of in asked.iter().filter(|of| !of.comparisons.is_empty()) {
            for place in places(of.field) {
                let own = of_place.entry(*place).or_insert(Ask::Comparisons(Vec::new()));
                if let Ask::Comparisons(comparisons) = own {
                    comparisons.extend(&of.comparisons);
                }
            }
        }
        for of in compared {
            match (places(of.field), places(of.other)) {
                // What is not there equals nothing.
                ([], _) | (_, []) => {}
                ([own], [other]) => pairs.entry((*own, *other)).or_default().push(of.comparison),
                (own, others) => own.iter().chain(others).for_each(|place| {
                    of_place.insert(*place, Ask::Value);
                }),
            }
        }
        // Which rules values wake that are made of others, and what they answer, only those others say.
        let read = rules.iter().flat_map(|rule| engine.rule_fields(*rule));
        for place in read.filter(|field| self.made.contains(field)).flat_map(places) {
            of_place.insert(*place, Ask::Value);
        }
        let pairs = pairs.into_iter().map(|((own, other), comparisons)| (own, Ask::Pair(other, comparisons)));
        (of_place.into_iter().chain(pairs).collect(), answered)
    }

    /// The places of the values that some rules read, sorted.
    pub(super) fn places(&self, engine: &Engine, rules: &[u32]) -> Vec<usize> {
        let fields = rules.iter().flat_map(|rule| engine.rule_fields(*rule));
        let mut places: Vec<usize> =
            fields.filter_map(|field| self.fields.get(&field)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl Form {
    /// The form with a shape, as the lake has it.
    pub(super) fn new(shape: &str) -> Self {
        let leaves = field_names(shape).unwrap_or_default();
        let none = vec![false; leaves.len()];
        // A second value of a field has no column.
        let mut names: Vec<&String> = leaves.iter().collect();
        names.sort_unstable();
        let is_once = names.array_windows().all(|[one, next]| one != next);
        let pieces = if is_once { stand_in::pieces(shape) } else { Vec::new() };
        let is_single = leaves.is_empty();
        let tables = vec![Vec::new(); leaves.len()];
        let carries: Vec<bool> = leaves.iter().map(|leaf| sigyn_readers::may_carry(leaf)).collect();
        Self {
            identifies: none.clone(),
            is_field: none,
            tables,
            leaves,
            carries,
            pieces,
            is_single,
            ..Self::default()
        }
    }

    /// Whether nothing is known of it yet.
    pub(super) fn is_new(&self) -> bool {
        !self.is_learned && !self.is_single
    }

    /// The kind of an event of the form; none if nothing less than the event decides. If it says more than was known, the form
    /// has another version after it.
    pub(super) fn learn(&mut self, engine: &Engine, event: Event<'_>, scratch: &mut Scratch) -> Option<Kind> {
        self.is_learned = true;
        let found = engine.decisive(event, scratch).zip(self.nodes(event));
        let Some((decisive, nodes)) = found else {
            self.is_single = true;
            return None;
        };
        // A part of a list stands behind the list.
        let place = |node: &NodeId| nodes.partition_point(|leaf| leaf <= node).saturating_sub(1);
        let mut is_known = true;
        let mut mark = |marks: &mut Vec<bool>, at: usize| {
            if let Some(mark) = marks.get_mut(at).filter(|mark| !**mark) {
                (*mark, is_known) = (true, false);
            }
        };
        decisive.identity.iter().for_each(|node| mark(&mut self.identifies, place(node)));
        let mut looks: HashMap<usize, Vec<u32>> = HashMap::new();
        let mut new = false;
        for (node, tables) in &decisive.looks {
            looks.entry(place(node)).or_default().extend(tables);
            let Some((known, class)) = self.tables.get_mut(place(node)).zip(decisive.class) else { continue };
            for table in tables.iter().map(|table| (class, *table)) {
                if !known.contains(&table) {
                    known.push(table);
                    new = true;
                }
            }
        }
        let mut fields: HashMap<u32, Vec<usize>> = HashMap::new();
        for (field, values) in &decisive.fields {
            values.iter().for_each(|node| mark(&mut self.is_field, place(node)));
            fields.insert(*field, values.iter().map(place).collect());
        }
        self.version += u32::from(!is_known || new);
        // There are not as many values: what is learned is learned once.
        self.is_single |= self.version >= VERSIONS - 1;
        let mut looks: Vec<(usize, Vec<u32>)> = looks.into_iter().collect();
        looks.sort_unstable();
        looks.iter_mut().for_each(|(_, tables)| {
            tables.sort_unstable();
            tables.dedup();
        });
        Some(Kind { class: decisive.class, looks, always: decisive.always, fields, made: decisive.made })
    }

    /// The nodes of an event's values in the order of the leaves; none if the event is built otherwise than its JSON.
    fn nodes(&self, event: Event<'_>) -> Option<Vec<NodeId>> {
        let (mut keys, mut nodes, mut names) = (Vec::new(), Vec::new(), Vec::new());
        walk(event.root(), &mut keys, &mut nodes, &mut names);
        let is_same = names == self.leaves && nodes.is_sorted();
        is_same.then_some(nodes)
    }
}

fn walk<'e>(map: Map<'e>, keys: &mut Vec<&'e str>, nodes: &mut Vec<NodeId>, names: &mut Vec<String>) {
    for member in map.iter() {
        keys.push(member.key);
        match member.value {
            Value::Map(inner) if inner.iter().next().is_some() => walk(inner, keys, nodes, names),
            _ => {
                nodes.push(member.id);
                names.push(field_name(keys.iter().copied()));
            }
        }
        keys.pop();
    }
}
