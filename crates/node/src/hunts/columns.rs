//! Rows of a file of the lake as sequences of numbers, so that what says the same is matched once.

use std::collections::HashMap;

use sigyn_engine::{Engine, Sequences};
use sigyn_store::lake::{ABSENT, Column, Slice, SplitReader, Values};

use super::forms::{ELSEWHERE, Form, Numbers, TEXT, VERSIONS, kind_of};

/// Behind the name of a field: the column of its values that are no texts.
const JSON: &str = ":json";
pub(super) const SHAPE: &str = "_shape";
const REST: &str = "_rest";
/// A row that is matched by itself.
pub(super) const SINGLE: u32 = u32::MAX;

/// What of a column a row of a form is told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    form: usize,
    leaf: usize,
    is_json: bool,
}

/// What the values of a column mean for a form.
struct Mapped {
    values: Values,
    /// For each value its number, or [`SINGLE`].
    numbers: Vec<u32>,
}

/// What is read of a file, and how.
pub(super) struct Layout {
    /// The names of the columns.
    pub(super) names: Vec<String>,
    /// For each form that the file has, and each of its values that counts: the value's place, and the columns.
    of_form: HashMap<usize, Vec<(usize, Option<usize>, Option<usize>)>>,
    rest: Option<usize>,
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
                    form.decides.get(leaf) == Some(&true) || form.is_searched.get(leaf) == Some(&true);
                // One kind only: nothing to tell apart.
                let is_uniform = !in_rest(name)
                    && ((has_text && !has_json) || (has_json && !has_text && open.has_numbers_only(&json)));
                if !counts && is_uniform {
                    continue;
                }
                let mut column = |is_there: bool, name: &str| {
                    is_there.then(|| match layout.names.iter().position(|known| known == name) {
                        Some(at) => at,
                        None => {
                            layout.names.push(name.to_owned());
                            layout.names.len() - 1
                        }
                    })
                };
                let columns = (leaf, column(has_text, name), column(has_json, &json));
                parts.push(columns);
            }
            layout.of_form.insert(*at, parts);
        }
        if needs_rest {
            layout.rest = Some(layout.names.len());
            layout.names.push(REST.to_owned());
        }
        layout
    }
}

/// Memory for turning rows into numbers.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) sequences: Sequences,
    pub(super) numbers: Numbers,
    mapped: HashMap<Place, Mapped>,
    buffer: String,
    text: String,
    /// For each part of a sequence the numbers of the rows at hand.
    parts: Vec<Vec<u32>>,
}

impl Rows {
    /// How much memory it takes, in bytes; about.
    pub(super) fn bytes(&self) -> usize {
        self.sequences.bytes() + self.numbers.bytes()
    }

    /// The form of the rows with a number, and its version when they were numbered.
    pub(super) fn form_of(&self, number: u32) -> (usize, u32) {
        let first = self.sequences.items(number).first().copied();
        first.map_or((usize::MAX, 0), |first| ((first / VERSIONS) as usize, first % VERSIONS))
    }

    /// Forgets what was known of the file before.
    pub(super) fn begin(&mut self) {
        self.mapped.clear();
    }

    /// Numbers the rows of a slice: for each the number of its sequence, or [`SINGLE`]. `form_of` gives the form of a shape.
    pub(super) fn number(
        &mut self,
        engine: &Engine,
        layout: &Layout,
        forms: &[Form],
        form_of: &mut dyn FnMut(&str) -> usize,
        slice: &Slice,
        out: &mut Vec<u32>,
    ) {
        let rows = slice.times.len();
        let start = out.len();
        out.resize(start + rows, SINGLE);
        let columns: Vec<Option<&Column>> = layout
            .names
            .iter()
            .map(|name| slice.columns.iter().find(|column| column.field == *name))
            .collect();
        let Some(shapes) = columns.first().copied().flatten() else { return };
        let of_key: Vec<usize> = shapes.values.iter().map(form_of).collect();
        // Files mostly have one form, so that a pass for each of them is no waste.
        let mut by_form: HashMap<usize, Vec<u32>> = HashMap::new();
        for (row, key) in (0..).zip(&shapes.keys) {
            let form = of_key.get(*key as usize).copied().unwrap_or(usize::MAX);
            by_form.entry(form).or_default().push(row);
        }
        for (at, rows) in by_form {
            let (Some(form), Some(parts)) = (forms.get(at), layout.of_form.get(&at)) else { continue };
            self.of_form(engine, at, form, parts, layout.rest, &columns, &rows);
            let count = self.parts.len();
            for (place, row) in rows.iter().enumerate() {
                let mut hash = 0;
                let mut is_single = false;
                for part in self.parts.get(..count).unwrap_or_default() {
                    let number = part.get(place).copied().unwrap_or(SINGLE);
                    is_single |= number == SINGLE;
                    hash = Sequences::mix(hash, number);
                }
                if is_single {
                    continue;
                }
                let item = |at: usize| {
                    self.parts.get(at).and_then(|part| part.get(place)).copied().unwrap_or(SINGLE)
                };
                let (number, _) = self.sequences.number(hash, count, item);
                if let Some(slot) = out.get_mut(start + *row as usize) {
                    *slot = number;
                }
            }
        }
    }

    /// Fills the parts of the rows of a form.
    #[expect(clippy::too_many_arguments, reason = "what a form is, where its values are, and which rows")]
    fn of_form(
        &mut self,
        engine: &Engine,
        at: usize,
        form: &Form,
        leaves: &[(usize, Option<usize>, Option<usize>)],
        rest: Option<usize>,
        columns: &[Option<&Column>],
        rows: &[u32],
    ) {
        let mut parts = std::mem::take(&mut self.parts);
        parts.iter_mut().for_each(Vec::clear);
        parts.resize(leaves.len() + 2, Vec::new());
        let name = u32::try_from(at).unwrap_or(SINGLE);
        let mut parts_left = parts.iter_mut();
        if let Some(part) = parts_left.next() {
            // The form with what it knows, in one number: it learns a few times at most.
            let number = name.wrapping_mul(VERSIONS).wrapping_add(form.version);
            part.resize(rows.len(), number);
        }
        if let Some(part) = parts_left.next() {
            let column = rest.and_then(|rest| columns.get(rest).copied().flatten());
            match column {
                None => part.resize(rows.len(), 0),
                Some(column) => {
                    let numbers: Vec<u32> = column
                        .values
                        .iter()
                        .map(|text| self.numbers.of('r', text, &mut self.buffer))
                        .collect();
                    part.extend(rows.iter().map(|row| number_of(column, *row, &numbers, 0)));
                }
            }
        }
        // What is in no column stands in the rest, where there is one.
        let elsewhere = if rest.is_some() { ELSEWHERE } else { SINGLE };
        for ((leaf, text, json), part) in leaves.iter().zip(parts_left) {
            let column = |at: &Option<usize>| at.and_then(|at| columns.get(at).copied().flatten());
            let place = |is_json| Place { form: at, leaf: *leaf, is_json };
            if let Some(column) = column(text) {
                self.map(engine, form, place(false), column);
            }
            if let Some(column) = column(json) {
                self.map(engine, form, place(true), column);
            }
            let numbers = |is_json| self.mapped.get(&place(is_json)).map_or(&[][..], |known| &known.numbers);
            match (column(text), column(json)) {
                (None, None) => part.resize(rows.len(), elsewhere),
                (Some(text), None) => {
                    let numbers = numbers(false);
                    part.extend(rows.iter().map(|row| number_of(text, *row, numbers, elsewhere)));
                }
                (None, Some(json)) => {
                    let numbers = numbers(true);
                    part.extend(rows.iter().map(|row| number_of(json, *row, numbers, elsewhere)));
                }
                (Some(text), Some(json)) => {
                    let (texts, others) = (numbers(false), numbers(true));
                    part.extend(rows.iter().map(|row| match text.keys.get(*row as usize) {
                        Some(key) if *key != ABSENT => number_of(text, *row, texts, SINGLE),
                        _ => number_of(json, *row, others, elsewhere),
                    }));
                }
            }
        }
        self.parts = parts;
    }

    /// Finds out what the values of a column mean, unless that is known: batches of a row group share their values.
    fn map(&mut self, engine: &Engine, form: &Form, place: Place, column: &Column) {
        if self.mapped.get(&place).is_some_and(|known| known.values.is_same(&column.values)) {
            return;
        }
        let decides = form.decides.get(place.leaf) == Some(&true);
        let is_searched = !decides && form.is_searched.get(place.leaf) == Some(&true);
        let mut numbers = Vec::with_capacity(column.values.len());
        for value in column.values.iter() {
            let is_met = is_searched && self.is_met(engine, form, value, place.is_json);
            numbers.push(match (decides, place.is_json) {
                _ if is_met => SINGLE,
                (true, false) => self.numbers.of('t', value, &mut self.buffer),
                (false, false) => TEXT,
                (true, true) => self.numbers.of('j', value, &mut self.buffer),
                (false, true) => {
                    kind_of(value).unwrap_or_else(|| self.numbers.of('j', value, &mut self.buffer))
                }
            });
        }
        self.mapped.insert(place, Mapped { values: column.values.clone(), numbers });
    }

    /// Whether a keyword may be in a value that decides nothing else.
    fn is_met(&mut self, engine: &Engine, form: &Form, value: &str, is_json: bool) -> bool {
        if is_json {
            let is_plain = value.len() < 18
                && value
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| byte.is_ascii_digit() || (at == 0 && byte == b'-'));
            match kind_of(value) {
                Some(2 | 3) => return false,
                // Lists and objects are told apart as a whole, with the keywords in them.
                None => return false,
                Some(4) if is_plain => {}
                // Written otherwise than it is compared.
                Some(_) => return true,
            }
        }
        let text = &mut self.text;
        form.classes.iter().any(|class| engine.has_keyword(*class, value, text))
    }
}

/// The number of the value of a row.
#[inline]
fn number_of(column: &Column, row: u32, numbers: &[u32], absent: u32) -> u32 {
    match column.keys.get(row as usize) {
        Some(key) if *key != ABSENT => numbers.get(*key as usize).copied().unwrap_or(SINGLE),
        _ => absent,
    }
}
