//! EVTX: the records of chunks, onto the tape.
//!
//! Our own decoder of binary XML, where the crate `evtx` (the oracle in the tests: every value must be the same)
//! would do: it gives JSON text, which had to be read again, and needs a whole file with sound headers around
//! each chunk. Templates read once per chunk turn a record into a run of values, at a third of the price.
//!
//! Damage costs what it touches and nothing else. A chunk needs no header; a record is where its magic or its
//! length at both ends says so; what a record refers to in its chunk is found even where bytes before it were
//! lost or inserted. Every damaged place is reported.

mod binxml;
mod content;
mod emit;
mod stream;
mod value;

use memchr::memmem;
use sigyn_event::{Event, EventBuf, Timestamp};

use self::binxml::{Broken, Chunk, Trees};
use self::emit::Emit;
use crate::framing::{CHUNK_BYTES, CHUNK_MAGIC, RECORD_MAGIC, extent};
use crate::shapes;

/// Where the records of a chunk begin.
const RECORDS_START: usize = 512;
/// Magic, length, identifier, time.
const RECORD_HEADER_BYTES: usize = 24;
/// Header, an empty stream, the length once more.
const RECORD_BYTES_MIN: usize = RECORD_HEADER_BYTES + 4;
/// Elements that the records of one chunk may unfold to; real ones have some ten thousand.
const CHUNK_ELEMENTS_MAX: usize = 1 << 20;
/// Bytes of text that they may unfold to.
const CHUNK_TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How far identifiers of one chunk's records lie from each other: it holds fewer than that.
const IDENTIFIERS_MAX: u64 = (CHUNK_BYTES / RECORD_BYTES_MIN) as u64;

/// A record, or what is wrong with a place.
#[derive(Debug)]
pub(crate) enum Item<'e> {
    Record(Event<'e>),
    Damaged { offset: u64, why: &'static str },
}

/// Decodes chunks; kept for its memory.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    trees: Trees,
}

/// What a run of chunks is decoded with.
struct Run<'a> {
    trees: &'a mut Trees,
    buf: &'a mut EventBuf,
    shapes: &'a mut shapes::Scratch,
    /// Takes items; says whether to go on.
    visit: &'a mut dyn FnMut(Item<'_>) -> bool,
    /// Where the extent at hand begins in the file.
    offset: u64,
    is_stopped: bool,
    elements: usize,
    text_bytes: usize,
    /// Damaged names that were reported.
    names_reported: usize,
}

/// What a chunk's header says, if it can be believed.
#[derive(Clone, Copy, Debug)]
struct Header {
    /// Behind the last record.
    free: usize,
    first_identifier: u64,
    last_identifier: u64,
    /// Its checksum is right.
    is_checked: bool,
}

/// Which records are looked for behind damage.
#[derive(Clone, Copy, Debug)]
enum Search {
    /// Those that the header counts.
    Counted { first: u64, last: u64 },
    /// Those that follow one of the last two records: further on there may be leftovers of other chunks.
    Following([Option<u64>; 2]),
}

impl Search {
    fn takes(self, identifier: u64) -> bool {
        match self {
            Self::Counted { first, last } => (first..=last).contains(&identifier),
            Self::Following([None, None]) => true,
            Self::Following(before) => before.into_iter().flatten().any(|before| {
                identifier.checked_sub(before).is_some_and(|step| (1..IDENTIFIERS_MAX).contains(&step))
            }),
        }
    }
}

impl Chunks {
    /// Calls `visit` for each record of a run of chunks, in order, until it says no. `offset` is where the run
    /// begins in the file.
    pub(crate) fn decode(
        &mut self,
        bytes: &[u8],
        offset: u64,
        (buf, shapes): (&mut EventBuf, &mut shapes::Scratch),
        visit: &mut dyn FnMut(Item<'_>) -> bool,
    ) {
        let mut run = Run {
            trees: &mut self.trees,
            buf,
            shapes,
            visit,
            offset,
            is_stopped: false,
            elements: 0,
            text_bytes: 0,
            names_reported: 0,
        };
        let mut rest = bytes;
        while !rest.is_empty() && !run.is_stopped {
            let (chunk, behind) = rest.split_at(extent(rest).min(rest.len()));
            run.extent(chunk);
            run.offset += chunk.len() as u64;
            rest = behind;
        }
    }
}

impl Run<'_> {
    fn damaged(&mut self, at: usize, why: &'static str) {
        if !self.is_stopped {
            self.is_stopped = !(self.visit)(Item::Damaged { offset: self.offset + at as u64, why });
        }
    }

    /// What lies between two beginnings of chunks.
    fn extent(&mut self, bytes: &[u8]) {
        self.trees.clear();
        self.elements = CHUNK_ELEMENTS_MAX;
        self.text_bytes = 0;
        self.names_reported = 0;
        let has_magic = bytes.starts_with(CHUNK_MAGIC);
        if !has_magic && memmem::find(bytes, RECORD_MAGIC).is_none() {
            // Files are made longer in advance; what is not used yet is no damage. Nor is it lost bytes.
            if !bytes.len().is_multiple_of(CHUNK_BYTES) && bytes.iter().any(|byte| *byte != 0) {
                self.damaged(0, "these bytes belong to no chunk");
            }
            return;
        }
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let shift = length - CHUNK_BYTES as i64;
        let header = if has_magic { header(bytes) } else { None };
        if header.is_none() {
            self.damaged(0, "the header of the chunk is damaged; its records are read without it");
        }
        // Beginnings: of what stands before lost or inserted bytes, of what stands behind, of a second chunk.
        let bases = [0, shift, CHUNK_BYTES as i64];
        let bases = match shift {
            0 => &bases[..1],
            ..0 => &bases[..2],
            _ => &bases[..],
        };
        let chunk = Chunk { bytes, bases };
        let (at, last) = self.records(chunk, header);
        if bytes.len() > CHUNK_BYTES {
            if at <= CHUNK_BYTES {
                self.damaged(CHUNK_BYTES, "these bytes belong to no chunk");
                // What is behind a chunk that was read whole may be one whose beginning was lost.
                let bases = [shift, CHUNK_BYTES as i64, 0];
                self.leftover(Chunk { bytes, bases: &bases }, at, last);
            }
        } else if header.is_some_and(|header| header.free > bytes.len()) {
            self.damaged(bytes.len(), "the chunk is cut off here");
        }
    }

    /// Walks from record to record; gives the place behind the last one, and its identifier.
    fn records(&mut self, chunk: Chunk<'_>, header: Option<Header>) -> (usize, Option<u64>) {
        let length = chunk.bytes.len();
        let is_regular = length == CHUNK_BYTES;
        // In a chunk of another length the header's offset means another place.
        let mut limit = header.filter(|_| is_regular).map_or(length, |header| header.free);
        let mut seen = [None; 2];
        // Bytes lost from the header move the records into its place.
        let early =
            next_record(chunk, 0, RECORDS_START, Search::Following([None; 2])).filter(|_| !is_regular);
        let mut at = early.unwrap_or(RECORDS_START);
        while !self.is_stopped {
            let is_end = header.is_some_and(|header| {
                at == header.free && (seen[0] == Some(header.last_identifier) || header.is_checked)
            });
            if at >= limit || is_end {
                if is_end || limit == length {
                    // A log that was not closed has records that its header does not count yet.
                    let next = seen[0].map(|last| last.wrapping_add(1));
                    if at >= length || next.is_none() || !starts_record(chunk, at, next) {
                        return (at, seen[0]);
                    }
                }
                limit = length;
            }
            if let Some(end) = record_end(chunk, at) {
                if !chunk.bytes[at..].starts_with(RECORD_MAGIC) {
                    self.damaged(at, "the first bytes of the record are damaged");
                }
                seen = [chunk.u64(at + 8), seen[0]];
                self.record(chunk, at, end);
                at = end;
                continue;
            }
            let search = match header {
                Some(Header { is_checked: true, first_identifier: first, last_identifier: last, .. }) => {
                    Search::Counted { first, last }
                }
                _ => {
                    limit = length;
                    Search::Following(seen)
                }
            };
            match next_record(chunk, at + 1, limit, search) {
                Some(next) => {
                    self.gap(chunk, at, next);
                    at = next;
                }
                None => {
                    // Behind the last record of a chunk without a header is free space.
                    let is_free = header.is_none_or(|header| !header.is_checked)
                        && !chunk.bytes[at..].starts_with(RECORD_MAGIC);
                    if !is_free {
                        self.gap(chunk, at, limit);
                    }
                    return (limit, seen[0]);
                }
            }
        }
        (at, seen[0])
    }

    /// A damaged place between records: perhaps one record whose length is damaged.
    fn gap(&mut self, chunk: Chunk<'_>, at: usize, next: usize) {
        self.damaged(at, "a record is damaged");
        let length = u32::try_from(next - at).unwrap_or(0);
        if next - at >= RECORD_BYTES_MIN
            && chunk.bytes[at..].starts_with(RECORD_MAGIC)
            && chunk.u32(next - 4) == Some(length)
        {
            self.record(chunk, at, next);
        }
    }

    /// Records behind a chunk that was read whole, up to the one with that identifier. In its free space there may
    /// be leftovers of others, which have lower ones.
    fn leftover(&mut self, chunk: Chunk<'_>, from: usize, last: Option<u64>) {
        let mut at = from;
        while !self.is_stopped {
            let following = Search::Following([last, None]);
            let next = next_record(chunk, at, CHUNK_BYTES, following).or_else(|| {
                next_record(chunk, at.max(CHUNK_BYTES), chunk.bytes.len(), Search::Following([None; 2]))
            });
            let Some((next, end)) = next.and_then(|next| Some((next, record_end(chunk, next)?))) else {
                return;
            };
            self.record(chunk, next, end);
            at = end;
        }
    }

    /// Decodes the record at a place.
    fn record(&mut self, chunk: Chunk<'_>, at: usize, end: usize) {
        let (mark, templates) = (self.trees.mark(), self.trees.templates());
        self.buf.clear();
        let result = self.decode(chunk, at + RECORD_HEADER_BYTES, end - 4);
        for known in std::mem::take(&mut self.names_reported)..self.trees.damaged_names.len() {
            self.damaged(self.trees.damaged_names[known] as usize, "a name is damaged");
        }
        self.names_reported = self.trees.damaged_names.len();
        self.text_bytes += self.buf.begin_text();
        match result {
            Ok(()) if self.is_stopped => {}
            Ok(()) => {
                shapes::apply(self.buf, &self.trees.names, self.shapes);
                self.buf.set_time(chunk.u64(at + 16).and_then(time));
                self.is_stopped = !(self.visit)(Item::Record(self.buf.event(&self.trees.names)));
            }
            Err(why) => self.damaged(at, why),
        }
        self.trees.reset(mark, templates);
    }

    fn decode(&mut self, chunk: Chunk<'_>, start: usize, end: usize) -> Result<(), Broken> {
        if self.text_bytes > CHUNK_TEXT_BYTES_MAX {
            return Err("the chunk unfolds to too much");
        }
        let frame = self.trees.record(chunk, start, end)?;
        self.trees.make_keys(self.buf);
        let budget = &mut self.elements;
        Emit { chunk: chunk.bytes, trees: self.trees, buf: self.buf, budget }.record(frame)
    }
}

/// Whether a whole record stands in the first bytes of an input: EVTX without any header.
pub(crate) fn has_record(head: &[u8]) -> bool {
    let chunk = Chunk { bytes: head, bases: &[0] };
    next_record(chunk, 0, head.len(), Search::Following([None; 2])).is_some()
}

/// Reads the header at the beginning of a chunk.
fn header(bytes: &[u8]) -> Option<Header> {
    let chunk = Chunk { bytes, bases: &[0] };
    let (last, free) = (chunk.u32(44)? as usize, chunk.u32(48)? as usize);
    let mut sum = flate2::Crc::new();
    sum.update(bytes.get(..120)?);
    sum.update(bytes.get(128..RECORDS_START)?);
    let header = Header {
        free,
        first_identifier: chunk.u64(24)?,
        last_identifier: chunk.u64(32)?,
        is_checked: chunk.u32(124) == Some(sum.sum()),
    };
    let is_sound = (RECORDS_START..=CHUNK_BYTES).contains(&free) && last < free && chunk.u32(40) == Some(128);
    Some(header).filter(|_| is_sound)
}

/// The end of the record at a place: its length stands at both ends.
fn record_end(chunk: Chunk<'_>, at: usize) -> Option<usize> {
    let length = chunk.u32(at + 4)?;
    let end = at.checked_add(length as usize)?;
    (length as usize >= RECORD_BYTES_MIN && chunk.u32(end - 4) == Some(length)).then_some(end)
}

fn starts_record(chunk: Chunk<'_>, at: usize, identifier: Option<u64>) -> bool {
    chunk.bytes.get(at..).is_some_and(|bytes| bytes.starts_with(RECORD_MAGIC))
        && chunk.u64(at + 8) == identifier
        && record_end(chunk, at).is_some()
}

/// The next whole record that begins in a range.
fn next_record(chunk: Chunk<'_>, from: usize, limit: usize, search: Search) -> Option<usize> {
    let range = chunk.bytes.get(from..limit)?;
    memmem::find_iter(range, RECORD_MAGIC).map(|at| from + at).find(|at| {
        record_end(chunk, *at).is_some()
            && chunk.u64(at + 8).is_some_and(|identifier| search.takes(identifier))
    })
}

/// Ticks of 100 ns since 1601.
fn time(ticks: u64) -> Option<Timestamp> {
    const TICKS_TO_1970: i64 = 116_444_736_000_000_000;
    i64::try_from(ticks).ok()?.checked_sub(TICKS_TO_1970)?.checked_mul(100).map(Timestamp)
}
