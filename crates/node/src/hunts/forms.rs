//! Forms of stored events: which of their values decide what matches them.
//!
//! A form is the row of keys of an event. What decides is learned from events that are put together and asked about
//! ([`Engine::decisive`]), and counted by fields, so that it holds for the columns of any file. An event for which something
//! else decides makes its form learn, and is matched by itself until then.

use std::collections::{HashMap, HashSet};

use sigyn_engine::{ClassId, Engine, Scratch};
use sigyn_event::{Event, LayoutId, Map, NodeId, Value, VocabularyId};
use sigyn_store::lake::{field_name, field_names};

/// The events of one form.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// The fields of its values, in their order.
    pub(super) leaves: Vec<String>,
    /// Whether a value decides.
    pub(super) decides: Vec<bool>,
    /// Whether keywords are looked for in a value that decides nothing.
    pub(super) is_searched: Vec<bool>,
    /// The classes that its events were found to have.
    pub(super) classes: Vec<ClassId>,
    /// Whether nothing less than the event decides.
    pub(super) is_single: bool,
    /// Grows whenever it learns: what was known by fewer values does not hold any more.
    pub(super) version: u32,
    /// What has been asked about.
    covered: HashSet<(VocabularyId, LayoutId, Option<ClassId>)>,
}

impl Form {
    /// The form with a shape, as the lake has it.
    pub(super) fn new(shape: &str) -> Self {
        let leaves = field_names(shape).unwrap_or_default();
        let none = vec![false; leaves.len()];
        let is_single = leaves.is_empty();
        Self { decides: none.clone(), is_searched: none, leaves, is_single, ..Self::default() }
    }

    /// Whether nothing is known of it yet.
    pub(super) fn is_new(&self) -> bool {
        self.covered.is_empty() && !self.is_single
    }

    /// Learns from an event of the form. Returns whether all that decides on it was known before, so that the result holds for
    /// all rows that say the same.
    pub(super) fn learn(
        &mut self,
        engine: &Engine,
        event: Event<'_>,
        class: Option<ClassId>,
        scratch: &mut Scratch,
    ) -> bool {
        if self.is_single {
            return false;
        }
        let layout = event.layout().map(|layout| (event.vocabulary(), layout, class));
        if layout.is_some_and(|layout| self.covered.contains(&layout)) {
            return true;
        }
        let (Some(layout), Some(decisive)) = (layout, engine.decisive(event, scratch)) else {
            self.is_single = true;
            return false;
        };
        let Some(nodes) = self.nodes(event) else {
            self.is_single = true;
            return false;
        };
        let mut is_known = true;
        let mut mark = |marks: &mut Vec<bool>, node: &NodeId| {
            // A part of a list stands behind the list.
            let at = nodes.partition_point(|leaf| leaf <= node).saturating_sub(1);
            if let Some(mark) = marks.get_mut(at).filter(|mark| !**mark) {
                (*mark, is_known) = (true, false);
            }
        };
        decisive.values.iter().for_each(|node| mark(&mut self.decides, node));
        decisive.searched.iter().for_each(|node| mark(&mut self.is_searched, node));
        if let Some(class) = class.filter(|class| !self.classes.contains(class)) {
            self.classes.push(class);
            is_known &= decisive.searched.is_empty();
        }
        self.covered.insert(layout);
        // There are not as many values: what is learned is learned once.
        self.is_single |= self.version >= VERSIONS - 1;
        self.version += u32::from(!is_known);
        is_known
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

/// A form learns fewer times than this.
pub(super) const VERSIONS: u32 = 1 << 12;

/// Texts as numbers, the same in all files.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    known: HashMap<Box<str>, u32>,
    bytes: usize,
}

/// Numbers below this are no texts'.
pub(super) const FIRST: u32 = 16;

impl Numbers {
    /// The number of a text of a kind.
    pub(super) fn of(&mut self, kind: char, text: &str, buffer: &mut String) -> u32 {
        buffer.clear();
        buffer.push(kind);
        buffer.push_str(text);
        if let Some(number) = self.known.get(buffer.as_str()) {
            return *number;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX - FIRST) + FIRST;
        self.bytes += buffer.len() + 64;
        self.known.insert(buffer.as_str().into(), number);
        number
    }

    /// How much memory they take, in bytes; about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What is told apart of a value that decides nothing: its kind, because that decides how an event is read. None: lists and
/// objects, whose parts do.
pub(super) fn kind_of(json: &str) -> Option<u32> {
    Some(match json.as_bytes().first()? {
        b'"' => 1,
        b'n' => 2,
        b't' | b'f' => 3,
        b'-' | b'0'..=b'9' => 4,
        _ => return None,
    })
}

/// The kind of a text.
pub(super) const TEXT: u32 = 1;
/// A value that stands in the rest, whose text is told apart as a whole.
pub(super) const ELSEWHERE: u32 = 5;
