//! Appending: many callers, one write.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::disk::shown;
use crate::wal::frame::{self, Kind};
use crate::wal::segment::{Segment, Tail};
use crate::wal::window::Window;
use crate::wal::{Position, Reader, Record, Report, open};
use crate::{Disk, Error, Result};

/// What a log may take, and how it is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// A segment that is longer gets no more, in bytes. What is no longer needed goes by whole segments.
    pub segment_bytes_max: u64,
    /// A longer event is refused, in bytes.
    pub record_bytes_max: usize,
    /// How much may wait for the disk, in bytes; what comes beyond it is refused as overload.
    pub pending_bytes_max: usize,
    /// How many of the last ids are remembered, to take nothing twice; after an opening those of so many records. About 80
    /// bytes each.
    pub window_ids_max: usize,
    /// Any number that senders of events cannot know.
    pub salt: u64,
}

impl Settings {
    /// Segments of 64 MiB, events of at most 1 MiB, 64 MiB waiting, a million ids.
    pub fn standard(salt: u64) -> Self {
        Self {
            segment_bytes_max: 64 << 20,
            record_bytes_max: 1 << 20,
            pending_bytes_max: 64 << 20,
            window_ids_max: 1_000_000,
            salt,
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position of the first event that was stored; the others follow without a gap.
    pub first: Position,
    /// How many were stored.
    pub stored: usize,
    /// The places in the batch of those that had been stored before, or stand in it twice.
    pub duplicates: Vec<usize>,
}

/// The event log. Clones are the same log; it may be used by many threads.
#[derive(Clone)]
pub struct Log {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    settings: Settings,
    state: Mutex<State>,
    /// Told of each write that ended.
    ended: Condvar,
    _lock: Box<dyn Send + Sync>,
}

pub(super) struct State {
    /// Frames that wait for the next write.
    pending: Vec<u8>,
    pending_numbers: Range<u64>,
    pending_group: Arc<Group>,
    /// The group that is being written.
    writing: Option<Arc<Group>>,
    /// The segment that is being written; with the writer while there is one.
    tail: Option<Tail>,
    /// The last record that is on disk.
    pub(super) durable: u64,
    window: Window,
    /// All segments by their first records, the one being written included.
    pub(super) segments: Vec<Segment>,
}

/// Batches that are written together, and what became of them.
#[derive(Default)]
struct Group {
    outcome: OnceLock<Option<Error>>,
}

impl Log {
    /// Opens a log, or makes one. Only one process at a time has it.
    ///
    /// Reads what is needed to go on: the last segment, and as many before it as the window of ids asks for.
    ///
    /// # Errors
    /// If another process has it ([`Error::is_refused`]), a newer version wrote it, or the disk says so. Damage is no
    /// error: it is in the report.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, settings: Settings) -> Result<(Self, Report)> {
        let opened = open::open(disk.as_ref(), folder, settings.window_ids_max)?;
        let state = State {
            pending: Vec::new(),
            pending_numbers: opened.next..opened.next,
            pending_group: Arc::default(),
            writing: None,
            tail: None,
            durable: opened.last,
            window: opened.window,
            segments: opened.segments,
        };
        let shared = Shared {
            disk,
            folder: folder.to_owned(),
            settings,
            state: Mutex::new(state),
            ended: Condvar::new(),
            _lock: opened.lock,
        };
        Ok((Self { shared: Arc::new(shared) }, opened.report))
    }

    /// Appends events and returns when they are on disk. All of them are stored, or none.
    ///
    /// # Errors
    /// [`Error::is_invalid`] for an event or source that is too long, [`Error::is_too_large`] for a batch that is longer than
    /// what may wait for the disk, [`Error::is_overloaded`] if too much waits,
    /// [`Error::is_full`] if there is no space, or what the disk says. Then nothing of the batch is acknowledged, and
    /// sending it again is harmless.
    pub fn append(&self, records: &[Record<'_>]) -> Result<Appended> {
        let length = self.check(records)?;
        let mut state = self.shared.state();
        let (appended, groups) = self.shared.enqueue(&mut state, records, length)?;
        for group in groups {
            state = self.shared.settle(state, &group);
            if let Some(Some(error)) = group.outcome.get() {
                return Err(error.again());
            }
        }
        Ok(appended)
    }

    /// Reads from a position on; behind the last event on disk the reader waits to be asked again.
    pub fn read(&self, from: Position) -> Reader {
        Reader::new(self.clone(), from)
    }

    /// The position behind the last event that is on disk.
    pub fn end(&self) -> Position {
        Position(self.shared.state().durable.saturating_add(1))
    }

    /// The first position that is still there.
    pub fn first(&self) -> Position {
        let state = self.shared.state();
        Position(state.segments.first().map_or(state.durable.saturating_add(1), |segment| segment.first))
    }

    /// The position from which on so many bytes stand in the log, by whole segments: what stands before it may go without
    /// leaving less.
    pub fn tail_of(&self, bytes: u64) -> Position {
        let state = self.shared.state();
        let mut sum = 0;
        for segment in state.segments.iter().rev() {
            sum += segment.length;
            if sum >= bytes {
                return Position(segment.first);
            }
        }
        Position::START
    }

    /// Blocks until there is an event at a position or behind it, or for a time. Returns whether there is.
    pub fn wait(&self, position: Position, timeout: Duration) -> bool {
        let state = self.shared.state();
        let is_before = |state: &mut State| state.durable < position.0;
        let (state, _) = self
            .shared
            .ended
            .wait_timeout_while(state, timeout, is_before)
            .unwrap_or_else(PoisonError::into_inner);
        state.durable >= position.0
    }

    /// How much it takes on disk, in bytes.
    pub fn bytes(&self) -> u64 {
        self.shared.state().segments.iter().map(|segment| segment.length).sum()
    }

    /// Removes what stands before a position, by whole segments. Returns how many bytes that gave back.
    ///
    /// # Errors
    /// What the disk says. What could not be removed is not read any more, and is there again after the next opening.
    pub fn release(&self, before: Position) -> Result<u64> {
        let disk = self.shared.disk.as_ref();
        let failed = |error| Error::io("the event log cannot be cut", error);
        let released: Vec<Segment> = {
            let mut state = self.shared.state();
            // A segment ends where the next begins; the last one stays.
            let behind = state.segments.iter().skip(1).take_while(|next| next.first <= before.0).count();
            state.segments.drain(..behind).collect()
        };
        if released.is_empty() {
            return Ok(0);
        }
        let files = disk.files(&self.shared.folder).map_err(failed)?;
        for segment in &released {
            disk.remove(&segment.path).map_err(failed)?;
            for (name, _) in files.iter().filter(|(name, _)| segment.has_torn(name)) {
                disk.remove(&self.shared.folder.join(name)).map_err(failed)?;
            }
        }
        disk.sync_folder(&self.shared.folder).map_err(failed)?;
        Ok(released.iter().map(|segment| segment.length).sum())
    }

    /// Reads everything and returns each damage.
    ///
    /// # Errors
    /// What the disk says.
    pub fn verify(&self) -> Result<Report> {
        let mut report = Report::default();
        let mut reader = self.read(Position::START);
        while let Some(item) = reader.next()? {
            report.add(item);
        }
        Ok(report)
    }

    /// Checks lengths; gives that of all frames.
    fn check(&self, records: &[Record<'_>]) -> Result<usize> {
        let limit = self.shared.settings.record_bytes_max.min(frame::CONTENT_MAX / 2);
        for record in records {
            if record.bytes.len() > limit || record.source.len() > usize::from(u16::MAX) {
                return Err(Error::invalid(format!(
                    "an event of {} bytes from a source with a name of {} is too long for the event log",
                    record.bytes.len(),
                    record.source.len()
                )));
            }
        }
        let length = records.iter().map(frame::record_length).sum();
        // It would never find room, however often it is tried again.
        if length > self.shared.settings.pending_bytes_max {
            return Err(Error::too_large(format!("{length} bytes at once are too much for the event log")));
        }
        Ok(length)
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a batch among what waits. Returns the groups that must be on disk before it may be acknowledged: its own, and
    /// one being written if an event of the batch may be in it already.
    fn enqueue(
        &self,
        state: &mut State,
        records: &[Record<'_>],
        length: usize,
    ) -> Result<(Appended, Vec<Arc<Group>>)> {
        if state.pending.len() + length > self.settings.pending_bytes_max {
            return Err(Error::overloaded("too many events wait for the disk"));
        }
        let first = state.pending_numbers.end;
        let mut appended = Appended { first: Position(first), stored: 0, duplicates: Vec::new() };
        let mut is_pending_twice = false;
        // Written here, with the lock held: a memory copy, at 100 MB/s one hundredth of the time, and no second copy.
        state.pending.reserve(length);
        for (place, record) in records.iter().enumerate() {
            if let Some(number) = state.window.find(record.id) {
                is_pending_twice |= number > state.durable;
                appended.duplicates.push(place);
                continue;
            }
            state.window.add(record.id, state.pending_numbers.end);
            state.pending_numbers.end += 1;
            frame::push_record(&mut state.pending, record);
            appended.stored += 1;
        }
        let mut groups = Vec::new();
        if is_pending_twice {
            groups.extend(state.writing.clone());
        }
        if appended.stored > 0 || (is_pending_twice && !state.pending.is_empty()) {
            groups.push(Arc::clone(&state.pending_group));
        }
        Ok((appended, groups))
    }

    /// Waits until a group is written, or writes it.
    fn settle<'s>(&'s self, mut state: MutexGuard<'s, State>, group: &Arc<Group>) -> MutexGuard<'s, State> {
        while group.outcome.get().is_none() {
            state = if state.writing.is_none() {
                self.write(state)
            } else {
                self.ended.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
        state
    }

    /// Writes what waits. The lock is free meanwhile, so that others can wait for the next write.
    fn write<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let mut frames = std::mem::take(&mut state.pending);
        let numbers = state.pending_numbers.clone();
        state.pending_numbers.start = numbers.end;
        let group = std::mem::take(&mut state.pending_group);
        state.writing = Some(Arc::clone(&group));
        let (tail, durable) = (state.tail.take(), state.durable);
        drop(state);

        let (tail, closed, outcome) = self.write_out(tail, &mut frames, &numbers, durable);

        let mut state = self.state();
        let is_stored = outcome.is_ok();
        let changed: Vec<Segment> =
            closed.into_iter().chain(tail.as_ref().map(|tail| tail.segment.clone())).collect();
        state.segments.retain(|old| changed.iter().all(|new| new.first != old.first));
        state.segments.extend(changed);
        state.tail = tail;
        if is_stored {
            state.durable = numbers.end.saturating_sub(1);
        } else {
            state.window.forget(&numbers);
        }
        state.writing = None;
        // Its memory serves the next group, unless this one was much larger than most.
        if state.pending.is_empty() && frames.capacity() <= self.settings.pending_bytes_max / 4 {
            frames.clear();
            state.pending = frames;
        }
        // Nobody else sets it: the group was this call's alone.
        let _ = group.outcome.set(outcome.err());
        self.ended.notify_all();
        state
    }

    /// Numbers the frames and writes them, to a new segment if there is none or it is full. Returns the segment to go on
    /// with and those that have ended.
    fn write_out(
        &self,
        tail: Option<Tail>,
        frames: &mut [u8],
        numbers: &Range<u64>,
        durable: u64,
    ) -> (Option<Tail>, Vec<Segment>, Result<()>) {
        let mut closed = Vec::new();
        let failed = |error| Error::io("events cannot be written to the log", error);
        let mut tail = match tail {
            Some(tail) if tail.segment.length >= self.settings.segment_bytes_max => {
                closed.extend(tail.close(self.disk.as_ref(), durable));
                None
            }
            tail => tail,
        };
        let mut tail = match tail.take() {
            Some(tail) => tail,
            None => {
                let (disk, salt) = (self.disk.as_ref(), self.settings.salt);
                match Tail::create(disk, &self.folder, numbers.start, durable, salt) {
                    Ok(tail) => tail,
                    Err(error) => return (None, closed, Err(failed(error))),
                }
            }
        };
        number(frames, numbers.start, tail.segment.salt);
        match tail.write(frames, numbers.end - numbers.start) {
            Ok(()) => (Some(tail), closed, Ok(())),
            Err(error) => {
                let what = failed(error);
                closed.extend(tail.abandon(self.disk.as_ref()));
                (None, closed, Err(what))
            }
        }
    }
}

/// Fills the headers of frames that stand one behind the other; their contents say how long they are.
fn number(mut frames: &mut [u8], first: u64, salt: u64) {
    let mut sequence = first;
    while let Some(length) = frame::placed_length(frames) {
        let Some((frame, rest)) = frames.split_at_mut_checked(length) else { return };
        frame::seal(frame, Kind::Record, sequence, salt);
        sequence += 1;
        frames = rest;
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("folder", &shown(&self.shared.folder)).finish_non_exhaustive()
    }
}
