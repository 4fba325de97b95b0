//! Reading a file: by columns for hunts, by rows as evidence.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::statistics::Statistics;

use super::batch::{Batch, Column, ColumnKind, from_rest, stored};
use super::file::{Checked, failed};
use super::names::JSON;
use super::restore::{Cell, restore};
use super::table::{ID, INGEST, RAW, REST, SEQUENCE, SHAPE, SOURCE, TIME};
use super::{Lake, write};
use crate::{Error, Id, Result, catalog};

/// What to read of a file.
#[derive(Clone, Debug)]
pub struct ReadRequest<'r> {
    /// The fields, as [`field_name`](super::field_name) writes them. Those that the file does not have are left out.
    pub fields: &'r [String],
    /// At or after, in nanoseconds UTC.
    pub since: Option<i64>,
    /// Before.
    pub until: Option<i64>,
    /// How many rows a batch has at most.
    pub rows_max: usize,
}

/// An event of the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// What makes it one.
    pub id: Id,
    /// When it happened, in nanoseconds UTC.
    pub time: i64,
    /// When it was accepted.
    pub ingest: i64,
    /// Who sent it.
    pub source: String,
    /// The source's own order.
    pub sequence: u64,
    /// The event: what was stored, but for spaces between its parts and how characters are escaped.
    pub json: String,
    /// The original text, where that is something else.
    pub raw: Option<String>,
}

/// A file of the lake, open. It may be used by many threads.
pub struct SplitReader {
    file: Checked,
    pub(super) metadata: ArrowReaderMetadata,
    split: catalog::Split,
}

impl Lake {
    /// Opens a file of the lake.
    ///
    /// # Errors
    /// [`Error::is_missing`] if it is not there, [`Error::is_damaged`] if it is not what was written,
    /// [`Error::is_refused`] if a newer version wrote it, what the disk says.
    pub fn open_split(&self, split: &catalog::Split) -> Result<SplitReader> {
        if split.format > write::FORMAT {
            return Err(Error::refused(format!("{} was written by a newer version", split.path)));
        }
        let path = self.folder.join(&split.path);
        let file = Checked::open(self.disk.as_ref(), &path, split.bytes, split.checksums.clone())?;
        // Where pages begin: rows that are chosen cost the pages that they are in, and the others are not even passed over.
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let plain = ArrowReaderMetadata::load(&file, options).map_err(failed)?;
        let options = ArrowReaderOptions::new().with_schema(with_dictionaries(plain.schema()));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(failed)?;
        Ok(SplitReader { file, metadata, split: split.clone() })
    }
}

/// The schema that makes the reader hand dictionaries out instead of a text per row.
fn with_dictionaries(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => {
            let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Field::new(field.name(), dictionary, field.is_nullable())
        }
        _ => field.as_ref().clone(),
    });
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

impl SplitReader {
    /// What the catalog says of it.
    pub fn split(&self) -> &catalog::Split {
        &self.split
    }

    /// What reading all columns takes at most, in bytes: the largest of its row groups, unpacked, and for each column what unpacks
    /// it, with a page as it came.
    pub(super) fn reading_bytes(&self) -> u64 {
        const OF_COLUMN: u64 = 160 << 10;
        let groups = self.metadata.metadata().row_groups().iter();
        let unpacked = groups.map(|group| u64::try_from(group.total_byte_size()).unwrap_or(0)).max();
        unpacked.unwrap_or(0) + self.metadata.schema().fields().len() as u64 * OF_COLUMN
    }

    /// Whether the file may have events with a field.
    pub fn may_have(&self, field: &str) -> bool {
        self.has_column(field) || self.may_be_in_rest(field)
    }

    /// Checks every byte of the file.
    ///
    /// # Errors
    /// [`Error::is_damaged`] with the first damaged place; what the disk says.
    pub fn verify(&self) -> Result<()> {
        self.file.verify()
    }

    /// Reads columns, a row group after the other and batch by batch within it, so that each batch shares its values with
    /// those before it.
    ///
    /// # Errors
    /// The batches themselves may be errors.
    pub fn batches(&self, request: &ReadRequest<'_>) -> Batches<'_> {
        let known = request.fields.iter().filter(|field| self.may_have(field));
        let in_rest = request.fields.iter().filter(|field| self.may_be_in_rest(field));
        let mut names: Vec<String> = [TIME, INGEST, ID, SOURCE, SEQUENCE].map(str::to_owned).into();
        for field in known {
            names.push(field.clone());
            names.push(format!("{field}{JSON}"));
        }
        let in_rest: Vec<String> = in_rest.cloned().collect();
        if !in_rest.is_empty() {
            names.push(REST.to_owned());
        }
        Batches {
            split: self,
            projection: self.projection(&names),
            in_rest,
            since: request.since.unwrap_or(i64::MIN),
            until: request.until,
            rows_max: request.rows_max.max(1),
            group: 0,
            row: 0,
            reader: None,
        }
    }

    /// The rows that are there, once each.
    pub(super) fn selection(&self, rows: &[u64]) -> RowSelection {
        let total = usize::try_from(self.split.rows).unwrap_or(usize::MAX);
        let mut rows: Vec<usize> = rows.iter().filter_map(|row| usize::try_from(*row).ok()).collect();
        rows.retain(|row| *row < total);
        rows.sort_unstable();
        rows.dedup();
        RowSelection::from_consecutive_ranges(rows.iter().map(|row| *row..row + 1), total)
    }

    /// The event of a row.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub fn event(&self, row: u64) -> Result<StoredEvent> {
        let found = self.events(&[row])?.pop();
        found.ok_or_else(|| Error::missing(format!("{} has no row {row}", self.split.path)))
    }

    /// The events of some rows, in ascending order; rows that the file does not have are left out. It costs what the
    /// columns' dictionaries cost, so that asking for many at once is much cheaper than for one after the other.
    ///
    /// # Errors
    /// [`Error::is_damaged`]; what the disk says.
    pub fn events(&self, rows: &[u64]) -> Result<Vec<StoredEvent>> {
        if rows.is_empty() {
            // To open the columns is what costs.
            return Ok(Vec::new());
        }
        let reader = self.builder().with_row_selection(self.selection(rows)).build().map_err(failed)?;
        let mut events = Vec::with_capacity(rows.len());
        for batch in reader {
            restore_rows(&batch.map_err(reading)?, &mut events)?;
        }
        Ok(events)
    }

    /// The events of a stretch of time in their order, some at a time.
    ///
    /// # Errors
    /// As [`events`](Self::events); so may be what it gives.
    pub fn events_of(
        &self,
        since: i64,
        until: i64,
        rows_max: usize,
    ) -> Result<impl Iterator<Item = Result<Vec<StoredEvent>>> + use<>> {
        let groups = 0..self.metadata.metadata().num_row_groups();
        let is_in =
            |group: &usize| self.times(*group).is_none_or(|(first, last)| last >= since && first < until);
        let reader = self
            .builder()
            .with_row_groups(groups.filter(is_in).collect())
            .with_batch_size(rows_max.max(1))
            .build()
            .map_err(failed)?;
        Ok(reader.map(move |batch| {
            let batch = batch.map_err(reading)?;
            let times = times(&batch, TIME)?;
            let (from, to) =
                (times.partition_point(|time| *time < since), times.partition_point(|time| *time < until));
            let mut events = Vec::new();
            restore_rows(&batch.slice(from, to.saturating_sub(from)), &mut events)?;
            Ok(events)
        }))
    }

    /// All events in their order, some at a time.
    pub(super) fn all_events(
        &self,
        rows_max: usize,
    ) -> Result<impl Iterator<Item = Result<Vec<StoredEvent>>> + use<>> {
        let reader = self.builder().with_batch_size(rows_max).build().map_err(failed)?;
        Ok(reader.map(|batch| {
            let mut events = Vec::new();
            restore_rows(&batch.map_err(reading)?, &mut events)?;
            Ok(events)
        }))
    }

    pub(super) fn builder(&self) -> ParquetRecordBatchReaderBuilder<Checked> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone())
    }

    pub(super) fn projection(&self, names: &[String]) -> ProjectionMask {
        let fields = self.metadata.schema().fields();
        let places =
            fields.iter().enumerate().filter(|(_, field)| names.iter().any(|name| name == field.name()));
        ProjectionMask::roots(self.metadata.parquet_schema(), places.map(|(at, _)| at))
    }

    fn has_column(&self, field: &str) -> bool {
        let is_named = |column: &String| column.strip_suffix(JSON).unwrap_or(column) == field;
        self.split.columns.iter().any(is_named)
    }

    fn may_be_in_rest(&self, field: &str) -> bool {
        self.split.rest.as_ref().is_none_or(|names| names.iter().any(|name| name == field))
    }

    /// The times of a row group's first and last events, if the file says so.
    fn times(&self, group: usize) -> Option<(i64, i64)> {
        let place = self.metadata.schema().index_of(TIME).ok()?;
        match self.metadata.metadata().row_group(group).column(place).statistics()? {
            Statistics::Int64(statistics) => Some((*statistics.min_opt()?, *statistics.max_opt()?)),
            _ => None,
        }
    }
}

/// Rows of a file, batch by batch.
pub struct Batches<'s> {
    pub(super) split: &'s SplitReader,
    pub(super) projection: ProjectionMask,
    pub(super) in_rest: Vec<String>,
    pub(super) since: i64,
    pub(super) until: Option<i64>,
    pub(super) rows_max: usize,
    /// The row group to be opened next.
    pub(super) group: usize,
    /// The number of the next row.
    pub(super) row: u64,
    pub(super) reader: Option<ParquetRecordBatchReader>,
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        let rows = self.rows()?;
        Some(rows.and_then(|(batch, first)| self.convert(&batch, first)))
    }
}

enum Step {
    Rows(Box<(RecordBatch, u64)>),
    Again,
    End,
}

impl Batches<'_> {
    /// The next rows, with the number of the first.
    pub(super) fn rows(&mut self) -> Option<Result<(RecordBatch, u64)>> {
        loop {
            match self.step() {
                Ok(Step::End) => return None,
                Ok(Step::Again) => {}
                Ok(Step::Rows(rows)) => return Some(Ok(*rows)),
                Err(error) => {
                    // Behind damage nothing is read: the rows have no numbers any more.
                    self.group = usize::MAX;
                    self.reader = None;
                    return Some(Err(error));
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        if let Some(reader) = &mut self.reader {
            let Some(batch) = reader.next() else {
                self.reader = None;
                return Ok(Step::Again);
            };
            let batch = batch.map_err(reading)?;
            let first = self.row;
            self.row += batch.num_rows() as u64;
            let batch = self.cut(batch, first)?;
            return Ok(batch.map_or(Step::Again, |rows| Step::Rows(Box::new(rows))));
        }
        let groups = self.split.metadata.metadata().row_groups();
        let Some(group) = groups.get(self.group) else { return Ok(Step::End) };
        let number = self.group;
        self.group += 1;
        if let Some((first, last)) = self.split.times(number)
            && (last < self.since || self.until.is_some_and(|until| first >= until))
        {
            self.row += u64::try_from(group.num_rows()).unwrap_or(0);
            return Ok(Step::Again);
        }
        let reader = self
            .split
            .builder()
            .with_row_groups(vec![number])
            .with_projection(self.projection.clone())
            .with_batch_size(self.rows_max)
            .build()
            .map_err(failed)?;
        self.reader = Some(reader);
        Ok(Step::Again)
    }

    /// The part of some rows that was asked for, if there is any.
    fn cut(&self, batch: RecordBatch, first: u64) -> Result<Option<(RecordBatch, u64)>> {
        let times = times(&batch, TIME)?;
        let from = times.partition_point(|time| *time < self.since);
        let to = self.until.map_or(times.len(), |until| times.partition_point(|time| *time < until));
        if from >= to {
            return Ok(None);
        }
        let batch = if to - from < times.len() { batch.slice(from, to - from) } else { batch };
        Ok(Some((batch, first + from as u64)))
    }

    fn convert(&self, batch: &RecordBatch, first_row: u64) -> Result<Batch> {
        let mut columns = Vec::new();
        let schema = batch.schema();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            if field.name() == REST {
                columns.extend(from_rest(array, &self.in_rest).ok_or_else(unexpected)?);
            } else if !field.name().starts_with('_') {
                let (name, kind) = match field.name().strip_suffix(JSON) {
                    Some(name) => (name, ColumnKind::Json),
                    None => (field.name().as_str(), ColumnKind::Text),
                };
                columns.push(stored(name.to_owned(), kind, array).ok_or_else(unexpected)?);
            }
        }
        let source = column(batch, SOURCE)?;
        Ok(Batch {
            first_row,
            times: times(batch, TIME)?.to_vec(),
            ingests: times(batch, INGEST)?.to_vec(),
            ids: ids(batch)?,
            sequences: sequences(batch)?,
            sources: stored(SOURCE.to_owned(), ColumnKind::Text, source).ok_or_else(unexpected)?,
            columns: columns.into_iter().filter(Column::has_values).collect(),
        })
    }
}

pub(super) fn reading(error: arrow_schema::ArrowError) -> Error {
    match error {
        arrow_schema::ArrowError::ExternalError(inner) => {
            failed(parquet::errors::ParquetError::External(inner))
        }
        other => failed(parquet::errors::ParquetError::ArrowError(other.to_string())),
    }
}

pub(super) fn unexpected() -> Error {
    Error::damaged("a file of the lake has a column of a type that it should not have")
}

pub(super) fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef> {
    batch.column_by_name(name).ok_or_else(unexpected)
}

pub(super) fn times<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b [i64]> {
    let array = column(batch, name)?.as_primitive_opt::<TimestampNanosecondType>();
    array.map(|array| array.values().as_ref()).ok_or_else(unexpected)
}

pub(super) fn ids(batch: &RecordBatch) -> Result<Vec<Id>> {
    let array = column(batch, ID)?.as_fixed_size_binary_opt().ok_or_else(unexpected)?;
    array.iter().map(|id| id.and_then(|id| id.try_into().ok()).map(Id).ok_or_else(unexpected)).collect()
}

pub(super) fn sequences(batch: &RecordBatch) -> Result<Vec<u64>> {
    let array = column(batch, SEQUENCE)?.as_primitive_opt::<Int64Type>().ok_or_else(unexpected)?;
    Ok(array.values().iter().map(|value| value.cast_unsigned()).collect())
}

/// The text of a row in a column with a dictionary.
pub(super) fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    let key = dictionary.key(row)?;
    let values = dictionary.values().as_string_opt::<i32>()?;
    (key < values.len()).then(|| values.value(key))
}

/// Puts the events of all rows together.
fn restore_rows(batch: &RecordBatch, events: &mut Vec<StoredEvent>) -> Result<()> {
    let schema = batch.schema();
    let places: HashMap<&str, usize> =
        schema.fields().iter().enumerate().map(|(at, field)| (field.name().as_str(), at)).collect();
    let (times, ingests) = (times(batch, TIME)?, times(batch, INGEST)?);
    let (ids, sequences) = (ids(batch)?, sequences(batch)?);
    let (sources, shapes) = (column(batch, SOURCE)?, column(batch, SHAPE)?);
    let (rests, raws) = (column(batch, REST)?, column(batch, RAW)?);
    let json_places: HashMap<&str, usize> =
        places.iter().filter_map(|(name, at)| name.strip_suffix(JSON).map(|name| (name, *at))).collect();
    for row in 0..batch.num_rows() {
        let cell = |name: &str| {
            let texts = places.get(name).and_then(|at| text(batch.column(*at), row)).map(Cell::Text);
            texts
                .or_else(|| json_places.get(name).and_then(|at| text(batch.column(*at), row)).map(Cell::Json))
        };
        let shape = text(shapes, row).ok_or_else(unexpected)?;
        events.push(StoredEvent {
            id: ids[row],
            time: times[row],
            ingest: ingests[row],
            source: text(sources, row).unwrap_or_default().to_owned(),
            sequence: sequences[row],
            json: restore(shape, text(rests, row), &cell)?,
            raw: text(raws, row).map(str::to_owned),
        });
    }
    Ok(())
}
