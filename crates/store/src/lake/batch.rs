//! Some rows of a file, by columns: each distinct value once, and for each row which one it has.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, StringArray};

use crate::Id;

/// The key of a row that has no value.
pub const ABSENT: u32 = u32::MAX;

/// Rows of a file that stand together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The number of the first row in its file.
    pub first_row: u64,
    /// When each happened, in nanoseconds UTC, ascending.
    pub times: Vec<i64>,
    /// When each was accepted.
    pub ingests: Vec<i64>,
    /// What makes each one.
    pub ids: Vec<Id>,
    /// Each one's place in the order of its source.
    pub sequences: Vec<u64>,
    /// Who sent each.
    pub sources: Column,
    /// The columns of the fields that were asked for and that the file has. A field may have several, and a row then has the
    /// values of all of them.
    pub columns: Vec<Column>,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Texts.
    Text,
    /// JSON: numbers, truth values, null, lists, objects and texts in quotes. A list stands for its
    /// elements, those of lists in it included.
    Json,
}

/// A column: distinct values, and for each row the number of one of them.
#[derive(Clone, Debug)]
pub struct Column {
    /// The field, as [`field_name`](super::field_name) writes it.
    pub field: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// For each row the number of its value, or [`ABSENT`].
    pub keys: Vec<u32>,
    /// The values. They may hold some that no row of the batch has.
    pub values: Values,
}

/// The distinct values of a column. Batches of one row group share them.
#[derive(Clone, Debug)]
pub struct Values {
    array: StringArray,
}

impl Batch {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// The columns of a field.
    pub fn columns_of<'b>(&'b self, field: &'b str) -> impl Iterator<Item = &'b Column> {
        self.columns.iter().filter(move |column| column.field == field)
    }
}

impl Column {
    /// Whether any row has a value.
    pub(super) fn has_values(&self) -> bool {
        self.keys.iter().any(|key| *key != ABSENT)
    }

    /// The value of a row.
    pub fn value(&self, row: usize) -> Option<&str> {
        let key = *self.keys.get(row)?;
        self.values.get(usize::try_from(key).ok()?)
    }
}

impl Values {
    /// How many.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// The value with a number.
    #[inline]
    pub fn get(&self, number: usize) -> Option<&str> {
        (number < self.array.len()).then(|| self.array.value(number))
    }

    /// The values by number.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.array.len()).map(|number| self.array.value(number))
    }

    /// Whether these are the same values in the same memory: what was found out about one holds for the other.
    pub fn is_same(&self, other: &Self) -> bool {
        let (own, others) = (self.array.values(), other.array.values());
        own.as_ptr() == others.as_ptr()
            && own.len() == others.len()
            && self.array.offsets().inner().as_ptr() == other.array.offsets().inner().as_ptr()
            && self.array.len() == other.array.len()
    }
}

/// A column that stands in the file as it is handed out.
pub(super) fn stored(field: String, kind: ColumnKind, array: &ArrayRef) -> Option<Column> {
    let (keys, values) = parts(array)?;
    Some(Column { field, kind, keys, values: Values { array: values } })
}

/// Keys and values of a column of texts, with dictionary or without.
fn parts(array: &ArrayRef) -> Option<(Vec<u32>, StringArray)> {
    let dictionary: &DictionaryArray<Int32Type> = array.as_dictionary_opt()?;
    let values = dictionary.values().as_string_opt::<i32>()?.clone();
    let keys = dictionary.keys();
    let raw = keys.values().iter().map(|key| u32::try_from(*key).unwrap_or(ABSENT));
    let keys = match keys.nulls() {
        None => raw.collect(),
        Some(nulls) => {
            raw.zip(nulls.iter()).map(|(key, is_there)| if is_there { key } else { ABSENT }).collect()
        }
    };
    Some((keys, values))
}

/// The columns of fields whose values stand in the rest: each distinct rest is read once.
pub(super) fn from_rest(array: &ArrayRef, fields: &[String]) -> Option<Vec<Column>> {
    let (rest_keys, rests) = parts(array)?;
    let places: HashMap<&str, usize> =
        fields.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut found: Vec<Vec<(usize, Vec<String>)>> = vec![Vec::new(); fields.len()];
    for number in 0..rests.len() {
        for (name, json) in super::shred::members(rests.value(number)).unwrap_or_default() {
            let Some(at) = places.get(name.as_ref()) else { continue };
            match found[*at].last_mut().filter(|(last, _)| *last == number) {
                Some((_, values)) => values.push(json.to_owned()),
                None => found[*at].push((number, vec![json.to_owned()])),
            }
        }
    }
    let column = |(field, found): (&String, _)| rest_column(field, &rest_keys, rests.len(), found);
    Some(fields.iter().zip(found).map(column).collect())
}

fn rest_column(field: &str, rest_keys: &[u32], rests: usize, found: Vec<(usize, Vec<String>)>) -> Column {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut values: Vec<String> = Vec::new();
    let mut of_rest = vec![ABSENT; rests];
    for (rest, json) in found {
        // The same field twice in one event: a list has the same meaning.
        let json = if let [single] = &json[..] { single.clone() } else { format!("[{}]", json.join(",")) };
        let next = u32::try_from(values.len()).unwrap_or(ABSENT);
        of_rest[rest] = *numbers.entry(json).or_insert_with_key(|json| {
            values.push(json.clone());
            next
        });
    }
    let key = |rest: &u32| {
        usize::try_from(*rest).ok().and_then(|rest| of_rest.get(rest)).copied().unwrap_or(ABSENT)
    };
    Column {
        field: field.to_owned(),
        kind: ColumnKind::Json,
        keys: rest_keys.iter().map(key).collect(),
        values: Values { array: StringArray::from(values) },
    }
}
