//! Matching rows whose values are numbers of a dictionary: what decides, and what is known of rows that say the same.
//!
//! Stored events repeat, and their columns have each distinct value once. So what a value wakes is found once for each distinct value
//! ([`Engine::sparks`]). Most rows have nothing that wakes any rule, and need no more. Of the others the rules that are awake
//! ask something of a few values ([`Engine::asked`]), and what they ask is answered once for each distinct value
//! ([`Engine::answers`]). A row is then a sequence of numbers: what woke rules, and the answers. Rows with the same sequence have
//! the same result ([`Sequences`]): one event of each is put together and matched, by the same code that matches events as they
//! come. There is no second meaning of a rule.
//!
//! What [`Decisive`] says holds for all events with the same keys, the same kinds of values, and the same values where it says what the
//! event is.

use std::collections::{BTreeMap, BTreeSet};

use sigyn_event::{Event, NodeId};
use sigyn_ir::ItemId;

use crate::class::{ClassId, NONE};
use crate::engine::Engine;
use crate::fold::fold_into;
use crate::pattern::Case;
use crate::plan::KEYWORDS_PLACE;
use crate::predicate::Predicate;
use crate::program::{AtomKind, FieldId, KEYWORDS};
use crate::scratch::Scratch;
use crate::table::Table;

/// Marks the number of a comparison that is no literal.
const DIRECT: u32 = 1 << 31;

/// What decides which rules match an event, and all events of its layout with the same [identity](Self::identity).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisive {
    /// What the event is.
    pub class: Option<ClassId>,
    /// The values that say so. Sorted.
    pub identity: Vec<NodeId>,
    /// The values that wake rules, each with the tables that say which.
    pub looks: Vec<(NodeId, Vec<u32>)>,
    /// The fields of rules that the event has, each with the values that it has or is made of.
    pub fields: Vec<(u32, Vec<NodeId>)>,
    /// Those of them with values that are made of others: no value says by itself what they have.
    pub made: Vec<u32>,
    /// Rules that are awake whatever the values are.
    pub always: Vec<u32>,
}

/// What rules that are awake ask of the values of a field, beyond what woke them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The field.
    pub field: u32,
    /// The comparisons of its values, sorted; [`Engine::answers`] has what a text says to them. That the event has the field, and
    /// values in it, is none.
    pub comparisons: Vec<u32>,
}

/// A comparison of the values of a field with those of another; [`Engine::compares`] has what two texts say to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compared {
    /// The field.
    pub field: u32,
    /// The other one.
    pub other: u32,
    /// The comparison.
    pub comparison: u32,
}

/// All that rules ask when they are awake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Of fields, in their order.
    pub asked: Vec<Asked>,
    /// Of two fields each, sorted.
    pub compared: Vec<Compared>,
    /// What it is that things which wake rules answer by being there, of all that the rules ask: sorted numbers.
    pub answered: Vec<u32>,
}

/// The bytes that some texts have; capital letters are as good as small ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alphabet(u128, bool);

impl Alphabet {
    /// The bytes of a text.
    pub fn of(text: &[u8]) -> Self {
        let mut alphabet = Self::default();
        alphabet.add(text);
        alphabet
    }

    /// Adds the bytes of a text.
    fn add(&mut self, text: &[u8]) {
        for byte in text {
            match 1_u128.checked_shl(u32::from(byte.to_ascii_lowercase())) {
                Some(bit) => self.0 |= bit,
                // What is no ASCII may be the other case of something that is.
                None => self.1 = true,
            }
        }
    }

    /// Whether it may have a literal, folded.
    fn may_have(&self, literal: &str) -> bool {
        let own = Self::of(literal.as_bytes());
        self.1 || (!own.1 && own.0 & !self.0 == 0)
    }
}

/// Something in a value that wakes rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spark {
    table: u32,
    what: u32,
}

impl Engine {
    /// What decides which rules match an event. None if nothing less than the event does: it has no layout, or keywords are
    /// compared with all its values as they are.
    pub fn decisive(&self, event: Event<'_>, scratch: &mut Scratch) -> Option<Decisive> {
        event.layout()?;
        let config = &self.config;
        let is_planned = config.value_cache.is_on() && config.witnesses.is_on();
        if !is_planned || config.routing == crate::Routing::AllRules {
            return None;
        }
        self.planned(event, scratch, |plan, scratch| {
            let id = self.classify_planned(event, plan, scratch);
            let mut decisive = Decisive {
                class: id,
                identity: self.classifier.deciding(event, plan),
                ..Decisive::default()
            };
            let known = id.and_then(|id| Some((id, self.classes.get(id.0 as usize)?)));
            let Some((id, class)) = known.filter(|(_, class)| !class.rules.is_empty()) else {
                return Some(decisive);
            };
            let at = plan.class_at(self, event, id, class, &mut scratch.assigning);
            let (own, _, _) = plan.class(at)?;
            if own.whole_fields.iter().any(|(place, _)| *place == KEYWORDS_PLACE) {
                return None;
            }
            decisive.looks.extend(own.looks.iter().map(|look| (look.node, own.tables(*look).collect())));
            decisive.always.extend(&class.sieve.always);
            for (field, place) in (0..).zip(self.atoms.fields.iter()).filter_map(|(field, _)| {
                let field = FieldId(field);
                Some((field, own.place(field).filter(|place| *place != KEYWORDS_PLACE)?))
            }) {
                let mut nodes = own.nodes(place).to_vec();
                let makers = own.derived(place);
                if makers != NONE {
                    decisive.made.push(field.0);
                    let makers =
                        class.derived.get(makers as usize).into_iter().flat_map(|(_, makers)| makers);
                    makers.for_each(|maker| maker.reads(event, &mut |node| nodes.push(node)));
                    // What such values wake follows from several of the event's.
                    let reads = |rule: &&u32| self.rule_fields(**rule).any(|read| read == field.0);
                    decisive.always.extend(class.rules.iter().filter(reads));
                } else if let Some((_, table)) = own.whole_fields.iter().find(|(whole, _)| *whole == place) {
                    decisive.looks.extend(nodes.iter().map(|node| (*node, vec![*table])));
                }
                decisive.fields.push((field.0, nodes));
            }
            decisive.always.sort_unstable();
            decisive.always.dedup();
            Some(decisive)
        })
    }

    /// The fields that a rule reads.
    pub fn rule_fields(&self, rule: u32) -> impl Iterator<Item = u32> {
        self.rules.get(rule as usize).into_iter().flat_map(|rule| rule.fields.iter().map(|field| field.0))
    }

    /// The rule that an item of the rule set is.
    pub fn rule_of(&self, item: ItemId) -> Option<u32> {
        let at = self.rules.binary_search_by_key(&item, |rule| rule.item).ok()?;
        u32::try_from(at).ok()
    }

    /// Whether a rule looks for keywords, which stand anywhere.
    pub fn has_keywords(&self, rule: u32) -> bool {
        let Some(rule) = self.rules.get(rule as usize) else { return false };
        let mut has_any = false;
        self.ops.for_each_atom(rule.root, &mut |atom| {
            let atom = self.atoms.atoms.get(atom.0 as usize);
            has_any |= atom.is_some_and(|atom| atom.field == KEYWORDS);
        });
        has_any
    }

    /// What in a text wakes rules, by tables of a class. `buffer` is memory that is kept.
    pub fn sparks(
        &self,
        class: ClassId,
        tables: &[u32],
        text: &str,
        buffer: &mut String,
        sparks: &mut Vec<Spark>,
    ) {
        let is_ascii = text.is_ascii();
        let mut folded = Folded::of(text, buffer);
        for number in tables {
            let Some(table) = self.table(class, *number) else { continue };
            let mut add = |what| sparks.push(Spark { table: *number, what });
            if is_ascii {
                table.scan(text.as_bytes(), true, |hit| add(hit.needle));
            } else {
                let folded = folded.get();
                table.scan(folded.as_bytes(), folded.is_ascii(), |hit| add(hit.needle));
            }
            for ((atom, _), at) in table.direct.iter().zip(0..) {
                let atom = self.atoms.atoms.get(atom.0 as usize).map(|atom| &atom.kind);
                if let Some(AtomKind::Value(predicate)) = atom
                    && holds(predicate, text, &mut folded)
                {
                    add(at | DIRECT);
                }
            }
        }
    }

    /// Adds the rules that something wakes.
    pub fn woken(&self, class: ClassId, spark: Spark, rules: &mut Vec<u32>) {
        let Some(table) = self.table(class, spark.table) else { return };
        if spark.what & DIRECT == 0 {
            table.again(spark.what, &mut |hit| rules.extend(hit.rules));
        } else if let Some((_, woken)) = table.direct.get((spark.what & !DIRECT) as usize) {
            rules.extend(woken);
        }
    }

    /// Whether a table may find anything in texts of some bytes.
    pub fn may_wake(&self, class: ClassId, table: u32, alphabet: &Alphabet) -> bool {
        self.table(class, table).is_none_or(|table| {
            !table.direct.is_empty() || table.any_literal(&|text| alphabet.may_have(text))
        })
    }

    /// What rules of a class ask when they are awake, beyond what is known by what woke them.
    pub fn asked(&self, class: ClassId, rules: &[u32], sparks: &[Spark]) -> Questions {
        let mut asked: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut compared = BTreeSet::new();
        let (mut met, mut answered) = (BTreeSet::new(), BTreeSet::new());
        for spark in sparks.iter().filter(|spark| spark.what & DIRECT == 0) {
            let table = self.table(class, spark.table);
            if let Some(table) = table {
                table.again(spark.what, &mut |hit| {
                    met.insert(hit.atom);
                });
            }
        }
        let Some(class) = self.classes.get(class.0 as usize) else { return Questions::default() };
        for rule in rules.iter().filter_map(|rule| self.rules.get(*rule as usize)) {
            self.ops.for_each_atom(rule.awake, &mut |id| {
                if met.contains(&id.0) {
                    answered.insert(id.0);
                }
                let known = class.sieve.known.has(id);
                let Some(atom) = self.atoms.atoms.get(id.0 as usize).filter(|_| !known) else { return };
                let field = atom.field.0;
                match atom.kind {
                    AtomKind::FieldRef { other, .. } => {
                        compared.insert(Compared { field, other: other.0, comparison: id.0 });
                    }
                    AtomKind::Value(_) | AtomKind::AnyOf(_) => {
                        asked.entry(field).or_default().insert(id.0);
                    }
                    AtomKind::Exists | AtomKind::Null => drop(asked.entry(field).or_default()),
                }
            });
        }
        let of = |(field, comparisons): (u32, BTreeSet<u32>)| Asked {
            field,
            comparisons: comparisons.into_iter().collect(),
        };
        Questions {
            asked: asked.into_iter().map(of).collect(),
            compared: compared.into_iter().collect(),
            answered: answered.into_iter().collect(),
        }
    }

    /// Whether two texts satisfy a [comparison](Compared) of fields.
    pub fn compares(&self, comparison: u32, text: &str, other: &str) -> bool {
        let atom = self.atoms.atoms.get(comparison as usize).map(|atom| &atom.kind);
        let Some(AtomKind::FieldRef { starts_with, ends_with, case, .. }) = atom else { return false };
        let (mut mine, mut theirs) = (String::new(), String::new());
        let (mine, theirs) = match case {
            Case::Sensitive => (text, other),
            Case::Insensitive => {
                fold_into(&mut mine, text);
                fold_into(&mut theirs, other);
                (mine.as_str(), theirs.as_str())
            }
        };
        match (starts_with, ends_with) {
            (true, true) => mine.contains(theirs),
            (true, false) => mine.starts_with(theirs),
            (false, true) => mine.ends_with(theirs),
            (false, false) => mine == theirs,
        }
    }

    /// What a text says to some [comparisons](Asked): a bit for each, in their order. `buffer` is memory that is kept.
    pub fn answers(&self, comparisons: &[u32], text: &str, buffer: &mut String, answers: &mut Vec<u64>) {
        let is_ascii = text.is_ascii();
        let mut folded = Folded::of(text, buffer);
        answers.clear();
        answers.resize(comparisons.len().div_ceil(64), 0);
        for (at, comparison) in comparisons.iter().enumerate() {
            let holds = match self.atoms.atoms.get(*comparison as usize).map(|atom| &atom.kind) {
                Some(AtomKind::Value(predicate)) => holds(predicate, text, &mut folded),
                Some(AtomKind::AnyOf(list)) if is_ascii => list.test(text.as_bytes(), true, &self.atoms),
                Some(AtomKind::AnyOf(list)) => list.test(folded.get().as_bytes(), false, &self.atoms),
                _ => false,
            };
            if let Some(word) = answers.get_mut(at / 64).filter(|_| holds) {
                *word |= 1 << (at % 64);
            }
        }
    }

    fn table(&self, class: ClassId, number: u32) -> Option<&Table> {
        let sieve = &self.classes.get(class.0 as usize)?.sieve;
        sieve.tables.get(number as usize).map(AsRef::as_ref)
    }
}

/// A text's folded form, made when it is asked for.
struct Folded<'b> {
    text: &'b str,
    buffer: &'b mut String,
    is_made: bool,
}

impl<'b> Folded<'b> {
    fn of(text: &'b str, buffer: &'b mut String) -> Self {
        Self { text, buffer, is_made: false }
    }

    fn get(&mut self) -> &str {
        if !self.is_made {
            self.is_made = true;
            self.buffer.clear();
            fold_into(self.buffer, self.text);
        }
        self.buffer
    }
}

/// Whether a text satisfies a comparison, as [`matching`](crate::matching) has it.
fn holds(predicate: &Predicate, text: &str, folded: &mut Folded<'_>) -> bool {
    if !predicate.wants_folded() {
        return predicate.test(text);
    }
    if text.is_ascii()
        && let Some(verdict) = predicate.test_ascii(text)
    {
        return verdict;
    }
    predicate.test(folded.get())
}

impl Scratch {
    /// Whether the last event was matched by looking for keywords in all its values: what matched then hangs on values that do
    /// not [decide](Decisive) otherwise.
    pub fn looked_everywhere(&self) -> bool {
        self.prepared.get(KEYWORDS_PLACE).is_some_and(|keywords| keywords.at == self.marks.now)
    }
}

/// Distinct sequences of numbers, each with a number of its own.
#[derive(Debug)]
pub struct Sequences {
    /// Numbers of sequences, plus one; 0 is free. A power of two, at most half of it taken.
    slots: Vec<u32>,
    hashes: Vec<u64>,
    /// Where each sequence begins; the last is the end.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Default for Sequences {
    fn default() -> Self {
        Self { slots: vec![0; 1_024], hashes: Vec::new(), starts: vec![0], items: Vec::new() }
    }
}

impl Sequences {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The items of a sequence.
    pub fn items(&self, number: u32) -> &[u32] {
        let at = number as usize;
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        bounds.and_then(|(start, end)| self.items.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    /// How much memory they take, in bytes; about.
    pub fn bytes(&self) -> usize {
        self.items.len() * 4 + self.hashes.len() * 12 + self.slots.len() * 4
    }

    /// The number of a sequence, and whether it is new. `item` gives its items.
    #[inline]
    pub fn number(&mut self, length: usize, item: impl Fn(usize) -> u32) -> (u32, bool) {
        let pair = |at: usize| {
            let second = if at + 1 < length { item(at + 1) } else { 0 };
            u64::from(item(at)) | u64::from(second) << 32
        };
        let hash = (0..length).step_by(2).fold(0, |hash, at| mix(hash, pair(at)));
        let is_it = |known: &[u32]| {
            known.len() == length && known.iter().enumerate().all(|(at, own)| *own == item(at))
        };
        match self.find(hash, is_it) {
            Ok(number) => (number, false),
            Err(slot) => (self.add(hash, slot, length, item), true),
        }
    }

    /// The number of a sequence whose items stand together, and whether it is new.
    #[inline]
    pub fn number_of(&mut self, items: &[u32]) -> (u32, bool) {
        let (pairs, last) = items.as_chunks::<2>();
        let pairs = pairs.iter().map(|[one, two]| u64::from(*one) | u64::from(*two) << 32);
        let hash = pairs.chain(last.iter().copied().map(u64::from)).fold(0, mix);
        match self.find(hash, |known| known == items) {
            Ok(number) => (number, false),
            Err(slot) => (self.add(hash, slot, items.len(), |at| items.get(at).copied().unwrap_or(0)), true),
        }
    }

    /// The number of the sequence with a hash that is the one meant; else the slot where it would stand.
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(&[u32]) -> bool) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = place(hash, mask);
        loop {
            let known = match self.slots.get(slot).copied() {
                None | Some(0) => return Err(slot),
                Some(known) => known - 1,
            };
            if self.hashes.get(known as usize) == Some(&hash) && is_it(self.items(known)) {
                return Ok(known);
            }
            slot = (slot + 1) & mask;
        }
    }

    #[cold]
    fn add(&mut self, hash: u64, slot: usize, length: usize, item: impl Fn(usize) -> u32) -> u32 {
        let number = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX - 1);
        self.hashes.push(hash);
        self.items.extend((0..length).map(item));
        self.starts.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
        if let Some(free) = self.slots.get_mut(slot) {
            *free = number + 1;
        }
        if self.hashes.len() * 2 > self.slots.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![0; mask + 1];
        for (hash, number) in self.hashes.iter().zip(1..) {
            let mut slot = place(*hash, mask);
            while slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = number;
            }
        }
        self.slots = slots;
    }
}

#[inline]
fn mix(hash: u64, number: u64) -> u64 {
    (hash.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// The upper half of a product is mixed best.
#[inline]
fn place(hash: u64, mask: usize) -> usize {
    usize::try_from(hash >> 32).unwrap_or(0) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sequences_have_one_number() {
        let mut sequences = Sequences::default();
        // Both ways give the same numbers.
        let mut number = |items: &[u32]| {
            let (number, is_new) = sequences.number(items.len(), |at| items[at]);
            assert_eq!(sequences.number_of(items), (number, false));
            (number, is_new)
        };
        assert_eq!(number(&[1, 2]), (0, true));
        assert_eq!(number(&[2, 1]), (1, true));
        assert_eq!(number(&[1, 2]), (0, false));
        assert_eq!(number(&[1, 2, 0]), (2, true));
        for item in 0..10_000 {
            assert_eq!(number(&[item, 7, 7]), (item + 3, true));
        }
        for item in 0..10_000 {
            assert_eq!(number(&[item, 7, 7]), (item + 3, false));
        }
        // These two have one hash, and are no equal sequences.
        assert_eq!(number(&[]), (10_003, true));
        assert_eq!(number(&[0]), (10_004, true));
        assert_eq!(number(&[]), (10_003, false));
    }
}
