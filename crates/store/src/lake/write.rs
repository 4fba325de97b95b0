//! Writing files.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{DEFAULT_PAGE_SIZE, EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sigyn_event::Timestamp;

use super::file::{Writer, failed};
use super::names::JSON;
use super::pick::{Picked, Repeats, pick};
use super::table::{ID, INGEST, RAW, REST, SEQUENCE, TIME, Table};
use super::{Lake, NewEvent, Settings};
use crate::catalog::Split;
use crate::disk::{shown, unfinished};
use crate::{Error, Result};

/// The version of the layout.
pub(super) const FORMAT: u32 = 1;
/// Before the name of a column: what the file says of the bytes that its texts have.
pub(super) const ALPHABET: &str = "sigyn.bytes.";
const NANOS_PER_HOUR: i64 = 3_600_000_000_000;
/// How many events are taken apart at once.
pub(super) const CHUNK: usize = 8_192;
/// A name of a class that is longer is refused.
const CLASS_BYTES_MAX: usize = 100;

/// How hard to compress: what is written at once, and what stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    Quick,
    Thorough,
}

impl Lake {
    /// Writes events into new files, one per class and hour, and returns when they are on disk. They are part of the lake
    /// as soon as the catalog has them: [`Tx::change_splits`](crate::catalog::Tx::change_splits).
    ///
    /// An event that comes twice is written once. It takes about the memory of the events again.
    ///
    /// # Errors
    /// [`Error::is_invalid`] if an event is no JSON or its class no name; [`Error::is_full`]; what the disk says. Then some
    /// of the files may be there; [`sweep`](Self::sweep) removes what the catalog does not know.
    pub fn write(&self, events: &[NewEvent<'_>], now: i64) -> Result<Vec<Split>> {
        let mut groups: BTreeMap<(&str, i64), Vec<&NewEvent<'_>>> = BTreeMap::new();
        for event in events {
            check_class(event.class)?;
            groups.entry((event.class, event.time.div_euclid(NANOS_PER_HOUR))).or_default().push(event);
        }
        let mut splits = Vec::new();
        for ((class, hour), mut events) in groups {
            // The order of E7; of two copies the one that came first.
            events.sort_by_key(|event| (event.time, event.source, event.sequence, event.id, event.ingest));
            let mut seen = HashSet::with_capacity(events.len());
            events.retain(|event| seen.insert(event.id));
            let picked = pick(&events, events.len() as u64, &self.settings)?;
            let mut file = FileWriter::create(self, class, hour, &picked, Effort::Quick)?;
            for chunk in events.chunks(CHUNK) {
                file.write(chunk)?;
            }
            splits.push(file.finish(now)?);
        }
        Ok(splits)
    }

    /// Makes a folder inside the lake and returns when its name is sure to be there.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut known = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(folder) {
            return Ok(());
        }
        self.disk.create_folder(folder)?;
        let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder));
        for above in above {
            self.disk.sync_folder(above)?;
        }
        known.insert(folder.to_owned());
        Ok(())
    }
}

fn check_class(class: &str) -> Result<()> {
    let is_name = !class.is_empty()
        && class.len() <= CLASS_BYTES_MAX
        && !class.starts_with('.')
        && class.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_name { Ok(()) } else { Err(Error::invalid(format!("`{class}` is no name for a class of events"))) }
}

/// A file being written. Dropped before it is finished, it goes away.
pub(super) struct FileWriter<'l> {
    lake: &'l Lake,
    path: PathBuf,
    split: Split,
    table: Table,
    writer: Option<ArrowWriter<Writer>>,
}

impl<'l> FileWriter<'l> {
    pub(super) fn create(
        lake: &'l Lake,
        class: &str,
        hour: i64,
        picked: &[Picked],
        effort: Effort,
    ) -> Result<Self> {
        let number = lake.written.fetch_add(1, Ordering::Relaxed);
        let time = Timestamp(hour.saturating_mul(NANOS_PER_HOUR)).date_time();
        let path = format!(
            "{class}/dt={:04}-{:02}-{:02}/h={:02}/{}-{number:06}.parquet",
            time.year, time.month, time.day, time.hour, lake.run
        );
        let whole = lake.folder.join(&path);
        let folder = whole.parent().unwrap_or(&lake.folder);
        let failing = |error| Error::io(format!("{path} of the lake cannot be written"), error);
        lake.make_folder(folder).map_err(failing)?;
        let table = Table::new(picked);
        let file = Writer::create(lake.disk.as_ref(), &unfinished(&whole)).map_err(failing)?;
        let split = Split {
            path: path.clone(),
            class: class.to_owned(),
            hour,
            first_ts: i64::MAX,
            last_ts: i64::MIN,
            rows: 0,
            bytes: 0,
            format: FORMAT,
            columns: columns(picked),
            rest: None,
            checksums: Vec::new(),
            made: 0,
            is_compacted: effort == Effort::Thorough,
        };
        let mut file_writer = Self { lake, path: whole, split, table, writer: None };
        let properties = properties(picked, class, &lake.settings, effort)?;
        let schema = file_writer.table.schema();
        file_writer.writer = Some(ArrowWriter::try_new(file, schema, Some(properties)).map_err(writing)?);
        Ok(file_writer)
    }

    /// Adds events, which come in the order of their times.
    pub(super) fn write(&mut self, events: &[&NewEvent<'_>]) -> Result<()> {
        let batch = self.table.batch(events)?;
        if let Some(writer) = &mut self.writer {
            writer.write(&batch).map_err(writing)?;
            if writer.memory_size() > self.lake.settings.group_bytes_max {
                writer.flush().map_err(writing)?;
            }
        }
        self.split.rows += events.len() as u64;
        for event in events {
            self.split.first_ts = self.split.first_ts.min(event.time);
            self.split.last_ts = self.split.last_ts.max(event.time);
        }
        Ok(())
    }

    /// Returns when the file is on disk under its name.
    pub(super) fn finish(mut self, now: i64) -> Result<Split> {
        let Some(writer) = self.writer.take() else { return Err(Error::failed("a file without a writer")) };
        let result = self.finish_file(writer);
        if let Err(error) = result {
            let _ = self.lake.disk.remove(&unfinished(&self.path));
            return Err(error);
        }
        self.split.made = now;
        self.split.rest = self.table.rest();
        Ok(std::mem::take(&mut self.split))
    }

    fn finish_file(&mut self, mut writer: ArrowWriter<Writer>) -> Result<()> {
        for (name, bytes) in self.table.alphabets() {
            let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            writer.append_key_value_metadata(KeyValue::new(format!("{ALPHABET}{name}"), bytes));
        }
        writer.finish().map_err(writing)?;
        let file = writer.inner_mut();
        let what = || format!("{} of the lake cannot be written", shown(&self.path));
        file.finish().map_err(|error| Error::io(what(), error))?;
        self.split.bytes = file.length;
        self.split.checksums = std::mem::take(&mut file.checksums);
        drop(writer);
        let disk = self.lake.disk.as_ref();
        let folder = self.path.parent().unwrap_or(&self.lake.folder);
        let named = disk.rename(&unfinished(&self.path), &self.path).and_then(|()| disk.sync_folder(folder));
        named.map_err(|error| Error::io(what(), error))
    }
}

impl Drop for FileWriter<'_> {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // If it stays, the next sweep finds it.
            let _ = self.lake.disk.remove(&unfinished(&self.path));
        }
    }
}

/// The names of the columns of fields.
fn columns(picked: &[Picked]) -> Vec<String> {
    let mut columns = Vec::new();
    for field in picked {
        columns.extend(field.texts.map(|_| field.name.clone()));
        columns.extend(field.others.map(|_| format!("{}{JSON}", field.name)));
    }
    columns
}

fn properties(
    picked: &[Picked],
    class: &str,
    settings: &Settings,
    effort: Effort,
) -> Result<WriterProperties> {
    // Each column keeps memory for compressing as long as its row group is written: of pages of a megabyte 1.3 MB quickly, and 12.8
    // thoroughly, which makes hundreds of megabytes of a file with many columns. Of 128 KiB it is 1.3 MB too.
    let (level, page_bytes) = match effort {
        Effort::Quick => (3, DEFAULT_PAGE_SIZE),
        Effort::Thorough => (9, 128 << 10),
    };
    let named = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let path = |name: &str| ColumnPath::from(vec![name.to_owned()]);
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("sigyn {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            named("sigyn.format", FORMAT.to_string()),
            named("sigyn.class", class.to_owned()),
        ]))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(level).map_err(failed)?))
        .set_data_page_size_limit(page_bytes)
        .set_max_row_group_row_count(Some(settings.group_rows_max.max(1)))
        .set_dictionary_page_size_limit(settings.dictionary_bytes_max)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in [TIME, INGEST, SEQUENCE] {
        properties = properties
            .set_column_dictionary_enabled(path(name), false)
            .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in [ID, REST, RAW] {
        properties = properties.set_column_dictionary_enabled(path(name), false);
    }
    for field in picked {
        if field.texts == Some(Repeats::Rarely) {
            properties = properties.set_column_dictionary_enabled(path(&field.name), false);
        }
        if field.others == Some(Repeats::Rarely) {
            properties =
                properties.set_column_dictionary_enabled(path(&format!("{}{JSON}", field.name)), false);
        }
    }
    Ok(properties.build())
}

/// An error of the format while writing: a full disk is told apart.
fn writing(error: parquet::errors::ParquetError) -> Error {
    use std::error::Error as _;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return Error::io("the lake cannot be written", io.kind().into());
        }
        cause = inner.source();
    }
    Error::failed("the lake cannot be written").because(error)
}
