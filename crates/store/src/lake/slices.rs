//! Rows of a file by columns that are asked for by name, and where rows stand: for those who look through files by columns.

use parquet::file::statistics::Statistics;

use super::batch::{Column, ColumnKind, stored};
use super::file::failed;
use super::read::{Batches, SplitReader, column, ids, reading, sequences, text, times, unexpected};
use super::table::{ID, RAW, SEQUENCE, SOURCE, TIME};
use super::write::ALPHABET;
use crate::{Id, Result};

/// Where an event of the lake stands among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPlace {
    /// What makes it one.
    pub id: Id,
    /// When it happened, in nanoseconds UTC.
    pub time: i64,
    /// Who sent it.
    pub source: String,
    /// The source's own order.
    pub sequence: u64,
}

/// Some rows of a file by columns that were asked for by name.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The number of the first row in its file.
    pub first_row: u64,
    /// When each happened, in nanoseconds UTC, ascending.
    pub times: Vec<i64>,
    /// The columns, by their own names; the kind says nothing.
    pub columns: Vec<Column>,
}

/// Rows of a file, slice by slice.
pub struct Slices<'s>(Batches<'s>);

impl Iterator for Slices<'_> {
    type Item = Result<Slice>;

    fn next(&mut self) -> Option<Result<Slice>> {
        let rows = self.0.rows()?;
        Some(rows.and_then(|(batch, first_row)| {
            let mut columns = Vec::new();
            let schema = batch.schema();
            for (field, array) in schema.fields().iter().zip(batch.columns()) {
                if field.name() != TIME {
                    let column = stored(field.name().clone(), ColumnKind::Text, array);
                    columns.push(column.ok_or_else(unexpected)?);
                }
            }
            Ok(Slice { first_row, times: times(&batch, TIME)?.to_vec(), columns })
        }))
    }
}

impl SplitReader {
    /// Reads columns by their own names, those of every event among them; a name that the file does not have is left out.
    /// A row group after the other, as [`batches`](Self::batches).
    pub fn slices(&self, names: &[String], since: i64, until: i64, rows_max: usize) -> Slices<'_> {
        let mut all = vec![TIME.to_owned()];
        all.extend(names.iter().cloned());
        Slices(Batches {
            split: self,
            projection: self.projection(&all),
            in_rest: Vec::new(),
            since,
            until: Some(until),
            rows_max: rows_max.max(1),
            group: 0,
            row: 0,
            reader: None,
        })
    }

    /// Whether some event has its original text beside its JSON.
    pub fn has_raw(&self) -> bool {
        let Ok(place) = self.metadata.schema().index_of(RAW) else { return false };
        self.metadata.metadata().row_groups().iter().any(|group| {
            let nulls = group.column(place).statistics().and_then(Statistics::null_count_opt);
            nulls.is_none_or(|nulls| i64::try_from(nulls) != Ok(group.num_rows()))
        })
    }

    /// Whether every value of a column begins like a number, as far as the file says.
    pub fn has_numbers_only(&self, column: &str) -> bool {
        let Ok(place) = self.metadata.schema().index_of(column) else { return false };
        self.metadata.metadata().row_groups().iter().all(|group| {
            let statistics = group.column(place).statistics();
            let bounds = statistics.and_then(|known| known.min_bytes_opt().zip(known.max_bytes_opt()));
            bounds.is_some_and(|(least, greatest)| {
                least.first().is_some_and(|byte| *byte >= b'-')
                    && greatest.first().is_some_and(|byte| *byte <= b'9')
            })
        })
    }

    /// The bytes that the texts of a column have; none if the file does not say.
    pub fn alphabet(&self, column: &str) -> Option<Vec<u8>> {
        let known = self.metadata.metadata().file_metadata().key_value_metadata()?;
        let is_it = |key: &str| key.strip_prefix(ALPHABET) == Some(column);
        let bytes = known.iter().find(|pair| is_it(&pair.key))?.value.as_ref()?;
        let digits = bytes.as_bytes().as_chunks::<2>().0.iter();
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }

    /// Where the events of some rows stand, in ascending order, with some columns by their own names; rows that the file does
    /// not have are left out.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub fn places(&self, rows: &[u64], columns: &[String]) -> Result<Vec<(Vec<StoredPlace>, Slice)>> {
        let mut names: Vec<String> = [TIME, ID, SOURCE, SEQUENCE].map(str::to_owned).into();
        names.extend(columns.iter().cloned());
        let reader = self
            .builder()
            .with_row_selection(self.selection(rows))
            .with_projection(self.projection(&names))
            .with_batch_size(rows.len().max(1))
            .build()
            .map_err(failed)?;
        let mut found = Vec::new();
        for batch in reader {
            let batch = batch.map_err(reading)?;
            let mut places = Vec::with_capacity(batch.num_rows());
            let (times, ids, sequences) = (times(&batch, TIME)?, ids(&batch)?, sequences(&batch)?);
            let sources = column(&batch, SOURCE)?;
            for row in 0..batch.num_rows() {
                places.push(StoredPlace {
                    id: ids[row],
                    time: times[row],
                    source: text(sources, row).unwrap_or_default().to_owned(),
                    sequence: sequences[row],
                });
            }
            let wanted = columns.iter().filter_map(|name| Some((name, batch.column_by_name(name)?)));
            let column = |(name, array): (&String, _)| {
                stored(name.clone(), ColumnKind::Text, array).ok_or_else(unexpected)
            };
            let columns = wanted.map(column).collect::<Result<Vec<Column>>>()?;
            // Which row each is, whoever asks knows.
            found.push((places, Slice { first_row: 0, times: times.to_vec(), columns }));
        }
        Ok(found)
    }
}
