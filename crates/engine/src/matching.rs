//! Matching one event: the hot path.

use sigyn_event::{Event, NodeId, Value, write_scalar};
use sigyn_ir::ItemId;

use crate::any_of::AnyOf;
use crate::class::{Class, ClassId, NONE};
use crate::derive;
use crate::engine::Engine;
use crate::fold::fold_into;
use crate::ops::Op;
use crate::outcomes::Habit;
use crate::pattern::Case;
use crate::plan::{ClassPlan, KEYWORDS_PLACE, Plan};
use crate::predicate::Predicate;
use crate::program::{AtomId, AtomKind, FieldId, KEYWORDS};
use crate::scratch::{Prepared, Raw, Scratch, Text};

impl Engine {
    /// What an event is and which rules match it, in the order of the set; no class if the table of log sources
    /// does not know such events.
    pub fn run<'s>(&self, event: Event<'_>, scratch: &'s mut Scratch) -> (Option<ClassId>, &'s [ItemId]) {
        let class = self.planned(event, scratch, |plan, scratch| {
            let class = self.routed(event, plan, scratch);
            self.match_class(event, class, (plan, scratch), None);
            class
        });
        (class, &scratch.matched)
    }

    /// The class whose rules an event is matched with.
    pub(crate) fn routed(&self, event: Event<'_>, plan: &mut Plan, scratch: &mut Scratch) -> Option<ClassId> {
        match self.config.routing {
            crate::Routing::AllRules => Some(ClassId(0)),
            crate::Routing::LogSource => self.classify_planned(event, plan, scratch),
        }
    }

    /// What an event is.
    pub fn classify(&self, event: Event<'_>, scratch: &mut Scratch) -> Option<ClassId> {
        self.planned(event, scratch, |plan, scratch| self.classify_planned(event, plan, scratch))
    }

    pub(crate) fn classify_planned(
        &self,
        event: Event<'_>,
        plan: &mut Plan,
        scratch: &mut Scratch,
    ) -> Option<ClassId> {
        let is_kept = event.layout().is_some() && self.config.value_cache.is_on();
        if is_kept && let Some(class) = plan.last.same(event) {
            return class;
        }
        let mut known = std::mem::take(&mut plan.candidates);
        let class = self.classifier.classify(event, plan, &mut known, &mut scratch.identity);
        plan.candidates = known;
        if is_kept {
            plan.last.keep(event, class);
        }
        class
    }

    /// Which rules of a class match an event, in the order of the set.
    pub fn matches<'s>(&self, event: Event<'_>, class: ClassId, scratch: &'s mut Scratch) -> &'s [ItemId] {
        self.planned(event, scratch, |plan, scratch| {
            self.match_class(event, Some(class), (plan, scratch), None)
        });
        &scratch.matched
    }

    pub(crate) fn planned<T>(
        &self,
        event: Event<'_>,
        scratch: &mut Scratch,
        work: impl FnOnce(&mut Plan, &mut Scratch) -> T,
    ) -> T {
        scratch.begin();
        let mut plan = scratch.plans.take(event);
        plan.make(self, event);
        let result = work(&mut plan, scratch);
        scratch.plans.put(event.layout(), plan);
        result
    }

    /// With a meter each rule that is awake is timed, and an event that says what an earlier one said is matched all the same.
    pub(crate) fn match_class(
        &self,
        event: Event<'_>,
        class: Option<ClassId>,
        (plan, scratch): (&mut Plan, &mut Scratch),
        meter: Option<&mut Meter<'_>>,
    ) {
        let Some((id, class)) = class.and_then(|id| Some((id, self.classes.get(id.0 as usize)?))) else {
            return;
        };
        if class.rules.is_empty() {
            return;
        }
        let at = plan.class_at(self, event, id, class, &mut scratch.assigning);
        let Some((fields, memory, leaves)) = plan.class(at) else { return };
        if scratch.prepared.len() < fields.fields.len() {
            scratch.prepared.resize(fields.fields.len(), Prepared::default());
        }
        let mut run = Run { engine: self, class, id, event, plan: fields, leaves, scratch };
        if !self.config.witnesses.is_on() {
            class.rules.iter().for_each(|rule| run.scratch.marks.wake(*rule));
            return run.evaluate(meter);
        }
        run.scan_loose(&mut memory.recall);
        let is_new = meter.is_none()
            && match run.outcome(&memory.habit) {
                Outcome::Known => return memory.habit.learn(true),
                Outcome::New => true,
                Outcome::NotAsked => false,
            };
        class.sieve.always.iter().for_each(|rule| run.scratch.marks.wake(*rule));
        run.scan_fields(&mut memory.recall);
        run.evaluate(meter);
        if is_new {
            memory.habit.learn(false);
            run.keep_outcome();
        }
    }
}

/// Times rules while they are evaluated.
pub(crate) struct Meter<'m> {
    /// Nanoseconds since any instant.
    pub(crate) clock: &'m mut dyn FnMut() -> u64,
    /// Is told of each rule and its nanoseconds.
    pub(crate) told: &'m mut dyn FnMut(ItemId, u64),
}

/// Whether an event that says the same was matched before.
enum Outcome {
    Known,
    New,
    NotAsked,
}

/// One event in one class.
pub(crate) struct Run<'r, 'e> {
    pub(crate) engine: &'r Engine,
    pub(crate) class: &'r Class,
    pub(crate) id: ClassId,
    pub(crate) event: Event<'e>,
    pub(crate) plan: &'r ClassPlan,
    /// Texts and numbers of the event, wherever they stand.
    leaves: &'r [NodeId],
    pub(crate) scratch: &'r mut Scratch,
}

impl<'r> Run<'r, '_> {
    /// Takes over what matched an event that said the same, if there was one.
    fn outcome(&mut self, habit: &Habit) -> Outcome {
        let Scratch { saying, marks, matched, stats, .. } = &mut *self.scratch;
        let outcomes = &self.engine.outcomes;
        // Keywords in values that no field has make an event one of a kind.
        if !outcomes.is_on() || marks.met > 0 {
            return Outcome::NotAsked;
        }
        let Some(name) = habit.takes(self.event) else { return Outcome::NotAsked };
        if !saying.read(self.event, name, &self.plan.reads) {
            return Outcome::NotAsked;
        }
        if !outcomes.find(saying, matched) {
            return Outcome::New;
        }
        stats.known += 1;
        Outcome::Known
    }

    /// Keeps what matched, unless values that no field has were looked at for it.
    fn keep_outcome(&mut self) {
        let Scratch { saying, marks, prepared, matched, .. } = &*self.scratch;
        if prepared.get(KEYWORDS_PLACE).is_none_or(|keywords| keywords.at != marks.now) {
            self.engine.outcomes.keep(saying, matched);
        }
    }

    /// Evaluates the rules that are awake.
    fn evaluate(&mut self, mut meter: Option<&mut Meter<'_>>) {
        self.scratch.stats.woken += self.scratch.marks.woken.len() as u64;
        let is_woken = self.engine.config.witnesses.is_on();
        for at in 0..self.scratch.marks.woken.len() {
            let rule =
                self.scratch.marks.woken.get(at).and_then(|rule| self.engine.rules.get(*rule as usize));
            let Some(rule) = rule else { continue };
            let start = meter.as_mut().map(|meter| (meter.clock)());
            if self.holds(if is_woken { rule.awake } else { rule.root }) {
                self.scratch.matched.push(rule.item);
            }
            if let (Some(meter), Some(start)) = (&mut meter, start) {
                let took = (meter.clock)().saturating_sub(start);
                (meter.told)(rule.item, took);
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
        if is_shared && let Some(verdict) = self.scratch.marks.verdict(id) {
            return verdict;
        }
        // Its literal was looked for in all values, and not met.
        if self.class.sieve.known.has(id) {
            return false;
        }
        let verdict = self.atom_afresh(id);
        if is_shared {
            self.scratch.marks.set_verdict(id, verdict);
        }
        verdict
    }

    fn atom_afresh(&mut self, id: AtomId) -> bool {
        let Some(atom) = self.engine.atoms.atoms.get(id.0 as usize) else { return false };
        match &atom.kind {
            AtomKind::Exists => self.is_present(atom.field),
            AtomKind::Null => {
                let (start, end) = self.texts(atom.field);
                let prepared = self.plan.place(atom.field).and_then(|place| self.scratch.prepared.get(place));
                start == end && !prepared.is_some_and(|prepared| prepared.has_map)
            }
            AtomKind::Value(predicate) => {
                let (start, end) = self.texts(atom.field);
                (start..end).any(|at| self.tests(predicate, at))
            }
            AtomKind::AnyOf(list) => {
                let (start, end) = self.texts(atom.field);
                (start..end).any(|at| self.has_any(list, at))
            }
            AtomKind::FieldRef { other, starts_with, ends_with, case } => {
                let (start, end) = self.texts(atom.field);
                let (other_start, other_end) = self.texts(*other);
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

    /// Whether a text has one of a list's literals.
    fn has_any(&mut self, list: &AnyOf, at: u32) -> bool {
        let atoms = &self.engine.atoms;
        let text = raw(self.event, self.scratch, at);
        if text.is_ascii() {
            return list.test(text.as_bytes(), true, atoms);
        }
        let span = fold_text(self.event, self.scratch, at);
        list.test(piece(&self.scratch.arena, span).as_bytes(), false, atoms)
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
        field != KEYWORDS && self.plan.place(field).is_some()
    }

    /// The range of a field's scalars.
    fn texts(&mut self, field: FieldId) -> (u32, u32) {
        self.plan.place(field).map_or((0, 0), |place| self.prepare(place))
    }

    /// The range of the scalars of the field at a place, made on first use.
    pub(crate) fn prepare(&mut self, place: usize) -> (u32, u32) {
        let now = self.scratch.marks.now;
        let Some(prepared) = self.scratch.prepared.get(place).copied() else { return (0, 0) };
        if prepared.at == now {
            return (prepared.start, prepared.end);
        }
        let start = length(&self.scratch.texts);
        let nodes = if place == KEYWORDS_PLACE { self.leaves } else { self.plan.nodes(place) };
        let mut has_map = false;
        for node in nodes {
            if let Some(value) = self.event.value(*node) {
                has_map |= push_scalars(self.scratch, value, *node);
            }
        }
        if let Some((_, makers)) = self.class.derived.get(self.plan.derived(place) as usize) {
            derive::add(makers, self.event, self.scratch, start);
        }
        let end = length(&self.scratch.texts);
        if let Some(prepared) = self.scratch.prepared.get_mut(place) {
            *prepared = Prepared { at: now, start, end, has_map };
        }
        (start, end)
    }

    /// Whether a text satisfies a comparison.
    pub(crate) fn tests(&mut self, predicate: &Predicate, at: u32) -> bool {
        let text = raw(self.event, self.scratch, at);
        if !predicate.wants_folded() {
            return predicate.test(text);
        }
        if text.is_ascii()
            && let Some(verdict) = predicate.test_ascii(text)
        {
            return verdict;
        }
        let span = fold_text(self.event, self.scratch, at);
        predicate.test(piece(&self.scratch.arena, span))
    }
}

#[derive(Clone, Copy)]
enum Shown {
    Raw(u32),
    Folded((u32, u32)),
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
pub(crate) fn piece(arena: &str, (start, end): (u32, u32)) -> &str {
    arena.get(start as usize..end as usize).unwrap_or("")
}

#[inline]
pub(crate) fn raw<'t>(event: Event<'t>, scratch: &'t Scratch, at: u32) -> &'t str {
    raw_of(event, &scratch.texts, &scratch.arena, at)
}

#[inline]
pub(crate) fn raw_of<'t>(event: Event<'t>, texts: &[Text], arena: &'t str, at: u32) -> &'t str {
    match texts.get(at as usize).map(|text| text.raw) {
        Some(Raw::Node(node)) => event.value(node).and_then(Value::as_text).unwrap_or(""),
        Some(Raw::Arena(start, end)) => piece(arena, (start, end)),
        None => "",
    }
}

/// Where the folded form of a text lies in the arena.
#[inline]
pub(crate) fn fold_text(event: Event<'_>, scratch: &mut Scratch, at: u32) -> (u32, u32) {
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
