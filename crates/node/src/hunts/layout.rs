//! Which columns of a file count for events of some forms.

use std::collections::HashMap;

use sigyn_engine::{Alphabet, Engine};
use sigyn_store::lake::{Column, Slice, SplitReader};

use super::forms::Form;

/// Behind the name of a field: the column of its values that are no texts.
const JSON: &str = ":json";
pub(super) const SHAPE: &str = "_shape";
const REST: &str = "_rest";
/// What texts of numbers, and of truth values, are made of.
const OF_NUMBERS: &[u8] = b"0123456789+-.einfatrusl";

/// What is read of a file, and how.
pub(super) struct Layout {
    /// The names of the columns.
    pub(super) names: Vec<String>,
    pub(super) of_form: HashMap<usize, Vec<Leaf>>,
    pub(super) rest: Option<usize>,
}

/// What is known of a value of a form in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    /// Its columns; none if it does not count: nobody asks for it, and its kind is always the same.
    pub(super) part: Option<Part>,
    /// Whether it is a text, if it does not count.
    pub(super) is_text: bool,
}

/// The columns of a value of a form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) text: Option<usize>,
    pub(super) json: Option<usize>,
    /// Whether rows differ in nothing but the value itself: its kind is always the same.
    pub(super) is_uniform: bool,
}

impl Layout {
    /// Finds out which columns of a file count for some forms.
    pub(super) fn new(engine: &Engine, open: &SplitReader, forms: &[Form], used: &[usize]) -> Self {
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
                // Where only keywords are looked for, what the values are made of may say that there are none.
                let may_wake = || {
                    let alphabet = if has_text { open.alphabet(name) } else { Some(OF_NUMBERS.to_vec()) };
                    let alphabet = alphabet.map(|bytes| Alphabet::of(&bytes));
                    let tables = form.tables.get(leaf).into_iter().flatten();
                    tables.into_iter().any(|(class, table)| {
                        alphabet.is_none_or(|alphabet| engine.may_wake(*class, *table, &alphabet))
                    })
                };
                let carries = form.carries.get(leaf) == Some(&true);
                let is_uniform = !in_rest(name)
                    && !carries
                    && ((has_text && !has_json) || (has_json && !has_text && open.has_numbers_only(&json)));
                let counts = form.identifies.get(leaf) == Some(&true)
                    || form.is_field.get(leaf) == Some(&true)
                    || may_wake();
                let mut column = |is_there: bool, name: &str| is_there.then(|| layout.column(name));
                let part = (counts || !is_uniform).then(|| Part {
                    text: column(has_text, name),
                    json: column(has_json, &json),
                    is_uniform,
                });
                parts.push(Leaf { part, is_text: has_text });
            }
            layout.of_form.insert(*at, parts);
        }
        layout.rest = needs_rest.then(|| layout.column(REST));
        layout
    }

    /// The names of the columns of some values.
    pub(super) fn names_of<'p>(&self, parts: impl Iterator<Item = &'p Part>) -> Vec<String> {
        let mut columns: Vec<usize> = parts.flat_map(|part| [part.text, part.json]).flatten().collect();
        columns.sort_unstable();
        columns.dedup();
        columns.into_iter().filter_map(|at| self.names.get(at).cloned()).collect()
    }

    fn column(&mut self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

/// A slice with the columns in the order of the layout.
pub(super) struct Columns<'c> {
    columns: Vec<Option<&'c Column>>,
    pub(super) rows: usize,
}

impl<'c> Columns<'c> {
    pub(super) fn new(layout: &Layout, slice: &'c Slice) -> Self {
        let column = |name: &String| slice.columns.iter().find(|column| column.field == *name);
        Self { columns: layout.names.iter().map(column).collect(), rows: slice.times.len() }
    }

    pub(super) fn get(&self, at: Option<usize>) -> Option<&'c Column> {
        at.and_then(|at| self.columns.get(at).copied().flatten())
    }
}
