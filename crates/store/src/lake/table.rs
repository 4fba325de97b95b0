//! Events as columns in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, TimestampNanosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use sigyn_event::write_string;

use super::NewEvent;
use super::names::JSON;
use super::pick::{Picked, Repeats};
use super::shred::{Leaf, shred};
use crate::{Error, Result};

pub(super) const TIME: &str = "_time";
pub(super) const INGEST: &str = "_ingest";
pub(super) const ID: &str = "_id";
pub(super) const SOURCE: &str = "_source";
pub(super) const SEQUENCE: &str = "_sequence";
pub(super) const SHAPE: &str = "_shape";
pub(super) const REST: &str = "_rest";
pub(super) const RAW: &str = "_raw";
/// With more fields in the rest, it is not said which.
const REST_NAMES_MAX: usize = 1_000;

/// The columns of a file: the first eight are those of every event.
pub(super) fn schema(picked: &[Picked]) -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let mut fields = vec![
        Field::new(TIME, time(), false),
        Field::new(INGEST, time(), false),
        Field::new(ID, DataType::FixedSizeBinary(16), false),
        Field::new(SOURCE, DataType::Utf8, false),
        Field::new(SEQUENCE, DataType::Int64, false),
        Field::new(SHAPE, DataType::Utf8, false),
        Field::new(REST, DataType::Utf8, true),
        Field::new(RAW, DataType::Utf8, true),
    ];
    for field in picked {
        fields.extend(field.texts.map(|_| Field::new(&field.name, DataType::Utf8, true)));
        fields
            .extend(field.others.map(|_| Field::new(format!("{}{JSON}", field.name), DataType::Utf8, true)));
    }
    Arc::new(Schema::new(fields))
}

/// Takes events apart into columns, some at a time.
pub(super) struct Table {
    schema: SchemaRef,
    places: HashMap<String, usize>,
    cells: Vec<Cells>,
    rest_names: BTreeSet<String>,
    is_rest_open: bool,
}

/// The columns of a field.
struct Cells {
    name: String,
    texts: Option<StringBuilder>,
    /// The bytes that its texts have, if they hardly repeat: where no byte of something stands it need not be looked for.
    bytes: Option<Box<[bool; 256]>>,
    others: Option<StringBuilder>,
    /// How many rows have been filled.
    filled: usize,
}

impl Cells {
    /// Puts a value into its column. Not if there is none, or the row has one already.
    fn put(&mut self, row: usize, leaf: &Leaf<'_>) -> bool {
        let has_column = match leaf {
            Leaf::Text(_) => self.texts.is_some(),
            Leaf::Json(_) => self.others.is_some(),
        };
        if !has_column || self.filled > row {
            return false;
        }
        self.skip(row);
        let (text, json) = match leaf {
            Leaf::Text(text) => (Some(text.as_ref()), None),
            Leaf::Json(json) => (None, Some(*json)),
        };
        self.texts.iter_mut().for_each(|texts| texts.append_option(text));
        self.others.iter_mut().for_each(|others| others.append_option(json));
        self.filled = row + 1;
        true
    }

    /// Leaves rows empty up to one.
    fn skip(&mut self, row: usize) {
        for builder in self.texts.iter_mut().chain(&mut self.others) {
            builder.append_nulls(row.saturating_sub(self.filled));
        }
    }

    /// The columns with so many rows; it begins anew.
    fn finish(&mut self, rows: usize) -> impl Iterator<Item = ArrayRef> + '_ {
        self.skip(rows);
        self.filled = 0;
        let Self { texts, others, bytes, .. } = self;
        let texts = texts.iter_mut().map(move |builder| {
            let texts = builder.finish();
            if let Some(bytes) = bytes.as_deref_mut() {
                texts.value_data().iter().for_each(|byte| bytes[usize::from(*byte)] = true);
            }
            Arc::new(texts) as ArrayRef
        });
        texts.chain(others.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef))
    }
}

impl Table {
    pub(super) fn new(picked: &[Picked]) -> Self {
        let cells = |field: &Picked| Cells {
            name: field.name.clone(),
            texts: field.texts.map(|_| StringBuilder::new()),
            bytes: (field.texts == Some(Repeats::Rarely)).then(|| Box::new([false; 256])),
            others: field.others.map(|_| StringBuilder::new()),
            filled: 0,
        };
        Self {
            schema: schema(picked),
            places: picked.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect(),
            cells: picked.iter().map(cells).collect(),
            rest_names: BTreeSet::new(),
            is_rest_open: false,
        }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The fields with values in the rest, unless there are too many.
    pub(super) fn rest(&self) -> Option<Vec<String>> {
        (!self.is_rest_open).then(|| self.rest_names.iter().cloned().collect())
    }

    /// The bytes that the texts of a field have, for those whose texts hardly repeat.
    pub(super) fn alphabets(&self) -> impl Iterator<Item = (&str, Vec<u8>)> {
        let of = |cells: &Cells| -> Option<Vec<u8>> {
            let bytes = cells.bytes.as_deref()?;
            Some((0..=u8::MAX).zip(bytes).filter(|(_, is_there)| **is_there).map(|(byte, _)| byte).collect())
        };
        self.cells.iter().filter_map(move |cells| Some((cells.name.as_str(), of(cells)?)))
    }

    /// The columns of some events.
    pub(super) fn batch(&mut self, events: &[&NewEvent<'_>]) -> Result<RecordBatch> {
        let mut ids = FixedSizeBinaryBuilder::with_capacity(events.len(), 16);
        let mut sources = StringBuilder::new();
        let mut shapes = StringBuilder::new();
        let mut rests = StringBuilder::new();
        let mut raws = StringBuilder::new();
        let (mut shape, mut rest) = (String::new(), String::new());
        for (row, event) in events.iter().enumerate() {
            ids.append_value(event.id.0).map_err(failed)?;
            sources.append_value(event.source);
            self.add(row, event, &mut shape, &mut rest)?;
            shapes.append_value(&shape);
            rests.append_option((!rest.is_empty()).then_some(&rest));
            raws.append_option(event.raw);
        }
        let time = |nanos: Vec<i64>| Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("UTC"));
        let mut columns: Vec<ArrayRef> = vec![
            time(events.iter().map(|event| event.time).collect()),
            time(events.iter().map(|event| event.ingest).collect()),
            Arc::new(ids.finish()),
            Arc::new(sources.finish()),
            Arc::new(Int64Array::from_iter_values(events.iter().map(|event| event.sequence.cast_signed()))),
            Arc::new(shapes.finish()),
            Arc::new(rests.finish()),
            Arc::new(raws.finish()),
        ];
        self.cells.iter_mut().for_each(|cells| columns.extend(cells.finish(events.len())));
        RecordBatch::try_new(self.schema(), columns).map_err(failed)
    }

    /// Adds an event's values to the columns of their fields, and the others to the rest.
    fn add(&mut self, row: usize, event: &NewEvent<'_>, shape: &mut String, rest: &mut String) -> Result<()> {
        rest.clear();
        shred(event.json, shape, &mut |name, leaf| {
            let cells = self.places.get(name).and_then(|at| self.cells.get_mut(*at));
            if !cells.is_some_and(|cells| cells.put(row, &leaf)) {
                push_rest(rest, name, &leaf);
                self.note_rest(name);
            }
            Ok(())
        })?;
        if !rest.is_empty() {
            rest.push('}');
        }
        Ok(())
    }

    fn note_rest(&mut self, name: &str) {
        if self.is_rest_open || self.rest_names.contains(name) {
            return;
        }
        self.rest_names.insert(name.to_owned());
        self.is_rest_open = self.rest_names.len() > REST_NAMES_MAX;
    }
}

fn push_rest(rest: &mut String, name: &str, leaf: &Leaf<'_>) {
    rest.push(if rest.is_empty() { '{' } else { ',' });
    write_string(rest, name);
    rest.push(':');
    match leaf {
        Leaf::Text(text) => write_string(rest, text),
        Leaf::Json(json) => rest.push_str(json),
    }
}

pub(super) fn failed(error: arrow_schema::ArrowError) -> Error {
    Error::failed("events cannot be put into columns").because(error)
}
