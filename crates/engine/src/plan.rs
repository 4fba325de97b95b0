//! What the keys of an event lead to: which of its nodes are values of which fields.
//!
//! Events of one [layout](LayoutId) differ in nothing but values, so this is found once for each layout and class and
//! then read off. An event without a layout is planned by itself, in memory that is kept.
//!
//! Measured on flat Windows events of 900 bytes: finding keys and fields anew for each event cost a third of matching.

use sigyn_event::{Event, LayoutId, NodeId, Value, VocabularyId};

use crate::class::{Candidates, Class, ClassId, KeyId, Link, NONE};
use crate::engine::Engine;
use crate::form;
use crate::identity::Identity;
use crate::outcomes::Habit;
use crate::program::{FieldId, KEYWORDS};
use crate::recall::Recall;

/// Names of a field are further apart than the places where one name can be found.
const RANKS_PER_NAME: u32 = 256;
const RANK_PATH: u32 = 100;
const MOUNTS_MAX: u32 = 90;
const RANK_ADDITIONAL: u32 = RANKS_PER_NAME - 1;

/// Where the plan of a class has the keywords.
pub(crate) const KEYWORDS_PLACE: usize = 0;

/// A key that the event has.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: KeyId,
    node: NodeId,
    origin: Origin,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Root,
    Alias,
    Mount(u32),
    Additional,
}

/// What is known of an event, or of all events of a layout, before its values are looked at.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    is_made: bool,
    /// Keys that anything looks at, in order.
    entries: Vec<Entry>,
    /// The first of each key, by key, with its place among the entries.
    firsts: Vec<(KeyId, u32, NodeId)>,
    /// Texts and numbers, wherever they stand.
    pub(crate) leaves: Vec<NodeId>,
    /// Channel, provider and event id.
    pub(crate) identity: [Option<NodeId>; 3],
    /// A bit for each condition of the table of log sources that such events can fulfil; empty if that was not asked.
    possible: Vec<u64>,
    /// What the last event was.
    pub(crate) last: Identity,
    /// What the last event's channel left possible.
    pub(crate) candidates: Candidates,
    /// Plans of classes; those from `classes_live` on are memory that is kept.
    classes: Vec<ClassPlan>,
    classes_live: usize,
    /// For each class what its events have met.
    memories: Vec<Memory>,
}

/// What events of one plan and class have met.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The last event's values.
    pub(crate) recall: Recall,
    /// Whole events.
    pub(crate) habit: Habit,
}

/// Which nodes are values of the fields that rules of a class read.
#[derive(Debug, Default)]
pub(crate) struct ClassPlan {
    class: u32,
    /// The first stands for keywords.
    pub(crate) fields: Vec<PlannedField>,
    /// For each field of the rule set its place in `fields`, or `NONE`.
    places: Vec<u32>,
    nodes: Vec<NodeId>,
    /// Values to look through, each once; first those that are values of no field, only looked through for keywords.
    pub(crate) looks: Vec<Look>,
    /// How many are values of no field.
    pub(crate) loose: usize,
    /// The scalars that fields of the rules have or are made of, and so all that decides what matches, but for what
    /// keywords find in the others.
    pub(crate) reads: Vec<NodeId>,
    /// The tables to use on them.
    tables: Vec<(NodeId, u32)>,
    /// Fields whose values are all looked through at once, with the table to use.
    pub(crate) whole_fields: Vec<(usize, u32)>,
}

/// A field that the event has, with the range of its nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedField {
    start: u32,
    end: u32,
    /// The place of its further values in the class, or `NONE`.
    derived: u32,
}

/// A value that wakes rules by tables of the class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) node: NodeId,
    /// The range of its tables.
    start: u32,
    end: u32,
    /// Whether some literal of the tables can be in the text of a number.
    pub(crate) has_digits: bool,
}

/// Plans by layout, and one for events without.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    vocabulary: Option<VocabularyId>,
    by_layout: Vec<Plan>,
    own: Plan,
}

impl Plans {
    /// The plan for an event, made or not; to be [put back](Self::put).
    pub(crate) fn take(&mut self, event: Event<'_>) -> Plan {
        let Some(layout) = event.layout() else {
            self.own.is_made = false;
            return std::mem::take(&mut self.own);
        };
        if self.vocabulary != Some(event.vocabulary()) {
            self.vocabulary = Some(event.vocabulary());
            self.by_layout.clear();
        }
        if self.by_layout.len() <= layout.index() {
            self.by_layout.resize_with(layout.index() + 1, Plan::default);
        }
        self.by_layout.get_mut(layout.index()).map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn put(&mut self, layout: Option<LayoutId>, plan: Plan) {
        match layout.and_then(|layout| self.by_layout.get_mut(layout.index())) {
            Some(place) => *place = plan,
            None => self.own = plan,
        }
    }
}

impl Plan {
    /// Finds the keys that anything looks at, unless that is done.
    pub(crate) fn make(&mut self, engine: &Engine, event: Event<'_>) {
        if self.is_made {
            return;
        }
        self.is_made = true;
        self.classes_live = 0;
        self.entries.clear();
        let entries = &mut self.entries;
        let mut add = |name: &str, node: NodeId, origin: Origin| {
            if let Some(key) = engine.keys.find(name) {
                entries.push(Entry { key, node, origin });
            }
        };
        event.root().iter().for_each(|member| add(member.key, member.id, Origin::Root));
        event.aliases().for_each(|member| add(member.key, member.id, Origin::Alias));
        for (mount, member) in event.mounted() {
            let mount = u32::try_from(mount).unwrap_or(MOUNTS_MAX).min(MOUNTS_MAX);
            add(member.key, member.id, Origin::Mount(mount));
        }
        event.additional().for_each(|member| add(member.key, member.id, Origin::Additional));
        self.firsts.clear();
        self.firsts.extend(entries.iter().zip(0..).map(|(entry, at)| (entry.key, at, entry.node)));
        // By key and place: of equal keys the first entry stays first, and no memory is asked for.
        self.firsts.sort_unstable_by_key(|(key, at, _)| (*key, *at));
        self.firsts.dedup_by_key(|first| first.0);
        self.leaves.clear();
        let is_shown = |value: &Value<'_>| !matches!(value, Value::Null | Value::Bool(_));
        let leaves = event.leaf_members().filter(|member| is_shown(&member.value));
        self.leaves.extend(leaves.map(|member| member.id));
        self.identity = engine.classifier.identity(event, self);
        if event.layout().is_some() {
            self.possible = engine.classifier.possible(event, self);
            let deciding = engine.classifier.deciding(event, self);
            self.last.begin(deciding);
        } else {
            self.possible.clear();
        }
    }

    /// Whether an event with these keys can fulfil a condition of the table of log sources.
    #[inline]
    pub(crate) fn is_possible(&self, condition: u32) -> bool {
        self.possible.get(condition as usize / 64).is_none_or(|word| word >> (condition % 64) & 1 != 0)
    }

    /// The first value of a key of the root, if the event has it.
    #[inline]
    pub(crate) fn first(&self, key: KeyId) -> Option<NodeId> {
        let at = self.firsts.binary_search_by_key(&key, |first| first.0).ok()?;
        self.firsts.get(at).map(|first| first.2)
    }

    /// Makes the plan of a class, if it is not there; gives its place.
    pub(crate) fn class_at(
        &mut self,
        engine: &Engine,
        event: Event<'_>,
        id: ClassId,
        class: &Class,
        assigning: &mut Assigning,
    ) -> usize {
        let live = self.classes.get(..self.classes_live).unwrap_or_default();
        if let Some(at) = live.iter().position(|plan| plan.class == id.0) {
            return at;
        }
        let at = self.classes_live;
        self.classes_live += 1;
        if self.classes.len() <= at {
            self.classes.push(ClassPlan::default());
            self.memories.push(Memory::default());
        }
        assigning.begin();
        for entry in &self.entries {
            for link in class.links(entry.key) {
                assigning.link(engine, event, *link, *entry);
            }
        }
        if let Some(plan) = self.classes.get_mut(at) {
            plan.fill(id, class, assigning, engine.atoms.fields.len());
            // Without a layout the next event's nodes are others.
            let remembers = event.layout().is_some() && engine.config.value_cache.is_on();
            plan.reads.clear();
            if remembers {
                plan.read(event, class);
            }
            plan.look(class, &self.leaves);
            if let Some(memory) = self.memories.get_mut(at) {
                memory.recall.begin(if remembers { plan.looks.len() } else { 0 });
                // Where keywords are compared with every value, each event is one of a kind.
                let is_repeated = remembers && plan.whole_fields.iter().all(|(at, _)| *at != KEYWORDS_PLACE);
                let form = || form::of(event, (id, class), &assigning.touched, plan);
                let name = is_repeated.then(|| engine.outcomes.name(&form()));
                memory.habit.begin(name.flatten(), event, &plan.reads);
            }
        }
        at
    }

    /// A class's plan, with what its events have met, and texts and numbers wherever they stand.
    pub(crate) fn class(&mut self, at: usize) -> Option<(&ClassPlan, &mut Memory, &[NodeId])> {
        Some((self.classes.get(at)?, self.memories.get_mut(at)?, &self.leaves))
    }
}

impl ClassPlan {
    fn fill(&mut self, id: ClassId, class: &Class, assigning: &Assigning, field_count: usize) {
        self.class = id.0;
        self.fields.clear();
        self.nodes.clear();
        self.tables.clear();
        self.whole_fields.clear();
        self.places.clear();
        self.places.resize(field_count, NONE);
        self.fields.push(PlannedField { start: 0, end: 0, derived: NONE });
        if let Some(place) = self.places.first_mut() {
            *place = 0;
        }
        for field in &assigning.touched {
            let Some(slot) = assigning.slots.get(field.0 as usize) else { continue };
            let (place, start) = (self.fields.len(), count(&self.nodes));
            let derived = class.derived_at(*field);
            let table = class.sieve.table_at(*field);
            let (of_nodes, of_field) = match table {
                // A field with further values than its nodes, or comparisons that need its values as they are.
                Some(at) if derived != NONE || class.sieve.is_costly(at) => (None, Some(at)),
                table => (table, None),
            };
            self.whole_fields.extend(of_field.map(|table| (place, table)));
            let mut next = slot.first;
            while let Some(found) = assigning.found.get(next as usize) {
                self.nodes.push(found.node);
                self.tables.extend(of_nodes.map(|table| (found.node, table)));
                next = found.next;
            }
            self.fields.push(PlannedField { start, end: count(&self.nodes), derived });
            if let Some(of_field) = self.places.get_mut(field.0 as usize) {
                *of_field = u32::try_from(place).unwrap_or(NONE);
            }
        }
    }

    /// Finds the scalars that fields have or are made of.
    fn read(&mut self, event: Event<'_>, class: &Class) {
        let Self { fields, nodes, reads, .. } = self;
        nodes.iter().for_each(|node| scalars(event, *node, reads));
        let makers = fields.iter().filter_map(|field| class.derived.get(field.derived as usize));
        for maker in makers.flat_map(|(_, makers)| makers) {
            maker.reads(event, &mut |node| scalars(event, node, reads));
        }
        reads.sort_unstable();
        reads.dedup();
    }

    /// Finds the values to look through: each once, whichever fields it is a value of.
    fn look(&mut self, class: &Class, leaves: &[NodeId]) {
        match class.sieve.table_at(KEYWORDS) {
            Some(at) if class.sieve.is_costly(at) => self.whole_fields.push((KEYWORDS_PLACE, at)),
            Some(at) => self.tables.extend(leaves.iter().map(|leaf| (*leaf, at))),
            None => {}
        }
        self.tables.sort_unstable();
        self.looks.clear();
        let mut start = 0;
        for of_node in self.tables.chunk_by(|a, b| a.0 == b.0) {
            let end = start + count(of_node);
            let has_digits = of_node.iter().any(|(_, table)| class.sieve.has_digits(*table));
            self.looks.extend(of_node.first().map(|(node, _)| Look { node: *node, start, end, has_digits }));
            start = end;
        }
        let reads = &self.reads;
        self.looks.sort_unstable_by_key(|look| (reads.binary_search(&look.node).is_ok(), look.node));
        self.loose = self.looks.partition_point(|look| reads.binary_search(&look.node).is_err());
    }

    /// The tables to look through a value with.
    #[inline]
    pub(crate) fn tables(&self, look: Look) -> impl Iterator<Item = u32> + Clone {
        let range = look.start as usize..look.end as usize;
        self.tables.get(range).unwrap_or_default().iter().map(|(_, table)| *table)
    }

    /// The place of a field that the event has; keywords are always there.
    #[inline]
    pub(crate) fn place(&self, field: FieldId) -> Option<usize> {
        let place = *self.places.get(field.0 as usize)?;
        (place != NONE).then_some(place as usize)
    }

    /// The place of the further values of the field at a place, or `NONE`.
    pub(crate) fn derived(&self, place: usize) -> u32 {
        self.fields.get(place).map_or(NONE, |field| field.derived)
    }

    /// The nodes that are values of the field at a place.
    pub(crate) fn nodes(&self, place: usize) -> &[NodeId] {
        let range = self.fields.get(place).map_or(0..0, |field| field.start as usize..field.end as usize);
        self.nodes.get(range).unwrap_or_default()
    }
}

/// Adds the texts, numbers and truth values that a value is or holds.
fn scalars(event: Event<'_>, node: NodeId, out: &mut Vec<NodeId>) {
    match event.value(node) {
        None | Some(Value::Null) => {}
        Some(Value::Map(map)) => map.iter().for_each(|member| scalars(event, member.id, out)),
        Some(Value::List(list)) => list.members().for_each(|member| scalars(event, member.id, out)),
        Some(_) => out.push(node),
    }
}

/// Memory for giving fields their values.
#[derive(Debug)]
pub(crate) struct Assigning {
    /// Marks of another number are void.
    now: u32,
    slots: Vec<Slot>,
    /// Fields that the event has.
    touched: Vec<FieldId>,
    /// Values of fields, as lists through `next`.
    found: Vec<Found>,
}

/// What an event has of a field.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    seen_at: u32,
    /// How good the name is under which it was found; small is better.
    rank: u32,
    first: u32,
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct Found {
    node: NodeId,
    next: u32,
}

impl Assigning {
    pub(crate) fn new(fields: usize) -> Self {
        Self { now: 0, slots: vec![Slot::default(); fields], touched: Vec::new(), found: Vec::new() }
    }

    fn begin(&mut self) {
        if self.now == u32::MAX {
            self.now = 0;
            self.slots.fill(Slot::default());
        }
        self.now += 1;
        self.touched.clear();
        self.found.clear();
    }

    fn link(&mut self, engine: &Engine, event: Event<'_>, link: Link, entry: Entry) {
        let base = link.name * RANKS_PER_NAME;
        if link.path == NONE {
            let rank = base
                + match entry.origin {
                    Origin::Root => 0,
                    Origin::Alias => 1,
                    Origin::Mount(mount) => 2 + mount,
                    Origin::Additional => RANK_ADDITIONAL,
                };
            self.add(link.field, rank, entry.node);
            return;
        }
        let rank = base
            + match entry.origin {
                Origin::Root => RANK_PATH,
                Origin::Mount(mount) => RANK_PATH + 1 + mount,
                Origin::Alias | Origin::Additional => return,
            };
        if let Some(path) = engine.paths.get(link.path as usize) {
            event.visit_below(entry.node, path, &mut |node| self.add(link.field, rank, node));
        }
    }

    /// Adds a value of a field, unless it has one under a better name; a value under a worse name goes.
    fn add(&mut self, field: FieldId, rank: u32, node: NodeId) {
        let Some(slot) = self.slots.get_mut(field.0 as usize) else { return };
        let at = count(&self.found);
        let is_new = slot.seen_at != self.now;
        // Additional values join whatever the same name has found.
        let is_more = !is_new && rank % RANKS_PER_NAME == RANK_ADDITIONAL && same_name(rank, slot.rank);
        if is_new || rank < slot.rank && !is_more {
            *slot = Slot { seen_at: self.now, rank, first: at, last: at };
            self.found.push(Found { node, next: NONE });
            if is_new {
                self.touched.push(field);
            }
        } else if rank == slot.rank || is_more {
            if let Some(last) = self.found.get_mut(slot.last as usize) {
                last.next = at;
            }
            slot.last = at;
            self.found.push(Found { node, next: NONE });
        }
    }
}

fn same_name(a: u32, b: u32) -> bool {
    a / RANKS_PER_NAME == b / RANKS_PER_NAME
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(NONE)
}
