//! Keeping the lake in order: small files put together, old ones removed, what nobody knows swept away.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::path::Path;

use super::pick::pick;
use super::read::{SplitReader, StoredEvent};
use super::write::{CHUNK, Effort, FileWriter};
use super::{Lake, NewEvent};
use crate::catalog::{Catalog, Split, SplitQuery};
use crate::{Error, Id, Result};

/// What compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// How many files it read and removed.
    pub removed: usize,
    /// How many it wrote.
    pub added: usize,
    /// How many bytes shorter the lake is.
    pub saved: i64,
}

/// What may stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Files whose last event is older go, in nanoseconds UTC.
    pub since: Option<i64>,
    /// Then the oldest go until the rest takes no more, in bytes.
    pub bytes_max: Option<u64>,
}

/// What sweeping found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that the catalog did not know; they are gone.
    pub removed: Vec<String>,
    /// Files that the catalog knows and that are not there.
    pub missing: Vec<String>,
}

impl Lake {
    /// Puts small files of one class and hour together, streaming; what their readers hold is bounded by how much is put together
    /// at once. A file that is damaged
    /// stays as it is, and so do those it would have been put together with; the error is returned when all others are
    /// done.
    ///
    /// # Errors
    /// As said; what the disk or the database says.
    pub fn compact(&self, catalog: &Catalog, now: i64) -> Result<Compacted> {
        self.compact_while(catalog, now, &|| true)
    }

    /// As [`compact`](Self::compact), until `goes_on` says no, which is asked before each file to be written.
    ///
    /// # Errors
    /// As there.
    pub fn compact_while(
        &self,
        catalog: &Catalog,
        now: i64,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Compacted> {
        let mut done = Compacted::default();
        let mut failure = None;
        for group in self.plan(catalog.read(|view| view.splits(&SplitQuery::default()))?) {
            if !goes_on() {
                break;
            }
            match self.compact_group(catalog, &group, now) {
                Ok(one) => {
                    done.removed += one.removed;
                    done.added += one.added;
                    done.saved += one.saved;
                }
                // Somebody else was quicker: nothing is wrong.
                Err(error) if error.is_conflict() => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(done), Err)
    }

    /// Which files are to be put together.
    fn plan(&self, splits: Vec<Split>) -> Vec<Vec<Split>> {
        let mut hours: BTreeMap<(String, i64), Vec<Split>> = BTreeMap::new();
        for split in splits.into_iter().filter(|split| split.rows < self.settings.compact_rows_min) {
            hours.entry((split.class.clone(), split.hour)).or_default().push(split);
        }
        let mut groups = Vec::new();
        for mut splits in hours.into_values() {
            splits.sort_by_key(|split| split.rows);
            let mut rows = 0;
            let mut group: Vec<Split> = Vec::new();
            for split in splits {
                if rows + split.rows > self.settings.compact_rows_max {
                    groups.push(std::mem::take(&mut group));
                    rows = 0;
                }
                rows += split.rows;
                group.push(split);
            }
            groups.push(group);
        }
        groups.retain(|group| group.len() > 1);
        groups
    }

    /// Of some files those that can be read side by side in the memory that this may take: each reader holds the dictionaries
    /// of all columns. Others stay as they are until there are fewer, or for good.
    fn side_by_side(&self, splits: &[Split]) -> Result<Vec<SplitReader>> {
        let (mut readers, mut bytes) = (Vec::new(), 0);
        for split in splits {
            let reader = self.open_split(split)?;
            let own = reader.reading_bytes();
            if bytes + own <= self.settings.compact_bytes_max {
                bytes += own;
                readers.push(reader);
            }
        }
        Ok(readers)
    }

    fn compact_group(&self, catalog: &Catalog, group: &[Split], now: i64) -> Result<Compacted> {
        let readers = self.side_by_side(group)?;
        let group: Vec<Split> = readers.iter().map(|reader| reader.split().clone()).collect();
        let [first, _, ..] = group.as_slice() else { return Ok(Compacted::default()) };
        let mut merge = Merge::new(&readers)?;
        let sample: Vec<NewEvent<'_>> = merge.waiting().map(|event| borrowed(event, &first.class)).collect();
        let rows = group.iter().map(|split| split.rows).sum();
        let picked = pick(&sample.iter().collect::<Vec<_>>(), rows, &self.settings)?;
        let mut file = FileWriter::create(self, &first.class, first.hour, &picked, Effort::Thorough)?;
        loop {
            let events = merge.take(CHUNK)?;
            if events.is_empty() {
                break;
            }
            let events: Vec<NewEvent<'_>> =
                events.iter().map(|event| borrowed(event, &first.class)).collect();
            file.write(&events.iter().collect::<Vec<_>>())?;
        }
        let split = file.finish(now)?;
        let bytes = split.bytes;
        let old: Vec<&str> = group.iter().map(|split| split.path.as_str()).collect();
        if let Err(error) = catalog.write(|tx| tx.change_splits(std::slice::from_ref(&split), &old)) {
            self.remove(&split.path)?;
            return Err(error);
        }
        // Readers that have one open go on reading it.
        old.iter().try_for_each(|path| self.remove(path))?;
        let before: u64 = group.iter().map(|split| split.bytes).sum();
        Ok(Compacted { removed: group.len(), added: 1, saved: before.cast_signed() - bytes.cast_signed() })
    }

    /// Removes files that were written and did not become part of the lake.
    ///
    /// # Errors
    /// What the disk says; what is left is swept away at the next start.
    pub fn discard(&self, splits: &[Split]) -> Result<()> {
        splits.iter().try_for_each(|split| self.remove(&split.path))
    }

    /// Takes files out of the lake that are too old or too many. Returns them.
    ///
    /// # Errors
    /// What the disk or the database says.
    pub fn expire(&self, catalog: &Catalog, retention: &Retention) -> Result<Vec<Split>> {
        let mut splits = catalog.read(|view| view.splits(&SplitQuery::default()))?;
        splits.sort_by_key(|split| split.last_ts);
        let mut bytes: u64 = splits.iter().map(|split| split.bytes).sum();
        splits.retain(|split| {
            let is_old = retention.since.is_some_and(|since| split.last_ts < since);
            let is_too_much = retention.bytes_max.is_some_and(|bytes_max| bytes > bytes_max);
            if is_old || is_too_much {
                bytes -= split.bytes;
            }
            is_old || is_too_much
        });
        let paths: Vec<&str> = splits.iter().map(|split| split.path.as_str()).collect();
        catalog.write(|tx| tx.change_splits(&[], &paths))?;
        paths.iter().try_for_each(|path| self.remove(path))?;
        Ok(splits)
    }

    /// Removes files that the catalog does not know, which a crash may leave. Only while nobody writes: a file that is
    /// written and not yet committed is such a one.
    ///
    /// # Errors
    /// What the disk or the database says.
    pub fn sweep(&self, catalog: &Catalog) -> Result<Swept> {
        let splits = catalog.read(|view| view.splits(&SplitQuery::default()))?;
        let known: HashSet<String> = splits.into_iter().map(|split| split.path).collect();
        let mut found = Vec::new();
        self.list(&self.folder, String::new(), &mut found)?;
        let (there, removed): (Vec<String>, Vec<String>) =
            found.into_iter().partition(|path| known.contains(path));
        removed.iter().try_for_each(|path| self.remove(path))?;
        let there: HashSet<String> = there.into_iter().collect();
        let mut missing: Vec<String> = known.difference(&there).cloned().collect();
        missing.sort();
        Ok(Swept { removed, missing })
    }

    /// All files below a folder, by their paths in the lake.
    fn list(&self, folder: &Path, below: String, found: &mut Vec<String>) -> Result<()> {
        let failed = |error| Error::io("the lake cannot be listed", error);
        for (name, _) in self.disk.files(folder).map_err(failed)? {
            found.push(format!("{below}{name}"));
        }
        for name in self.disk.folders(folder).map_err(failed)? {
            self.list(&folder.join(&name), format!("{below}{name}/"), found)?;
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<()> {
        match self.disk.remove(&self.folder.join(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(format!("{path} of the lake cannot be removed"), error))
            }
            _ => Ok(()),
        }
    }
}

fn borrowed<'e>(event: &'e StoredEvent, class: &'e str) -> NewEvent<'e> {
    NewEvent {
        id: event.id,
        class,
        time: event.time,
        ingest: event.ingest,
        source: &event.source,
        sequence: event.sequence,
        json: &event.json,
        raw: event.raw.as_deref(),
    }
}

type Chunks = Box<dyn Iterator<Item = Result<Vec<StoredEvent>>>>;

/// Several files, each in the order of time, as one.
struct Merge {
    inputs: Vec<(Chunks, std::vec::IntoIter<StoredEvent>)>,
    /// The next event of each input, the earliest on top.
    next: BinaryHeap<Reverse<(i64, i64, usize)>>,
    heads: Vec<Option<StoredEvent>>,
    /// Ids of the events with the time of the last one: copies have the same time.
    seen: (i64, HashSet<Id>),
}

impl Merge {
    fn new(splits: &[SplitReader]) -> Result<Self> {
        let mut merge = Self {
            inputs: Vec::new(),
            next: BinaryHeap::new(),
            heads: Vec::new(),
            seen: (i64::MIN, HashSet::new()),
        };
        for (at, split) in splits.iter().enumerate() {
            let chunks: Chunks = Box::new(split.all_events(CHUNK / 4)?);
            merge.inputs.push((chunks, Vec::new().into_iter()));
            merge.heads.push(None);
            merge.advance(at)?;
        }
        Ok(merge)
    }

    /// The events that have been read and not taken.
    fn waiting(&self) -> impl Iterator<Item = &StoredEvent> {
        let read = self.inputs.iter().flat_map(|(_, events)| events.as_slice());
        self.heads.iter().flatten().chain(read)
    }

    fn advance(&mut self, at: usize) -> Result<()> {
        let Some((chunks, events)) = self.inputs.get_mut(at) else { return Ok(()) };
        if events.as_slice().is_empty() {
            match chunks.next() {
                Some(chunk) => *events = chunk?.into_iter(),
                // Lets go of the reader: it holds the dictionaries of all columns.
                None => *chunks = Box::new(std::iter::empty()),
            }
        }
        self.heads[at] = events.next();
        if let Some(head) = &self.heads[at] {
            // Of two copies the one that came first goes first.
            self.next.push(Reverse((head.time, head.ingest, at)));
        }
        Ok(())
    }

    /// The next events, at most so many; none at the end.
    fn take(&mut self, count: usize) -> Result<Vec<StoredEvent>> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let Some(Reverse((time, _, at))) = self.next.pop() else { break };
            let Some(event) = self.heads[at].take() else { break };
            self.advance(at)?;
            if self.seen.0 != time {
                self.seen = (time, HashSet::new());
            }
            if self.seen.1.insert(event.id) {
                taken.push(event);
            }
        }
        Ok(taken)
    }
}
