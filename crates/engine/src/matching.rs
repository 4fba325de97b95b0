//! Matching one event: the hot path.

use sigyn_event::{Event, NodeId, Value, write_scalar};
use sigyn_ir::ItemId;

use crate::class::{Class, ClassId, Link, NONE};
use crate::derive;
use crate::engine::Engine;
use crate::fold::fold_into;
use crate::hash::hash_bytes;
use crate::ops::Op;
use crate::pattern::Case;
use crate::program::{AtomId, AtomKind, FieldId, KEYWORDS};
use crate::scratch::{Entry, Found, Origin, Raw, Scratch, Text};
use crate::table::Table;

/// Names of a field are further apart than the places where one name can be found.
const RANKS_PER_NAME: u32 = 256;
const RANK_PATH: u32 = 100;
const MOUNTS_MAX: u32 = 90;
const RANK_ADDITIONAL: u32 = RANKS_PER_NAME - 1;

impl Engine {
    /// What an event is and which rules match it, in the order of the set; no class if the table of log sources
    /// does not know such events.
    pub fn run<'s>(&self, event: Event<'_>, scratch: &'s mut Scratch) -> (Option<ClassId>, &'s [ItemId]) {
        scratch.begin();
        self.index(event, scratch);
        let class = match self.config.routing {
            crate::Routing::AllRules => Some(ClassId(0)),
            crate::Routing::LogSource => self.classifier.classify(event, scratch),
        };
        self.match_class(event, class, scratch);
        (class, &scratch.matched)
    }

    /// What an event is.
    pub fn classify(&self, event: Event<'_>, scratch: &mut Scratch) -> Option<ClassId> {
        scratch.begin();
        self.index(event, scratch);
        self.classifier.classify(event, scratch)
    }

    /// Which rules of a class match an event, in the order of the set.
    pub fn matches<'s>(&self, event: Event<'_>, class: ClassId, scratch: &'s mut Scratch) -> &'s [ItemId] {
        scratch.begin();
        self.index(event, scratch);
        self.match_class(event, Some(class), scratch);
        &scratch.matched
    }

    /// Finds the keys that anything looks at.
    fn index(&self, event: Event<'_>, scratch: &mut Scratch) {
        let now = scratch.now;
        let mut add = |name: &str, node: NodeId, origin: Origin| {
            let Some(key) = self.keys.find(name) else { return };
            scratch.entries.push(Entry { key, node, origin });
            if let Some(seen) = scratch.keys.get_mut(key.0 as usize)
                && seen.0 != now
            {
                *seen = (now, node);
            }
        };
        event.root().iter().for_each(|member| add(member.key, member.id, Origin::Root));
        event.aliases().for_each(|member| add(member.key, member.id, Origin::Alias));
        for (mount, member) in event.mounted() {
            let mount = u32::try_from(mount).unwrap_or(MOUNTS_MAX).min(MOUNTS_MAX);
            add(member.key, member.id, Origin::Mount(mount));
        }
        event.additional().for_each(|member| add(member.key, member.id, Origin::Additional));
    }

    fn match_class(&self, event: Event<'_>, class: Option<ClassId>, scratch: &mut Scratch) {
        scratch.begin_class();
        let Some((id, class)) = class.and_then(|id| Some((id, self.classes.get(id.0 as usize)?))) else {
            return;
        };
        if class.rules.is_empty() {
            return;
        }
        let mut run = Run { engine: self, class, event, scratch };
        run.assign();
        if self.config.witnesses.is_on() {
            class.always.iter().for_each(|rule| run.scratch.wake(*rule));
            run.scan_fields(id);
        } else {
            class.rules.iter().for_each(|rule| run.scratch.wake(*rule));
        }
        run.evaluate();
    }
}

/// One event in one class.
struct Run<'r, 'e> {
    engine: &'r Engine,
    class: &'r Class,
    event: Event<'e>,
    scratch: &'r mut Scratch,
}

impl<'r> Run<'r, '_> {
    /// Gives fields their values.
    fn assign(&mut self) {
        for at in 0..self.scratch.entries.len() {
            let Some(entry) = self.scratch.entries.get(at).copied() else { break };
            for link in self.class.links(entry.key) {
                self.assign_link(*link, entry);
            }
        }
    }

    fn assign_link(&mut self, link: Link, entry: Entry) {
        let base = link.name * RANKS_PER_NAME;
        if link.path == NONE {
            let rank = base
                + match entry.origin {
                    Origin::Root => 0,
                    Origin::Alias => 1,
                    Origin::Mount(mount) => 2 + mount,
                    Origin::Additional => RANK_ADDITIONAL,
                };
            self.add_value(link.field, rank, entry.node);
            return;
        }
        let rank = base
            + match entry.origin {
                Origin::Root => RANK_PATH,
                Origin::Mount(mount) => RANK_PATH + 1 + mount,
                Origin::Alias | Origin::Additional => return,
            };
        let engine = self.engine;
        let Some(path) = engine.paths.get(link.path as usize) else { return };
        self.event.visit_below(entry.node, path, &mut |node| self.add_value(link.field, rank, node));
    }

    /// Adds a value of a field, unless it has one under a better name; a value under a worse name goes.
    fn add_value(&mut self, field: FieldId, rank: u32, node: NodeId) {
        let now = self.scratch.now;
        let Some(slot) = self.scratch.slots.get_mut(field.0 as usize) else { return };
        let at = u32::try_from(self.scratch.found.len()).unwrap_or(NONE);
        let is_new = slot.seen_at != now;
        if is_new || rank < slot.rank {
            // Additional values join whatever the same name has found.
            let joins = !is_new && rank % RANKS_PER_NAME == RANK_ADDITIONAL && same_name(rank, slot.rank);
            if !joins {
                (slot.seen_at, slot.rank, slot.first, slot.last) = (now, rank, at, at);
                self.scratch.found.push(Found { node, next: NONE });
                if is_new {
                    self.scratch.touched.push(field);
                }
                return;
            }
        }
        let joins =
            rank == slot.rank || (rank % RANKS_PER_NAME == RANK_ADDITIONAL && same_name(rank, slot.rank));
        if joins {
            let last = slot.last;
            slot.last = at;
            if let Some(found) = self.scratch.found.get_mut(last as usize) {
                found.next = at;
            }
            self.scratch.found.push(Found { node, next: NONE });
        }
    }

    /// Wakes rules by what is in the values of their fields.
    fn scan_fields(&mut self, class: ClassId) {
        let class_of = self.class;
        for at in 0..self.scratch.touched.len() {
            let Some(field) = self.scratch.touched.get(at).copied() else { break };
            if let Some((table_at, table)) = class_of.table(field) {
                self.scan(field, table, (class.0 + 1, table_at));
            }
        }
        if let Some((table_at, table)) = class_of.table(KEYWORDS) {
            self.scan(KEYWORDS, table, (class.0 + 1, table_at));
        }
    }

    fn scan(&mut self, field: FieldId, table: &'r Table, name: (u32, u32)) {
        if field == KEYWORDS && !table.is_costly() {
            self.scan_leaves(table);
            return;
        }
        let (start, end) = self.prepare(field);
        for at in start..end {
            let raw = raw(self.event, self.scratch, at);
            if !table.is_costly() || !self.scratch.cache.takes(raw) {
                self.scan_value(table, at);
                continue;
            }
            let hash = hash_bytes(raw.as_bytes()) ^ u64::from(name.0) << 20 ^ u64::from(name.1);
            if self.scratch.cache.has(hash, name, raw) {
                self.scratch.stats.cached += 1;
            } else if !self.scan_value(table, at) {
                put(self.event, self.scratch, at, hash, name);
            }
        }
    }

    /// All leaves, without preparing them: most events wake nothing by them.
    fn scan_leaves(&mut self, table: &'r Table) {
        let event = self.event;
        for member in event.leaf_members() {
            match member.value {
                Value::Text(text) if text.is_ascii() => {
                    self.scratch.stats.scanned += 1;
                    let Scratch { woken_at, woken, now, .. } = &mut *self.scratch;
                    table.scan(text, true, |rule| wake(woken_at, woken, *now, rule));
                }
                Value::Null | Value::Bool(_) => {}
                Value::Int(_) | Value::Uint(_) | Value::Float(_) if !table.has_digits() => {}
                scalar => {
                    self.scratch.stats.scanned += 1;
                    let Scratch { arena, woken_at, woken, now, .. } = &mut *self.scratch;
                    let start = arena.len();
                    match scalar {
                        Value::Text(text) => fold_into(arena, text),
                        number => write_scalar(arena, number),
                    }
                    let text = arena.get(start..).unwrap_or("");
                    table.scan(text, text.is_ascii(), |rule| wake(woken_at, woken, *now, rule));
                    arena.truncate(start);
                }
            }
        }
    }

    /// Whether a value wakes anything.
    fn scan_value(&mut self, table: &'r Table, at: u32) -> bool {
        self.scratch.stats.scanned += 1;
        let mut woke = false;
        let is_ascii = raw(self.event, self.scratch, at).is_ascii();
        let span = if is_ascii { (0, 0) } else { fold_text(self.event, self.scratch, at) };
        {
            let Scratch { arena, texts, woken_at, woken, now, .. } = &mut *self.scratch;
            let text = if is_ascii { raw_of(self.event, texts, arena, at) } else { piece(arena, span) };
            table.scan(text, is_ascii, |rule| {
                woke = true;
                wake(woken_at, woken, *now, rule);
            });
        }
        for (atom, rules) in &table.direct {
            let Some(AtomKind::Value(predicate)) =
                self.engine.atoms.atoms.get(atom.0 as usize).map(|atom| &atom.kind)
            else {
                continue;
            };
            let holds = if predicate.wants_folded() {
                let span = fold_text(self.event, self.scratch, at);
                predicate.test(piece(&self.scratch.arena, span))
            } else {
                predicate.test(raw(self.event, self.scratch, at))
            };
            if holds {
                woke = true;
                rules.iter().for_each(|rule| self.scratch.wake(*rule));
            }
        }
        woke
    }

    /// Evaluates the rules that are awake.
    fn evaluate(&mut self) {
        self.scratch.stats.woken += self.scratch.woken.len() as u64;
        for at in 0..self.scratch.woken.len() {
            let rule = self.scratch.woken.get(at).and_then(|rule| self.engine.rules.get(*rule as usize));
            if let Some(rule) = rule
                && self.holds(rule.root)
            {
                self.scratch.matched.push(rule.item);
            }
        }
        self.scratch.matched.sort_unstable();
    }

    fn holds(&mut self, op: u32) -> bool {
        let engine = self.engine;
        match engine.ops.get(op) {
            Op::And(start, end) => engine.ops.children(start, end).iter().all(|op| self.holds(*op)),
            Op::Or(start, end) => engine.ops.children(start, end).iter().any(|op| self.holds(*op)),
            Op::Not(op) => !self.holds(op),
            Op::AtLeast(count, start, end) => {
                let mut missing = count;
                missing == 0
                    || engine.ops.children(start, end).iter().any(|op| {
                        missing -= u32::from(self.holds(*op));
                        missing == 0
                    })
            }
            Op::Atom(atom) => self.atom(atom),
            Op::False => false,
        }
    }

    fn atom(&mut self, id: AtomId) -> bool {
        let is_shared = self.engine.config.shared_atoms.is_on();
        if is_shared && let Some(verdict) = self.scratch.verdict(id) {
            return verdict;
        }
        let verdict = self.atom_afresh(id);
        if is_shared {
            self.scratch.set_verdict(id, verdict);
        }
        verdict
    }

    fn atom_afresh(&mut self, id: AtomId) -> bool {
        let Some(atom) = self.engine.atoms.atoms.get(id.0 as usize) else { return false };
        match &atom.kind {
            AtomKind::Exists => self.is_present(atom.field),
            AtomKind::Null => {
                let (start, end) = self.prepare(atom.field);
                let has_map = self.is_present(atom.field)
                    && self.scratch.slots.get(atom.field.0 as usize).is_some_and(|slot| slot.has_map);
                start == end && !has_map
            }
            AtomKind::Value(predicate) => {
                let (start, end) = self.prepare(atom.field);
                (start..end).any(|at| {
                    if predicate.wants_folded() {
                        let span = fold_text(self.event, self.scratch, at);
                        predicate.test(piece(&self.scratch.arena, span))
                    } else {
                        predicate.test(raw(self.event, self.scratch, at))
                    }
                })
            }
            AtomKind::FieldRef { other, starts_with, ends_with, case } => {
                let (start, end) = self.prepare(atom.field);
                let (other_start, other_end) = self.prepare(*other);
                (start..end).any(|mine| {
                    (other_start..other_end).any(|theirs| {
                        let (mine, theirs) = (self.text(mine, *case), self.text(theirs, *case));
                        let (mine, theirs) = (self.shown(mine), self.shown(theirs));
                        match (starts_with, ends_with) {
                            (true, true) => mine.contains(theirs),
                            (true, false) => mine.starts_with(theirs),
                            (false, true) => mine.ends_with(theirs),
                            (false, false) => mine == theirs,
                        }
                    })
                })
            }
        }
    }

    /// A text, folded if case does not count.
    fn text(&mut self, at: u32, case: Case) -> Shown {
        match case {
            Case::Insensitive => Shown::Folded(fold_text(self.event, self.scratch, at)),
            Case::Sensitive => Shown::Raw(at),
        }
    }

    fn shown(&self, text: Shown) -> &str {
        match text {
            Shown::Folded(span) => piece(&self.scratch.arena, span),
            Shown::Raw(at) => raw(self.event, self.scratch, at),
        }
    }

    fn is_present(&self, field: FieldId) -> bool {
        self.scratch.slots.get(field.0 as usize).is_some_and(|slot| slot.seen_at == self.scratch.now)
    }

    /// The range of a field's scalars, made on first use.
    fn prepare(&mut self, field: FieldId) -> (u32, u32) {
        let now = self.scratch.now;
        let Some(slot) = self.scratch.slots.get(field.0 as usize).copied() else { return (0, 0) };
        if slot.prepared_at == now {
            return (slot.start, slot.end);
        }
        let start = length(&self.scratch.texts);
        let mut has_map = false;
        if field == KEYWORDS {
            let event = self.event;
            for member in event.leaf_members().filter(|member| !matches!(member.value, Value::Bool(_))) {
                push_scalars(self.scratch, member.value, member.id);
            }
        } else if slot.seen_at == now {
            let mut next = slot.first;
            while let Some(found) = self.scratch.found.get(next as usize).copied() {
                if let Some(value) = self.event.value(found.node) {
                    has_map |= push_scalars(self.scratch, value, found.node);
                }
                next = found.next;
            }
            if !self.class.derived.is_empty() {
                derive::add(self.engine, self.class, self.event, self.scratch, (field, start));
            }
        }
        let end = length(&self.scratch.texts);
        if let Some(slot) = self.scratch.slots.get_mut(field.0 as usize) {
            (slot.prepared_at, slot.start, slot.end, slot.has_map) = (now, start, end, has_map);
        }
        (start, end)
    }
}

#[derive(Clone, Copy)]
enum Shown {
    Raw(u32),
    Folded((u32, u32)),
}

fn same_name(a: u32, b: u32) -> bool {
    a / RANKS_PER_NAME == b / RANKS_PER_NAME
}

fn length<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(NONE)
}

/// Adds a value's scalars as texts; returns whether there is a map among them.
fn push_scalars(scratch: &mut Scratch, value: Value<'_>, node: NodeId) -> bool {
    match value {
        Value::Null => false,
        Value::Map(_) => true,
        Value::Text(_) => {
            scratch.texts.push(Text { raw: Raw::Node(node), folded: None });
            false
        }
        Value::List(list) => {
            let mut has_map = false;
            for member in list.members() {
                has_map |= push_scalars(scratch, member.value, member.id);
            }
            has_map
        }
        scalar => {
            let start = scratch.arena.len();
            write_scalar(&mut scratch.arena, scalar);
            let span = span(start, scratch.arena.len());
            // Texts of numbers and booleans are their own folded form.
            scratch.texts.push(Text { raw: Raw::Arena(span.0, span.1), folded: Some(span) });
            false
        }
    }
}

fn span(start: usize, end: usize) -> (u32, u32) {
    (u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(0))
}

#[inline]
fn piece(arena: &str, (start, end): (u32, u32)) -> &str {
    arena.get(start as usize..end as usize).unwrap_or("")
}

#[inline]
fn raw<'t>(event: Event<'t>, scratch: &'t Scratch, at: u32) -> &'t str {
    raw_of(event, &scratch.texts, &scratch.arena, at)
}

#[inline]
fn raw_of<'t>(event: Event<'t>, texts: &[Text], arena: &'t str, at: u32) -> &'t str {
    match texts.get(at as usize).map(|text| text.raw) {
        Some(Raw::Node(node)) => event.value(node).and_then(Value::as_text).unwrap_or(""),
        Some(Raw::Arena(start, end)) => piece(arena, (start, end)),
        None => "",
    }
}

#[inline]
fn wake(woken_at: &mut [u32], woken: &mut Vec<u32>, now: u32, rule: u32) {
    if let Some(seen) = woken_at.get_mut(rule as usize)
        && *seen != now
    {
        *seen = now;
        woken.push(rule);
    }
}

/// Where the folded form of a text lies in the arena.
#[inline]
fn fold_text(event: Event<'_>, scratch: &mut Scratch, at: u32) -> (u32, u32) {
    let Some(text) = scratch.texts.get(at as usize).copied() else { return (0, 0) };
    if let Some(span) = text.folded {
        return span;
    }
    let Raw::Node(node) = text.raw else { return (0, 0) };
    let start = scratch.arena.len();
    fold_into(&mut scratch.arena, event.value(node).and_then(Value::as_text).unwrap_or(""));
    let span = span(start, scratch.arena.len());
    if let Some(text) = scratch.texts.get_mut(at as usize) {
        text.folded = Some(span);
    }
    span
}

fn put(event: Event<'_>, scratch: &mut Scratch, at: u32, hash: u64, name: (u32, u32)) {
    let Some(text) = scratch.texts.get(at as usize).map(|text| text.raw) else { return };
    match text {
        Raw::Node(node) => {
            scratch.cache.put(hash, name, event.value(node).and_then(Value::as_text).unwrap_or(""));
        }
        Raw::Arena(start, end) => {
            let Scratch { arena, cache, .. } = scratch;
            cache.put(hash, name, piece(arena, (start, end)));
        }
    }
}
