//! One segment from front to back, whatever state it is in.

use std::io;
use std::ops::Range;

use crate::disk::read_full;
use crate::wal::frame::{HEADER, Header, Kind, MARKER};
use crate::wal::segment::Segment;
use crate::{Disk, DiskFile};

/// How much is read at once.
const READ: usize = 1 << 20;

/// Something in the log that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What it is.
    pub kind: DamageKind,
    /// The segment's file name.
    pub segment: String,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// The content of the record with this position.
    Record(u64),
    /// Bytes among which no record could be told apart.
    Frames,
    /// The end of a file: a write that was never finished, or damage to the last events written.
    Tail,
    /// Records are not there, from the first of these positions to the last.
    Missing(u64, u64),
    /// Each record is sound, but the segment as a whole is not what was written.
    Segment,
}

/// What stands next in a segment.
pub(super) enum Found {
    /// A sound frame; its content is [`Scan::content`].
    Frame(Header),
    Damaged(DamageKind, Range<u64>),
    End,
}

/// Reads frames up to an end that may move.
pub(super) struct Scan {
    file: Box<dyn DiskFile>,
    salt: u64,
    /// Where the next frame begins.
    pub(super) at: u64,
    pub(super) end: u64,
    /// The file's bytes from `base` on.
    buffer: Vec<u8>,
    base: u64,
    content: Range<usize>,
}

impl Scan {
    pub(super) fn new(disk: &dyn Disk, segment: &Segment) -> io::Result<Self> {
        let file = disk.open_to_read(&segment.path)?;
        Ok(Self {
            file,
            salt: segment.salt,
            at: 0,
            end: segment.length,
            buffer: Vec::new(),
            base: 0,
            content: 0..0,
        })
    }

    /// The content of the frame found last.
    pub(super) fn content(&self) -> &[u8] {
        self.buffer.get(self.content.clone()).unwrap_or_default()
    }

    /// The whole frame found last.
    pub(super) fn frame(&self) -> &[u8] {
        self.content
            .start
            .checked_sub(HEADER)
            .and_then(|at| self.buffer.get(at..self.content.end))
            .unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> io::Result<Found> {
        let at = self.at;
        if at >= self.end {
            return Ok(Found::End);
        }
        let salt = self.salt;
        let Some(header) = Header::read(self.bytes(at, HEADER)?, salt) else { return self.resync() };
        if header.whole() > self.end - at {
            self.at = self.end;
            return Ok(Found::Damaged(DamageKind::Tail, at..self.end));
        }
        self.at = at + header.whole();
        let bytes = self.bytes(at, HEADER + header.length)?;
        // Fewer if the file is shorter than was said.
        let content = bytes.get(HEADER..).unwrap_or_default();
        if content.len() == header.length && header.fits(content, salt) {
            let start = usize::try_from(at - self.base).unwrap_or(0) + HEADER;
            self.content = start..start + header.length;
            return Ok(Found::Frame(header));
        }
        let kind = match header.kind {
            Kind::Record => DamageKind::Record(header.sequence),
            Kind::Head | Kind::Foot => DamageKind::Frames,
        };
        Ok(Found::Damaged(kind, at..self.at))
    }

    /// Looks for the next header behind a place that has none.
    fn resync(&mut self) -> io::Result<Found> {
        let from = self.at;
        let mut at = from + 1;
        while at < self.end {
            let salt = self.salt;
            let want = usize::try_from(self.end - at).unwrap_or(READ).min(READ);
            let bytes = self.bytes(at, want)?;
            if bytes.len() < HEADER {
                break;
            }
            // A marker in the last bytes is looked at in the next round.
            let last = bytes.len() - HEADER;
            let is_header = |place: &usize| Header::read(&bytes[*place..], salt).is_some();
            let found = markers(bytes).take_while(|place| *place <= last).find(is_header);
            if let Some(place) = found {
                self.at = at + place as u64;
                return Ok(Found::Damaged(DamageKind::Frames, from..self.at));
            }
            at += last as u64 + 1;
        }
        self.at = self.end;
        Ok(Found::Damaged(DamageKind::Tail, from..self.end))
    }

    /// Some bytes of the file; fewer at its end.
    fn bytes(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let length = length.min(usize::try_from(self.end.saturating_sub(at)).unwrap_or(length));
        let has = at >= self.base && at + length as u64 <= self.base + self.buffer.len() as u64;
        if !has {
            let wanted = length.max(READ).min(usize::try_from(self.end.saturating_sub(at)).unwrap_or(READ));
            // Memory is kept, but not that of a single huge event.
            self.buffer.resize(wanted, 0);
            self.buffer.shrink_to(4 * READ);
            let read = read_full(self.file.as_ref(), &mut self.buffer, at)?;
            self.buffer.truncate(read);
            self.base = at;
        }
        let start = usize::try_from(at - self.base).unwrap_or(0);
        let end = (start + length).min(self.buffer.len());
        Ok(self.buffer.get(start..end).unwrap_or_default())
    }
}

/// Where markers stand.
fn markers(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    bytes.windows(MARKER.len()).enumerate().filter(|(_, window)| **window == MARKER).map(|(at, _)| at)
}
