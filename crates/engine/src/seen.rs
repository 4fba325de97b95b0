//! Which fields events had, and which rules can never match for want of one.
//!
//! A rule may read a log and still be blind: the log lacks what it asks for, e.g. command lines that are not
//! audited. [`SeenFields`] remembers per class which fields of the rules some event had; [`Engine::blind`] then finds
//! the rules whose condition cannot become true without a field that none had.
//!
//! Price: what a field's names lead to is found once for each layout of events (see [`LayoutId`](sigyn_event::LayoutId)),
//! for events without a layout once for each sequence of keys. Afterwards an event costs a look into a list; only
//! values that were always empty are looked at again.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sigyn_event::{Event, FieldPath, Member, NodeId, Resolved, Value, VocabularyId};
use sigyn_ir::ItemId;

use crate::class::{Class, ClassId};
use crate::engine::Engine;
use crate::hash::hash_bytes;
use crate::ops::Op;
use crate::program::{AtomId, AtomKind, FieldId};

/// Sequences of keys that are remembered per class; events beyond them are looked at one by one.
const SEQUENCES_MAX: usize = 4096;

/// An odd number without pattern: 2^64 divided by the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Which fields events of each class had. Only good for the engine whose events were noted.
#[derive(Clone, Debug, Default)]
pub struct SeenFields {
    vocabulary: Option<VocabularyId>,
    classes: Vec<Fields>,
}

#[derive(Clone, Debug, Default)]
struct Fields {
    events: u64,
    /// A bit for each field that some event had.
    present: Vec<u64>,
    /// A bit for each field that some event had a value of that is not empty.
    filled: Vec<u64>,
    /// For each layout that was looked at, by number, the values that were always empty.
    layouts: Vec<Option<Vec<NodeId>>>,
    /// Sequences of keys that were looked at, by hash.
    sequences: HashSet<u64>,
    /// Fields that were there but empty so far.
    pending: Vec<FieldId>,
}

/// A rule that no event could match, because none had a field that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blind {
    /// The rule.
    pub rule: ItemId,
    /// The fields: each alone keeps the rule from matching, or, if `is_any`, all of them together do.
    pub fields: Vec<String>,
    /// Whether one of the fields would be enough.
    pub is_any: bool,
    /// What happened, in a sentence without a full stop.
    pub reason: String,
}

/// What is known of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Missing,
    /// Never more than an empty text or nothing.
    Empty,
    Filled,
}

/// What a part of a condition can become.
#[derive(Clone, Copy, Debug)]
struct Can {
    hold: bool,
    fail: bool,
}

impl SeenFields {
    /// Notes an event and its class.
    pub fn note(&mut self, engine: &Engine, id: Option<ClassId>, event: Event<'_>) {
        let Some((id, class)) = id.and_then(|id| Some((id, engine.classes.get(id.0 as usize)?))) else {
            return;
        };
        if self.vocabulary != Some(event.vocabulary()) {
            self.vocabulary = Some(event.vocabulary());
            for fields in &mut self.classes {
                fields.layouts.clear();
                fields.sequences.clear();
            }
        }
        let at = id.0 as usize;
        if self.classes.len() <= at {
            self.classes.resize_with(engine.classes.len(), Fields::default);
        }
        let Some(fields) = self.classes.get_mut(at) else { return };
        if fields.events == 0 {
            fields.begin(engine);
        }
        fields.events += 1;
        if fields.is_known(event) {
            if !fields.is_news(event) {
                return;
            }
            for at in (0..fields.pending.len()).rev() {
                let field = fields.pending[at];
                if fields.look(engine, class, field, event) == State::Filled {
                    fields.pending.swap_remove(at);
                }
            }
            return;
        }
        for field in fields.named(engine, class, event) {
            if fields.look(engine, class, field, event) == State::Empty && !fields.pending.contains(&field) {
                fields.pending.push(field);
            }
        }
        let filled = &fields.filled;
        fields.pending.retain(|field| !has(filled, *field));
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: Self) {
        if self.classes.len() < other.classes.len() {
            self.classes.resize_with(other.classes.len(), Fields::default);
        }
        for (mine, theirs) in self.classes.iter_mut().zip(other.classes) {
            mine.events += theirs.events;
            for (mine, theirs) in [(&mut mine.present, theirs.present), (&mut mine.filled, theirs.filled)] {
                mine.resize(mine.len().max(theirs.len()), 0);
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine |= theirs);
            }
        }
    }
}

fn place(field: FieldId) -> (usize, u64) {
    (field.0 as usize / 64, 1 << (field.0 % 64))
}

fn has(bits: &[u64], field: FieldId) -> bool {
    let (word, bit) = place(field);
    bits.get(word).is_some_and(|word| word & bit != 0)
}

fn set(bits: &mut [u64], field: FieldId) {
    let (word, bit) = place(field);
    if let Some(word) = bits.get_mut(word) {
        *word |= bit;
    }
}

fn is_filled(value: Value<'_>) -> bool {
    let mut is_filled = false;
    let has_map = value.scalars(&mut |scalar| is_filled |= !matches!(scalar, Value::Text("")));
    is_filled || has_map
}

impl Fields {
    fn begin(&mut self, engine: &Engine) {
        let words = engine.atoms.fields.len().div_ceil(64);
        self.present.resize(words, 0);
        self.filled.resize(words, 0);
    }

    /// The fields of the class that a key of an event leads to: no other is in it.
    fn named(&self, engine: &Engine, class: &Class, event: Event<'_>) -> Vec<FieldId> {
        let mut named = Vec::new();
        let mut add = |name: &str| {
            let links = engine.keys.find(name).map_or(&[][..], |key| class.links(key));
            named.extend(links.iter().map(|link| link.field).filter(|field| !has(&self.filled, *field)));
        };
        event.root().iter().for_each(|member| add(member.key));
        event.aliases().for_each(|member| add(member.key));
        event.mounted().for_each(|(_, member)| add(member.key));
        event.additional().for_each(|member| add(member.key));
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Whether an event with these keys was looked at; if not, it is noted as such.
    fn is_known(&mut self, event: Event<'_>) -> bool {
        if let Some(layout) = event.layout() {
            let at = layout.index();
            if self.layouts.len() <= at {
                self.layouts.resize(at + 1, None);
            }
            let Some(layout) = self.layouts.get_mut(at) else { return false };
            let is_known = layout.is_some();
            layout.get_or_insert_with(|| {
                event.leaf_members().filter(|leaf| !is_filled(leaf.value)).map(|leaf| leaf.id).collect()
            });
            return is_known;
        }
        let mut hash = 0_u64;
        let mut add = |member: Member<'_>| {
            let name = member.name.map(|name| name.index() as u64);
            hash = (hash.rotate_left(5) ^ name.unwrap_or_else(|| hash_bytes(member.key.as_bytes())))
                .wrapping_mul(MIX);
        };
        event.root().iter().filter(|member| matches!(member.value, Value::Map(_))).for_each(&mut add);
        event.leaf_members().for_each(&mut add);
        if self.sequences.contains(&hash) {
            return true;
        }
        if self.sequences.len() < SEQUENCES_MAX {
            self.sequences.insert(hash);
        }
        false
    }

    /// Whether an event that is known has a value where others of its layout had none.
    fn is_news(&mut self, event: Event<'_>) -> bool {
        let layout = event.layout().and_then(|layout| self.layouts.get_mut(layout.index()));
        let Some(Some(empty)) = layout else { return true };
        let before = empty.len();
        empty.retain(|node| event.value(*node).is_none_or(|value| !is_filled(value)));
        empty.len() < before
    }

    /// What an event has of a field.
    fn look(&mut self, engine: &Engine, class: &Class, field: FieldId, event: Event<'_>) -> State {
        let Some(name) = engine.atoms.fields.get(field.0 as usize).map(FieldPath::name) else {
            return State::Missing;
        };
        for name in class.names_of(name) {
            let mut filled = false;
            let resolved = event.visit(&FieldPath::new(name), &mut |value| filled |= is_filled(value));
            if resolved == Resolved::Present {
                set(&mut self.present, field);
                if filled {
                    set(&mut self.filled, field);
                }
                return if filled { State::Filled } else { State::Empty };
            }
        }
        State::Missing
    }

    fn state(&self, class: &Class, engine: &Engine, field: FieldId) -> State {
        let is_derived = || {
            let name = engine.atoms.fields.get(field.0 as usize).map_or("", |path| path.name());
            class.derived.iter().any(|(derived, _)| derived == name)
        };
        match (has(&self.present, field), has(&self.filled, field)) {
            (_, true) => State::Filled,
            // What else the event says may stand for it.
            (true, false) if is_derived() => State::Filled,
            (true, false) => State::Empty,
            (false, false) => State::Missing,
        }
    }
}

impl Engine {
    /// The rules that read events but could match none of them, because a field was in none. Rules that read no
    /// event are not among them.
    pub fn blind(&self, seen: &SeenFields) -> Vec<Blind> {
        let mut can_match = BTreeSet::new();
        let mut blind: BTreeMap<u32, (u64, ClassId, Vec<FieldId>, bool)> = BTreeMap::new();
        for ((id, fields), class) in (0..).map(ClassId).zip(&seen.classes).zip(&self.classes) {
            if fields.events == 0 {
                continue;
            }
            for rule in &class.rules {
                if can_match.contains(rule) {
                    continue;
                }
                let missing = self.missing(*rule, &|field| fields.state(class, self, field));
                match missing {
                    None => {
                        can_match.insert(*rule);
                    }
                    // The class with the most events explains best.
                    Some((names, is_any)) => {
                        if blind.get(rule).is_none_or(|(events, ..)| *events < fields.events) {
                            blind.insert(*rule, (fields.events, id, names, is_any));
                        }
                    }
                }
            }
        }
        let blind = blind.into_iter().filter(|(rule, _)| !can_match.contains(rule));
        blind.filter_map(|(rule, found)| self.explained(rule, found, seen)).collect()
    }

    fn explained(
        &self,
        rule: u32,
        (events, id, fields, is_any): (u64, ClassId, Vec<FieldId>, bool),
        seen: &SeenFields,
    ) -> Option<Blind> {
        let class = self.classes.get(id.0 as usize)?;
        let states = seen.classes.get(id.0 as usize)?;
        let is_empty = fields.iter().all(|field| states.state(class, self, *field) == State::Empty);
        let name =
            |field: &FieldId| self.atoms.fields.get(field.0 as usize).map(|path| path.name().to_owned());
        let names: Vec<String> = fields.iter().filter_map(name).collect();
        let hint = names.iter().find_map(|name| class.hints.get(name));
        let reason = format!(
            "{} {} the {events} events of {}{}",
            names.join(if is_any { " and " } else { ", " }),
            match (names.len(), is_empty) {
                (1, true) => "was empty in all of",
                (1, false) => "was in none of",
                (_, true) => "were empty in all of",
                (_, false) => "were in none of",
            },
            class.name,
            hint.map_or(String::new(), |hint| format!(": {hint}")),
        );
        let item = self.rules.get(rule as usize)?.item;
        Some(Blind { rule: item, fields: names, is_any, reason })
    }

    /// The fields for want of which a rule cannot match: those of which each alone is enough, or all that are
    /// wanting. None if it can match, or could not whatever an event had.
    fn missing(&self, rule: u32, state: &dyn Fn(FieldId) -> State) -> Option<(Vec<FieldId>, bool)> {
        let root = self.rules.get(rule as usize)?.root;
        if self.can(root, state).hold || !self.can(root, &|_| State::Filled).hold {
            return None;
        }
        let mut fields = BTreeSet::new();
        self.fields_below(root, &mut fields);
        let wanting: Vec<_> = fields.into_iter().filter(|field| state(*field) != State::Filled).collect();
        let alone = |field: &FieldId| {
            let only = |other: FieldId| if other == *field { state(other) } else { State::Filled };
            !self.can(root, &only).hold
        };
        let decisive: Vec<_> = wanting.iter().copied().filter(alone).collect();
        Some(if decisive.is_empty() { (wanting, true) } else { (decisive, false) })
    }

    fn fields_below(&self, op: u32, fields: &mut BTreeSet<FieldId>) {
        match self.ops.get(op) {
            Op::And(start, end) | Op::Or(start, end) | Op::AtLeast(_, start, end) => {
                self.ops.children(start, end).iter().for_each(|op| self.fields_below(*op, fields));
            }
            Op::Not(op) => self.fields_below(op, fields),
            Op::Atom(atom) => fields.extend(self.atoms.fields_of(atom)),
            Op::False => {}
        }
    }

    fn can(&self, op: u32, state: &dyn Fn(FieldId) -> State) -> Can {
        let each = |start, end| self.ops.children(start, end).iter().map(|op| self.can(*op, state));
        match self.ops.get(op) {
            Op::And(start, end) => {
                Can { hold: each(start, end).all(|can| can.hold), fail: each(start, end).any(|can| can.fail) }
            }
            Op::Or(start, end) => {
                Can { hold: each(start, end).any(|can| can.hold), fail: each(start, end).all(|can| can.fail) }
            }
            Op::AtLeast(count, start, end) => {
                let count = count as usize;
                let certain = each(start, end).filter(|can| !can.fail).count();
                Can { hold: each(start, end).filter(|can| can.hold).count() >= count, fail: certain < count }
            }
            Op::Not(op) => {
                let can = self.can(op, state);
                Can { hold: can.fail, fail: can.hold }
            }
            Op::Atom(atom) => self.atom_can(atom, state),
            Op::False => Can { hold: false, fail: true },
        }
    }

    fn atom_can(&self, id: AtomId, state: &dyn Fn(FieldId) -> State) -> Can {
        const ANY: Can = Can { hold: true, fail: true };
        const NEVER: Can = Can { hold: false, fail: true };
        let Some(atom) = self.atoms.atoms.get(id.0 as usize) else { return NEVER };
        // Keywords look at whatever there is.
        if self.atoms.fields_of(id).next().is_none() {
            return ANY;
        }
        match (&atom.kind, state(atom.field)) {
            (AtomKind::FieldRef { other, .. }, mine) => {
                if mine == State::Missing || state(*other) == State::Missing { NEVER } else { ANY }
            }
            (_, State::Filled) | (AtomKind::Exists | AtomKind::Null, State::Empty) => ANY,
            (AtomKind::Value(predicate), State::Empty) => Can { hold: predicate.test(""), fail: true },
            (AtomKind::AnyOf(list), State::Empty) => {
                Can { hold: list.test(b"", true, &self.atoms), fail: true }
            }
            (AtomKind::Null, State::Missing) => Can { hold: true, fail: false },
            (AtomKind::Exists | AtomKind::Value(_) | AtomKind::AnyOf(_), State::Missing) => NEVER,
        }
    }
}
