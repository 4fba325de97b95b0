//! Rows of a file of the lake as sequences of numbers, so that what says the same is matched once.

use std::collections::HashMap;

use sigyn_engine::{ClassId, Engine, Sequences};
use sigyn_readers::is_carried;
use sigyn_store::lake::{ABSENT, Column, Values};

use super::awake::{Awake, DENSE_MAX};
use super::forms::{Form, Kind, VERSIONS};
use super::layout::{Columns, Layout, Leaf, Part};
use super::numbers::{Numbers, QuickState, SINGLE, Sparks, TEXT, kind_of};

/// What the values of a column were found to be; batches of a row group share their values.
struct Mapped {
    values: Values,
    numbers: Vec<u32>,
    /// Whether any of them is not 0.
    says_any: bool,
}

/// What of a column the numbers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Meaning {
    /// The value itself.
    Value,
    /// Its kind.
    Kind,
    /// Its kind; of a line of a log that the event carries nothing less than the event says what it has.
    Carried,
    /// What it wakes, by the number of a [`Look`].
    Sparks(u32),
}

/// The class of events, and the tables that say which rules a value wakes on them. Kinds of events that differ in their keys
/// look with the same ones: of values of recorded events each was looked through three times.
type Look = (ClassId, Vec<u32>);

/// Memory for turning rows into numbers.
#[derive(Default)]
pub(super) struct Rows {
    /// What rows are, and the kinds that have been learned; none for those of which nothing less than the event decides.
    kind_sequences: Sequences,
    kinds: Vec<Option<Awake>>,
    /// What rows say.
    pub(super) sequences: Sequences,
    /// What rows that match say, with all the values that the rules read.
    pub(super) spoken: Sequences,
    numbers: Numbers,
    sparks: Sparks,
    looks: HashMap<Look, u32>,
    /// What values wake in a look, by their numbers, for those that stand in short dictionaries: every row group has the same again.
    woken: HashMap<(u32, u32), u32, QuickState>,
    mapped: HashMap<(usize, Meaning), Mapped>,
    /// Which slice is at hand.
    slice: u64,
}

/// A number for each of some rows.
enum Vector {
    /// They all have the same.
    Same(u32),
    Each(Vec<u32>),
}

impl Vector {
    #[inline]
    fn get(&self, place: usize) -> u32 {
        match self {
            Self::Same(number) => *number,
            Self::Each(numbers) => numbers.get(place).copied().unwrap_or(SINGLE),
        }
    }
}

/// The number of what a row says, and whether that is new; none if the row must be matched by itself.
#[inline]
fn number_at(sequences: &mut Sequences, vectors: &[Vector], place: usize) -> Option<(u32, bool)> {
    let item = |at: usize| vectors.get(at).map_or(SINGLE, |vector| vector.get(place));
    (0..vectors.len()).all(|at| item(at) != SINGLE).then(|| sequences.number(vectors.len(), item))
}

/// Rows by something that neighbours mostly share: a few groups, in the order in which they were met.
fn grouped<T: Copy + PartialEq>(of_row: impl Iterator<Item = T>) -> Vec<(T, Vec<u32>)> {
    let mut groups: Vec<(T, Vec<u32>)> = Vec::new();
    let mut last = 0;
    for (row, of) in (0..).zip(of_row) {
        if groups.get(last).is_none_or(|(known, _)| *known != of) {
            last = groups.iter().position(|(known, _)| *known == of).unwrap_or(groups.len());
            if last == groups.len() {
                groups.push((of, Vec::new()));
            }
        }
        if let Some((_, rows)) = groups.get_mut(last) {
            rows.push(row);
        }
    }
    groups
}

impl Rows {
    /// How much memory it takes, in bytes; about.
    pub(super) fn bytes(&self) -> usize {
        let sequences = [&self.sequences, &self.kind_sequences, &self.spoken];
        let awake = self.kinds.iter().flatten().map(Awake::bytes).sum::<usize>();
        sequences.map(Sequences::bytes).iter().sum::<usize>()
            + awake
            + self.numbers.bytes
            + self.sparks.bytes()
            + self.woken.capacity() * 13
    }

    /// How many kinds of events were met.
    pub(super) fn kinds(&self) -> usize {
        self.kinds.len()
    }

    /// Forgets the columns of the file before.
    pub(super) fn begin(&mut self) {
        self.mapped.clear();
        self.kinds.iter_mut().flatten().for_each(Awake::begin);
    }

    /// Finds out what rows are: for each the number of its kind, or [`SINGLE`]. Calls `new` with a row of each kind that is not
    /// known yet; [`learned`](Self::learned) is to say what it is.
    pub(super) fn kinds_of(
        &mut self,
        layout: &Layout,
        forms: &[Form],
        form_of: &mut dyn FnMut(&str) -> usize,
        columns: &Columns<'_>,
        new: &mut dyn FnMut(usize),
    ) -> Vec<u32> {
        let mut out = vec![SINGLE; columns.rows];
        let Some(shapes) = columns.get(Some(0)) else { return out };
        let of_key: Vec<usize> = shapes.values.iter().map(form_of).collect();
        let of_row = shapes.keys.iter().map(|key| of_key.get(*key as usize).copied().unwrap_or(usize::MAX));
        let rest = columns.get(layout.rest).filter(|rest| rest.keys.iter().any(|key| *key != ABSENT));
        for (at, rows) in grouped(of_row) {
            let (Some(form), Some(parts)) = (forms.get(at), layout.of_form.get(&at)) else { continue };
            let name = u32::try_from(at).unwrap_or(0).wrapping_mul(VERSIONS).wrapping_add(form.version);
            let mut vectors = vec![Vector::Same(name)];
            for (leaf, part) in parts.iter().enumerate() {
                let Some(part) = part.part else { continue };
                let identifies = form.identifies.get(leaf) == Some(&true);
                if part.is_uniform && !identifies {
                    continue;
                }
                let carries = form.carries.get(leaf) == Some(&true);
                let kind = if carries { Meaning::Carried } else { Meaning::Kind };
                if carries || !identifies {
                    vectors.push(self.vector(part, kind, columns, &rows));
                }
                if identifies {
                    vectors.push(self.vector(part, Meaning::Value, columns, &rows));
                }
            }
            let mut number = |place: usize, row: u32| {
                let Some((number, is_new)) = number_at(&mut self.kind_sequences, &vectors, place) else {
                    return SINGLE;
                };
                if is_new {
                    self.kinds.push(None);
                    new(row as usize);
                }
                number
            };
            let are_same = vectors.iter().all(|vector| matches!(vector, Vector::Same(_)));
            let same = rows.first().filter(|_| are_same).map(|row| number(0, *row));
            for (place, row) in rows.iter().enumerate() {
                // What stands in the rest is seen by nobody else.
                let is_single =
                    rest.is_some_and(|rest| rest.keys.get(*row as usize).is_some_and(|key| *key != ABSENT));
                if let Some(slot) = out.get_mut(*row as usize).filter(|_| !is_single) {
                    *slot = same.unwrap_or_else(|| number(place, *row));
                }
            }
        }
        out
    }

    /// Says what a row's kind is: none if it cannot be said.
    pub(super) fn learned(&mut self, number: u32, kind: Option<Kind>) {
        let awake = kind.map(|kind| {
            let mut look = |tables: &Vec<u32>| {
                let next = u32::try_from(self.looks.len()).unwrap_or(u32::MAX);
                kind.class.map_or(next, |class| *self.looks.entry((class, tables.clone())).or_insert(next))
            };
            let looks = kind.looks.iter().map(|(_, tables)| look(tables)).collect();
            Awake::new(number, kind, looks)
        });
        if let Some(slot) = self.kinds.get_mut(number as usize) {
            *slot = awake;
        }
    }

    /// The form of rows of a kind, and its version when they were numbered.
    pub(super) fn form_of(&self, kind: u32) -> (usize, u32) {
        let first = self.kind_sequences.items(kind).first().copied();
        first.map_or((usize::MAX, 0), |first| ((first / VERSIONS) as usize, first % VERSIONS))
    }

    /// What is known of the rows with the number of a sequence.
    pub(super) fn awake(&self, sequence: u32) -> Option<&Awake> {
        let kind = self.sequences.items(sequence).first()?;
        self.kinds.get(*kind as usize)?.as_ref()
    }

    /// Adds for each row the number of what it says, [`NOTHING`](super::numbers::NOTHING) or [`SINGLE`]. `kinds` are those of its rows; `new` are
    /// rows that say what none did before, with their numbers.
    pub(super) fn number(
        &mut self,
        engine: &Engine,
        layout: &Layout,
        columns: &Columns<'_>,
        kinds: &[u32],
        out: &mut Vec<u32>,
        new: &mut Vec<(usize, u32)>,
    ) {
        let start = out.len();
        out.resize(start + columns.rows, SINGLE);
        self.slice += 1;
        for (number, rows) in grouped(kinds.iter().copied()) {
            if number == SINGLE {
                continue;
            }
            let Some(mut awake) = self.kinds.get_mut(number as usize).and_then(Option::take) else {
                continue;
            };
            if let Some(parts) = layout.of_form.get(&self.form_of(number).0) {
                let sets = self.sets(engine, &awake, parts, columns, &rows);
                awake.begin_slice(self.slice, parts);
                let memory = (&self.sparks, &mut self.numbers, &mut self.sequences);
                awake.number_rows(engine, memory, columns, (&rows, &sets), &mut |row, number, is_new| {
                    if let Some(slot) = out.get_mut(start + row as usize) {
                        *slot = number;
                    }
                    if is_new {
                        new.push((row as usize, number));
                    }
                });
            }
            if let Some(slot) = self.kinds.get_mut(number as usize) {
                *slot = Some(awake);
            }
        }
    }

    /// What wakes rules in some rows of a kind, as sets.
    fn sets(
        &mut self,
        engine: &Engine,
        awake: &Awake,
        parts: &[Leaf],
        columns: &Columns<'_>,
        rows: &[u32],
    ) -> Vec<u32> {
        let mut sets = vec![0_u32; rows.len()];
        let Some(class) = awake.kind.class else { return sets };
        for ((leaf, tables), look) in awake.kind.looks.iter().zip(&awake.looks) {
            // What is not read wakes nothing.
            let Some(part) = parts.get(*leaf).and_then(|leaf| leaf.part) else { continue };
            let meaning = Meaning::Sparks(*look);
            for (column, is_json) in [(part.text, false), (part.json, true)] {
                let (Some(name), Some(column)) = (column, columns.get(column)) else { continue };
                let (sparks, numbers, known) = (&mut self.sparks, &mut self.numbers, &mut self.woken);
                let is_short = column.values.len() <= DENSE_MAX;
                let mapped = mapped(&mut self.mapped, (name, meaning), column, &mut |value| {
                    let mut woken = || sparks.of(engine, class, tables, value, is_json);
                    if is_short {
                        *known.entry((*look, numbers.of(is_json, value))).or_insert_with(woken)
                    } else {
                        woken()
                    }
                });
                if !mapped.says_any {
                    continue;
                }
                for (set, row) in sets.iter_mut().zip(rows) {
                    // What is absent has a key that no value has.
                    let key = column.keys.get(*row as usize).copied().unwrap_or(ABSENT);
                    let own = mapped.numbers.get(key as usize).copied().unwrap_or(0);
                    if own != 0 {
                        *set = sparks.union(*set, own);
                    }
                }
            }
        }
        sets
    }

    /// The numbers of a value of some rows.
    fn vector(&mut self, part: Part, meaning: Meaning, columns: &Columns<'_>, rows: &[u32]) -> Vector {
        // What is in no column stands in the rest, which nobody looks into.
        let mut vector = Vec::new();
        for (at, is_json) in [(part.json, true), (part.text, false)] {
            let (Some(name), Some(column)) = (at, columns.get(at)) else { continue };
            let numbers = &mut self.numbers;
            let mapped =
                mapped(&mut self.mapped, (name, meaning), column, &mut |value| match (meaning, is_json) {
                    (Meaning::Carried, false) if is_carried(value) => SINGLE,
                    (Meaning::Kind | Meaning::Carried, false) => TEXT,
                    (Meaning::Kind | Meaning::Carried, true) => {
                        kind_of(value).unwrap_or_else(|| numbers.of_kind(value))
                    }
                    _ => numbers.of(is_json, value),
                });
            if let ([only], true) = (&*mapped.numbers, column.keys.iter().all(|key| *key == 0)) {
                return Vector::Same(*only);
            }
            vector.resize(rows.len(), SINGLE);
            for (slot, row) in vector.iter_mut().zip(rows) {
                let number = number_of(column, *row, &mapped.numbers, ABSENT);
                if number != ABSENT {
                    *slot = number;
                }
            }
        }
        if vector.is_empty() { Vector::Same(SINGLE) } else { Vector::Each(vector) }
    }

    /// For each row of a slice the number of what rules may tell of it that match all rows of a sequence: the sequence and
    /// the values that the rules read. `parts_of` says where those of a sequence stand; none if in no column.
    pub(super) fn spoken(
        &mut self,
        columns: &Columns<'_>,
        sequences: &[u32],
        parts_of: &dyn Fn(u32) -> Option<Vec<Part>>,
    ) -> Vec<u32> {
        let mut out = vec![SINGLE; columns.rows];
        for (sequence, rows) in grouped(sequences.iter().copied()) {
            let Some(parts) = parts_of(sequence) else { continue };
            let mut vectors = vec![Vector::Same(sequence)];
            vectors.extend(parts.iter().map(|part| self.vector(*part, Meaning::Value, columns, &rows)));
            for (place, row) in rows.iter().enumerate() {
                if let Some(slot) = out.get_mut(*row as usize)
                    && let Some((number, _)) = number_at(&mut self.spoken, &vectors, place)
                {
                    *slot = number;
                }
            }
        }
        out
    }
}

/// What the values of a column are, found out once for those that batches share.
fn mapped<'m>(
    known: &'m mut HashMap<(usize, Meaning), Mapped>,
    key: (usize, Meaning),
    column: &Column,
    number: &mut dyn FnMut(&str) -> u32,
) -> &'m Mapped {
    let map = |number: &mut dyn FnMut(&str) -> u32| {
        let numbers: Vec<u32> = column.values.iter().map(number).collect();
        let says_any = numbers.iter().any(|number| *number != 0);
        Mapped { values: column.values.clone(), numbers, says_any }
    };
    let mapped = known.entry(key).or_insert_with(|| map(number));
    if !mapped.values.is_same(&column.values) {
        *mapped = map(number);
    }
    mapped
}

/// The number of the value of a row.
#[inline]
fn number_of(column: &Column, row: u32, numbers: &[u32], absent: u32) -> u32 {
    match column.keys.get(row as usize) {
        Some(key) if *key != ABSENT => numbers.get(*key as usize).copied().unwrap_or(SINGLE),
        _ => absent,
    }
}
