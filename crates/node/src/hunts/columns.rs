//! Rows of a file of the lake as sequences of numbers, so that what says the same is matched once.

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_engine::{Engine, Sequences};
use sigyn_store::lake::{ABSENT, Column, Slice, SplitReader, Values};

use super::forms::{Form, Kind, VERSIONS};
use super::numbers::{NOTHING, Numbers, SINGLE, Sparks, TEXT, kind_of};

/// Behind the name of a field: the column of its values that are no texts.
const JSON: &str = ":json";
pub(super) const SHAPE: &str = "_shape";
const REST: &str = "_rest";

/// What is read of a file, and how.
pub(super) struct Layout {
    /// The names of the columns.
    pub(super) names: Vec<String>,
    of_form: HashMap<usize, Vec<Option<Part>>>,
    rest: Option<usize>,
}

/// The columns of a value of a form.
#[derive(Clone, Copy, Debug)]
struct Part {
    text: Option<usize>,
    json: Option<usize>,
    /// Whether rows differ in nothing but the value itself: its kind is always the same.
    is_uniform: bool,
}

impl Layout {
    /// Finds out which columns of a file count for some forms.
    pub(super) fn new(open: &SplitReader, forms: &[Form], used: &[usize]) -> Self {
        let mut layout = Self { names: vec![SHAPE.to_owned()], of_form: HashMap::new(), rest: None };
        let split = open.split();
        let has = |name: &str| split.columns.iter().any(|column| column == name);
        let in_rest = |name: &String| split.rest.as_ref().is_none_or(|rest| rest.contains(name));
        let mut needs_rest = false;
        for at in used {
            let Some(form) = forms.get(*at).filter(|form| !form.is_single) else { continue };
            let mut parts = Vec::new();
            for (leaf, name) in form.leaves.iter().enumerate() {
                let json = format!("{name}{JSON}");
                let (has_text, has_json) = (has(name), has(&json));
                needs_rest |= in_rest(name) || !(has_text || has_json);
                let counts =
                    form.identifies.get(leaf) == Some(&true) || form.is_read.get(leaf) == Some(&true);
                let is_uniform = !in_rest(name)
                    && ((has_text && !has_json) || (has_json && !has_text && open.has_numbers_only(&json)));
                let mut column = |is_there: bool, name: &str| is_there.then(|| layout.column(name));
                parts.push((counts || !is_uniform).then(|| Part {
                    text: column(has_text, name),
                    json: column(has_json, &json),
                    is_uniform,
                }));
            }
            layout.of_form.insert(*at, parts);
        }
        layout.rest = needs_rest.then(|| layout.column(REST));
        layout
    }

    fn column(&mut self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

/// What the values of a column were found to be; batches of a row group share their values.
struct Mapped {
    values: Values,
    numbers: Vec<u32>,
}

/// What of a column the numbers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Meaning {
    /// The value itself.
    Value,
    /// Its kind.
    Kind,
    /// What it wakes, for a kind of events and the place among its looks.
    Sparks(u32, usize),
}

/// What is known of a kind of events, and of what wakes rules on them.
struct Awake {
    kind: Kind,
    /// For what wakes rules, the places of the values that those read; none: nothing is awake.
    places: HashMap<u32, Option<Arc<[usize]>>>,
}

/// Memory for turning rows into numbers.
#[derive(Default)]
pub(super) struct Rows {
    /// What rows are, and the kinds that have been learned; none for those of which nothing less than the event decides.
    kind_sequences: Sequences,
    kinds: Vec<Option<Awake>>,
    /// What rows say.
    pub(super) sequences: Sequences,
    numbers: Numbers,
    sparks: Sparks,
    mapped: HashMap<(usize, Meaning), Mapped>,
    key: Vec<u32>,
}

/// A slice with the columns in the order of the layout.
pub(super) struct Columns<'c> {
    columns: Vec<Option<&'c Column>>,
    rows: usize,
}

impl<'c> Columns<'c> {
    pub(super) fn new(layout: &Layout, slice: &'c Slice) -> Self {
        let column = |name: &String| slice.columns.iter().find(|column| column.field == *name);
        Self { columns: layout.names.iter().map(column).collect(), rows: slice.times.len() }
    }

    fn get(&self, at: Option<usize>) -> Option<&'c Column> {
        at.and_then(|at| self.columns.get(at).copied().flatten())
    }
}

impl Rows {
    /// How much memory it takes, in bytes; about.
    pub(super) fn bytes(&self) -> usize {
        self.sequences.bytes() + self.kind_sequences.bytes() + self.numbers.bytes + self.sparks.bytes()
    }

    /// How many kinds of events were met.
    pub(super) fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// Forgets the columns of the file before.
    pub(super) fn begin(&mut self) {
        self.mapped.clear();
    }

    /// Finds out what rows are: for each the number of its kind, or [`SINGLE`]. Calls `new` with a row of each kind that is not
    /// known yet; [`learned`](Self::learned) is to say what it is.
    pub(super) fn kinds_of(
        &mut self,
        layout: &Layout,
        forms: &[Form],
        form_of: &mut dyn FnMut(&str) -> usize,
        columns: &Columns<'_>,
        new: &mut dyn FnMut(usize, usize),
    ) -> Vec<u32> {
        let mut out = vec![SINGLE; columns.rows];
        let Some(shapes) = columns.get(Some(0)) else { return out };
        let of_key: Vec<usize> = shapes.values.iter().map(form_of).collect();
        // Files mostly have one form, so that a pass for each of them is no waste.
        let mut by_form: HashMap<usize, Vec<u32>> = HashMap::new();
        for (row, key) in (0..).zip(&shapes.keys) {
            let form = of_key.get(*key as usize).copied().unwrap_or(usize::MAX);
            by_form.entry(form).or_default().push(row);
        }
        let rest = columns.get(layout.rest);
        for (at, rows) in by_form {
            let (Some(form), Some(parts)) = (forms.get(at), layout.of_form.get(&at)) else { continue };
            let name = u32::try_from(at).unwrap_or(0).wrapping_mul(VERSIONS).wrapping_add(form.version);
            let mut hashes = vec![Sequences::mix(0, name); rows.len()];
            let mut vectors: Vec<Vec<u32>> = Vec::new();
            for (leaf, part) in parts.iter().enumerate() {
                let Some(part) = part else { continue };
                let identifies = form.identifies.get(leaf) == Some(&true);
                if part.is_uniform && !identifies {
                    continue;
                }
                let meaning = if identifies { Meaning::Value } else { Meaning::Kind };
                let vector = self.vector(*part, meaning, columns, &rows);
                for (hash, number) in hashes.iter_mut().zip(&vector) {
                    *hash = Sequences::mix(*hash, *number);
                }
                vectors.push(vector);
            }
            for (place, (row, hash)) in rows.iter().zip(&hashes).enumerate() {
                // What stands in the rest is seen by nobody else.
                let is_single = rest.is_some_and(|rest| rest.keys.get(*row as usize) != Some(&ABSENT))
                    || vectors.iter().any(|vector| vector.get(place) == Some(&SINGLE));
                if is_single {
                    continue;
                }
                let item = |at: usize| match at.checked_sub(1) {
                    None => name,
                    Some(at) => {
                        vectors.get(at).and_then(|vector| vector.get(place)).copied().unwrap_or(SINGLE)
                    }
                };
                let (number, is_new) = self.kind_sequences.number(*hash, vectors.len() + 1, item);
                if is_new {
                    self.kinds.push(None);
                    new(*row as usize, at);
                }
                if let Some(slot) = out.get_mut(*row as usize) {
                    *slot = number;
                }
            }
        }
        out
    }

    /// Says what a row's kind is: none if it cannot be said.
    pub(super) fn learned(&mut self, number: u32, kind: Option<Kind>) {
        if let Some(slot) = self.kinds.get_mut(number as usize) {
            *slot = kind.map(|kind| Awake { kind, places: HashMap::new() });
        }
    }

    /// The form of rows of a kind, and its version when they were numbered.
    pub(super) fn form_of(&self, kind: u32) -> (usize, u32) {
        let first = self.kind_sequences.items(kind).first().copied();
        first.map_or((usize::MAX, 0), |first| ((first / VERSIONS) as usize, first % VERSIONS))
    }

    /// Adds for each row the number of what it says, [`NOTHING`] or [`SINGLE`]. `kinds` are those of its rows.
    pub(super) fn number(
        &mut self,
        engine: &Engine,
        layout: &Layout,
        columns: &Columns<'_>,
        kinds: &[u32],
        out: &mut Vec<u32>,
    ) {
        let start = out.len();
        out.resize(start + columns.rows, SINGLE);
        let mut by_kind: HashMap<u32, Vec<u32>> = HashMap::new();
        for (row, kind) in (0..).zip(kinds).filter(|(_, kind)| **kind != SINGLE) {
            by_kind.entry(*kind).or_default().push(row);
        }
        for (number, rows) in by_kind {
            let Some(mut awake) = self.kinds.get_mut(number as usize).and_then(Option::take) else {
                continue;
            };
            if let Some(parts) = layout.of_form.get(&self.form_of(number).0) {
                let numbers = self.of_kind(engine, number, &mut awake, parts, columns, &rows);
                for (row, number) in rows.iter().zip(numbers) {
                    if let Some(slot) = out.get_mut(start + *row as usize) {
                        *slot = number;
                    }
                }
            }
            if let Some(slot) = self.kinds.get_mut(number as usize) {
                *slot = Some(awake);
            }
        }
    }

    fn of_kind(
        &mut self,
        engine: &Engine,
        number: u32,
        awake: &mut Awake,
        parts: &[Option<Part>],
        columns: &Columns<'_>,
        rows: &[u32],
    ) -> Vec<u32> {
        let Some(class) = awake.kind.class else { return vec![NOTHING; rows.len()] };
        let mut sets = vec![0_u32; rows.len()];
        for (at, (leaf, tables)) in awake.kind.looks.iter().enumerate() {
            let Some(part) = parts.get(*leaf).copied().flatten() else { return vec![SINGLE; rows.len()] };
            let meaning = Meaning::Sparks(number, at);
            for (column, is_json) in [(part.text, false), (part.json, true)] {
                let (Some(name), Some(column)) = (column, columns.get(column)) else { continue };
                let sparks = &mut self.sparks;
                let mapped = mapped(&mut self.mapped, (name, meaning), column, &mut |value| {
                    sparks.of(engine, class, tables, value, is_json)
                });
                if mapped.iter().all(|set| *set == 0) {
                    continue;
                }
                for (set, row) in sets.iter_mut().zip(rows) {
                    let own = number_of(column, *row, mapped, 0);
                    if own != 0 {
                        *set = self.sparks.union(*set, own);
                    }
                }
            }
        }
        let mut vectors: HashMap<usize, Vec<u32>> = HashMap::new();
        let mut numbers = Vec::with_capacity(rows.len());
        for (place, set) in sets.iter().enumerate() {
            numbers.push(self.of_row(engine, number, awake, parts, columns, rows, place, *set, &mut vectors));
        }
        numbers
    }

    #[expect(clippy::too_many_arguments, reason = "a row, and all that is known of its neighbours")]
    #[inline]
    fn of_row(
        &mut self,
        engine: &Engine,
        kind: u32,
        awake: &mut Awake,
        parts: &[Option<Part>],
        columns: &Columns<'_>,
        rows: &[u32],
        place: usize,
        set: u32,
        vectors: &mut HashMap<usize, Vec<u32>>,
    ) -> u32 {
        if set == SINGLE {
            return SINGLE;
        }
        let places = match awake.places.get(&set) {
            Some(places) => places.clone(),
            None => {
                let places = places(engine, &awake.kind, self.sparks.get(set));
                awake.places.insert(set, places.clone());
                places
            }
        };
        let Some(places) = places else { return NOTHING };
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.extend([kind, set]);
        for leaf in places.iter() {
            let vector = vectors.entry(*leaf).or_insert_with(|| match parts.get(*leaf).copied().flatten() {
                Some(part) => self.vector(part, Meaning::Value, columns, rows),
                None => Vec::new(),
            });
            key.push(vector.get(place).copied().unwrap_or(SINGLE));
        }
        let is_single = key.get(2..).unwrap_or_default().contains(&SINGLE);
        let number = if is_single {
            SINGLE
        } else {
            let hash = key.iter().fold(0, |hash, item| Sequences::mix(hash, *item));
            self.sequences.number(hash, key.len(), |at| key.get(at).copied().unwrap_or(SINGLE)).0
        };
        self.key = key;
        number
    }

    /// The numbers of a value of some rows.
    fn vector(&mut self, part: Part, meaning: Meaning, columns: &Columns<'_>, rows: &[u32]) -> Vec<u32> {
        // What is in no column stands in the rest, which nobody looks into.
        let mut vector = vec![SINGLE; rows.len()];
        for (at, is_json) in [(part.json, true), (part.text, false)] {
            let (Some(name), Some(column)) = (at, columns.get(at)) else { continue };
            let numbers = &mut self.numbers;
            let mapped =
                mapped(&mut self.mapped, (name, meaning), column, &mut |value| match (meaning, is_json) {
                    (Meaning::Kind, false) => TEXT,
                    (Meaning::Kind, true) => kind_of(value).unwrap_or_else(|| numbers.of_kind(value)),
                    _ => numbers.of(is_json, value),
                });
            for (slot, row) in vector.iter_mut().zip(rows) {
                let number = number_of(column, *row, mapped, ABSENT);
                if number != ABSENT {
                    *slot = number;
                }
            }
        }
        vector
    }
}

/// The places of the values that rules read that are awake; none if none is.
fn places(engine: &Engine, kind: &Kind, sparks: &[sigyn_engine::Spark]) -> Option<Arc<[usize]>> {
    let mut rules = kind.always.clone();
    for spark in sparks {
        kind.class.iter().for_each(|class| engine.woken(*class, *spark, &mut rules));
    }
    rules.sort_unstable();
    rules.dedup();
    (!rules.is_empty()).then(|| kind.places(engine, &rules).into())
}

/// What the values of a column are, found out once for those that batches share.
fn mapped<'m>(
    known: &'m mut HashMap<(usize, Meaning), Mapped>,
    key: (usize, Meaning),
    column: &Column,
    number: &mut dyn FnMut(&str) -> u32,
) -> &'m [u32] {
    let is_known = known.get(&key).is_some_and(|known| known.values.is_same(&column.values));
    if !is_known {
        let numbers = column.values.iter().map(number).collect();
        known.insert(key, Mapped { values: column.values.clone(), numbers });
    }
    known.get(&key).map_or(&[], |mapped| &mapped.numbers)
}

/// The number of the value of a row.
#[inline]
fn number_of(column: &Column, row: u32, numbers: &[u32], absent: u32) -> u32 {
    match column.keys.get(row as usize) {
        Some(key) if *key != ABSENT => numbers.get(*key as usize).copied().unwrap_or(SINGLE),
        _ => absent,
    }
}
