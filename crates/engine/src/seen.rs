//! Which fields events had, and which rules can never match for want of one.
//!
//! A rule may read a log and still be blind: the log lacks what it asks for, e.g. command lines that are not
//! audited. [`SeenFields`] remembers per class which fields of the rules some event had; [`Engine::blind`] then finds
//! the rules whose condition cannot become true without a field that none had.
//!
//! Price per event: one test of a bit for each field that it has and that some rule reads. Memory per class:
//! a quarter of a byte for each field of the rule set.

use std::collections::{BTreeMap, BTreeSet};

use sigyn_event::{Event, Value};
use sigyn_ir::ItemId;

use crate::class::{Class, ClassId};
use crate::engine::Engine;
use crate::ops::Op;
use crate::program::{AtomId, AtomKind, FieldId};
use crate::scratch::Scratch;

/// Which fields events of each class had. Only good for the engine whose events were noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenFields {
    classes: BTreeMap<ClassId, Fields>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fields {
    events: u64,
    /// A bit for each field that some event had.
    present: Vec<u64>,
    /// A bit for each field that some event had a value of that is not empty.
    filled: Vec<u64>,
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
    /// Notes the event that was just run with the scratch.
    pub fn note(&mut self, engine: &Engine, class: Option<ClassId>, event: Event<'_>, scratch: &Scratch) {
        let Some(class) = class else { return };
        let words = engine.atoms.fields.len().div_ceil(64);
        let fields = self.classes.entry(class).or_default();
        fields.events += 1;
        // Once per class.
        if fields.present.len() < words {
            fields.present.resize(words, 0);
            fields.filled.resize(words, 0);
        }
        for field in &scratch.touched {
            let (word, bit) = place(*field);
            let (Some(present), Some(filled)) = (fields.present.get_mut(word), fields.filled.get_mut(word)) else {
                continue;
            };
            if *filled & bit != 0 {
                continue;
            }
            *present |= bit;
            if is_filled(*field, event, scratch) {
                *filled |= bit;
            }
        }
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: Self) {
        for (class, theirs) in other.classes {
            let mine = self.classes.entry(class).or_default();
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

fn is_filled(field: FieldId, event: Event<'_>, scratch: &Scratch) -> bool {
    let Some(slot) = scratch.slots.get(field.0 as usize) else { return false };
    let mut next = slot.first;
    while let Some(found) = scratch.found.get(next as usize) {
        match event.value(found.node) {
            None | Some(Value::Null | Value::Text("")) => {}
            Some(Value::List(list)) if list.iter().next().is_none() => {}
            Some(_) => return true,
        }
        next = found.next;
    }
    false
}

impl Fields {
    fn state(&self, class: &Class, engine: &Engine, field: FieldId) -> State {
        let (word, bit) = place(field);
        let has = |bits: &[u64]| bits.get(word).is_some_and(|word| word & bit != 0);
        let is_derived = || {
            let name = engine.atoms.fields.get(field.0 as usize).map_or("", |path| path.name());
            class.derived.iter().any(|(derived, _)| derived == name)
        };
        match (has(&self.present), has(&self.filled)) {
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
        for (id, fields) in &seen.classes {
            let Some(class) = self.classes.get(id.0 as usize) else { continue };
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
                            blind.insert(*rule, (fields.events, *id, names, is_any));
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
        let states = seen.classes.get(&id)?;
        let is_empty = fields.iter().all(|field| states.state(class, self, *field) == State::Empty);
        let name = |field: &FieldId| self.atoms.fields.get(field.0 as usize).map(|path| path.name().to_owned());
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
            (AtomKind::Null, State::Missing) => Can { hold: true, fail: false },
            (AtomKind::Exists | AtomKind::Value(_), State::Missing) => NEVER,
        }
    }
}
