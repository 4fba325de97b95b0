//! Frames: how bytes stand in a segment.
//!
//! All numbers are little-endian. A frame is a header of 32 bytes and its content:
//!
//! | bytes | what |
//! |---|---|
//! | 0–4 | marker |
//! | 4–8 | length of the content |
//! | 8–16 | sequence number |
//! | 16–24 | checksum of the content |
//! | 24–28 | kind |
//! | 28–32 | checksum of the header up to here |
//!
//! Two checksums, so that a damaged content costs only itself: the header still says where the next frame begins.

use twox_hash::XxHash3_64;

use crate::Id;
use crate::wal::Record;

/// Rare in text, and no text at all: no byte of it is ASCII or begins a character.
pub(super) const MARKER: [u8; 4] = [0xf5, 0x9a, 0xfe, 0xb7];
pub(super) const HEADER: usize = 32;
/// A record's content before its source: ingest time, id, length of the source.
const RECORD_FIXED: usize = 8 + 16 + 2;
/// No frame is longer: a header that says more is none.
pub(super) const CONTENT_MAX: usize = 1 << 28;
/// The version of the format, in the first frame of every segment.
const VERSION: &[u8] = b"sigyn wal 1\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// First frame; its number is that of the segment's first record.
    Head,
    Record,
    /// Last frame of a segment that is complete.
    Foot,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) sequence: u64,
    pub(super) length: usize,
    checksum: u64,
}

impl Header {
    /// Reads a header; none if these bytes are none.
    pub(super) fn read(bytes: &[u8], salt: u64) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        if bytes[..4] != MARKER || u32_at(bytes, 28)? != header_checksum(&bytes[..28], salt) {
            return None;
        }
        let kind = match u32_at(bytes, 24)? {
            0 => Kind::Head,
            1 => Kind::Record,
            2 => Kind::Foot,
            _ => return None,
        };
        let length = usize::try_from(u32_at(bytes, 4)?).ok().filter(|length| *length <= CONTENT_MAX)?;
        Some(Self { kind, sequence: u64_at(bytes, 8)?, length, checksum: u64_at(bytes, 16)? })
    }

    /// Whether this is its content.
    pub(super) fn fits(&self, content: &[u8], salt: u64) -> bool {
        content_checksum(content, salt) == self.checksum
    }

    /// The frame's whole length.
    pub(super) fn whole(&self) -> u64 {
        (HEADER + self.length) as u64
    }
}

fn header_checksum(bytes: &[u8], salt: u64) -> u32 {
    let checksum = XxHash3_64::oneshot_with_seed(salt, bytes);
    // The upper half of a good hash is as good as the lower.
    u32::try_from(checksum >> 32).unwrap_or(0)
}

fn content_checksum(content: &[u8], salt: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(salt, content)
}

/// A record whose header says only how long it is; the rest depends on where it will stand.
pub(super) fn push_record(out: &mut Vec<u8>, record: &Record<'_>) {
    let length = u32::try_from(record_length(record) - HEADER).unwrap_or(0);
    out.extend_from_slice(&MARKER);
    out.extend_from_slice(&length.to_le_bytes());
    out.resize(out.len() + HEADER - 8, 0);
    out.extend_from_slice(&record.ingest.to_le_bytes());
    out.extend_from_slice(&record.id.0);
    // `Log::append` has refused longer ones.
    out.extend_from_slice(&u16::try_from(record.source.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(record.source.as_bytes());
    out.extend_from_slice(record.bytes);
}

/// How long the first of some frames is, if there is one.
pub(super) fn placed_length(frames: &[u8]) -> Option<usize> {
    u32_at(frames, 4).and_then(|length| usize::try_from(length).ok()).map(|length| HEADER + length)
}

/// Fills the header of a frame whose content stands behind it.
pub(super) fn seal(frame: &mut [u8], kind: Kind, sequence: u64, salt: u64) {
    let Some((header, content)) = frame.split_at_mut_checked(HEADER) else { return };
    let length = u32::try_from(content.len()).unwrap_or(0);
    header[..4].copy_from_slice(&MARKER);
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..16].copy_from_slice(&sequence.to_le_bytes());
    header[16..24].copy_from_slice(&content_checksum(content, salt).to_le_bytes());
    header[24..28].copy_from_slice(&(kind as u32).to_le_bytes());
    let checksum = header_checksum(&header[..28], salt);
    header[28..].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads the content of a record's frame.
pub(super) fn read_record(content: &[u8]) -> Option<Record<'_>> {
    let ingest = i64::from_le_bytes(content.get(..8)?.try_into().ok()?);
    let id = Id(content.get(8..24)?.try_into().ok()?);
    let source_length = usize::from(u16::from_le_bytes(content.get(24..26)?.try_into().ok()?));
    let (source, bytes) = content.get(RECORD_FIXED..)?.split_at_checked(source_length)?;
    Some(Record { id, ingest, source: std::str::from_utf8(source).ok()?, bytes })
}

/// How long a record's frame will be.
pub(super) fn record_length(record: &Record<'_>) -> usize {
    HEADER + RECORD_FIXED + record.source.len() + record.bytes.len()
}

/// The first frame of a segment. `after` is the number of the last record before it, so that a missing segment, and
/// none but a missing one, shows.
pub(super) fn head(first: u64, after: u64, salt: u64) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    frame.extend_from_slice(VERSION);
    frame.extend_from_slice(&after.to_le_bytes());
    seal(&mut frame, Kind::Head, first, salt);
    frame
}

/// What a head says.
pub(super) enum Head {
    After(u64),
    /// Of a version that this program does not know.
    Unknown,
}

pub(super) fn read_head(content: &[u8]) -> Head {
    match content.strip_prefix(VERSION).and_then(|rest| u64_at(rest, 0)) {
        Some(after) => Head::After(after),
        None => Head::Unknown,
    }
}

/// What a segment's last frame says of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foot {
    pub(super) records: u64,
    /// The checksum of all bytes before the foot.
    pub(super) checksum: u64,
}

impl Foot {
    pub(super) fn frame(self, sequence: u64, salt: u64) -> Vec<u8> {
        let mut frame = vec![0; HEADER];
        frame.extend_from_slice(&self.records.to_le_bytes());
        frame.extend_from_slice(&self.checksum.to_le_bytes());
        seal(&mut frame, Kind::Foot, sequence, salt);
        frame
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        Some(Self { records: u64_at(content, 0)?, checksum: u64_at(content, 8)? })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}
