//! Chunks of EVTX. The format is read by the crate `evtx`, which is wrapped here alone; its records come as JSON
//! text, the fastest of its forms by a factor of three, and go the way of all JSON from there.
//!
//! A damaged chunk header is repaired as far as its records need it; damaged records are counted, and the next
//! sound record is looked for.

use std::io::Cursor;

use evtx::err::EvtxError;
use evtx::{EvtxParser, ParserSettings};
use sigyn_event::Timestamp;

use crate::framing::{CHUNK_BYTES, HEADER_BYTES};

const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";
const RECORD_MAGIC: &[u8; 4] = b"**\0\0";
/// Where the records of a chunk begin.
const RECORDS_START: usize = 512;
/// Tables of string and template offsets: caches that records do not need.
const TABLES: std::ops::Range<usize> = 128..512;

/// A record as JSON text, or what is wrong with one.
#[derive(Debug)]
pub(crate) enum Item {
    Record { json: Vec<u8>, time: Option<Timestamp> },
    Damaged { offset: Option<u64>, why: String },
}

/// Calls `visit` for each record of a run of chunks, in order. `offset` is where the run begins in the file.
pub(crate) fn records(chunks: &[u8], offset: u64, visit: &mut impl FnMut(Item)) {
    let mut file = Vec::with_capacity(HEADER_BYTES + chunks.len());
    file.extend_from_slice(&header());
    file.extend_from_slice(chunks);
    for (number, chunk) in file[HEADER_BYTES..].chunks_exact_mut(CHUNK_BYTES).enumerate() {
        let chunk_offset = offset + (number * CHUNK_BYTES) as u64;
        if repair(chunk) {
            let why = "the header of the chunk is damaged; its records are read without it".to_owned();
            visit(Item::Damaged { offset: Some(chunk_offset), why });
        }
    }
    let settings = ParserSettings::new().num_threads(1);
    let parser = EvtxParser::from_read_seek(Cursor::new(file));
    let mut parser = match parser {
        Ok(parser) => parser.with_configuration(settings),
        Err(error) => return visit(Item::Damaged { offset: Some(offset), why: error.to_string() }),
    };
    for record in parser.records_json_bytes() {
        visit(match record {
            Ok(record) => {
                let nanos = i64::try_from(record.timestamp.as_nanosecond()).ok();
                Item::Record { json: record.data, time: nanos.map(Timestamp) }
            }
            Err(error) => Item::Damaged { offset: place(&error, offset), why: reason(&error) },
        });
    }
}

/// Makes the header of a chunk with records readable; says whether it had to.
fn repair(chunk: &mut [u8]) -> bool {
    let has_records = chunk.get(RECORDS_START..RECORDS_START + 4) == Some(RECORD_MAGIC)
        || memchr::memmem::find(chunk, RECORD_MAGIC).is_some();
    if !has_records {
        return false;
    }
    let number = |chunk: &[u8], at: usize| {
        chunk.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
    };
    let tables: Vec<u32> = TABLES.step_by(4).map(|at| number(chunk, at)).collect();
    let is_outside = |offset: &u32| {
        *offset as usize >= CHUNK_BYTES || (*offset != 0 && (*offset as usize) < RECORDS_START)
    };
    let (last_record, free) = (number(chunk, 44) as usize, number(chunk, 48) as usize);
    let is_sound = chunk.starts_with(CHUNK_MAGIC)
        && number(chunk, 40) == 128
        && (RECORDS_START..=CHUNK_BYTES).contains(&free)
        && last_record < free
        && !tables.iter().any(is_outside);
    if is_sound {
        return false;
    }
    chunk[..8].copy_from_slice(CHUNK_MAGIC);
    // Any record identifiers, records up to the end of the chunk, no tables.
    chunk[24..32].fill(0);
    chunk[32..40].fill(0xff);
    chunk[40..44].copy_from_slice(&128_u32.to_le_bytes());
    chunk[44..48].copy_from_slice(&0xffff_u32.to_le_bytes());
    chunk[48..52].copy_from_slice(&0x1_0000_u32.to_le_bytes());
    chunk[TABLES].fill(0);
    true
}

/// A file header: whatever the real one says, chunks follow each other.
fn header() -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(b"ElfFile\0");
    header[32..36].copy_from_slice(&128_u32.to_le_bytes());
    header[36..38].copy_from_slice(&1_u16.to_le_bytes());
    header[38..40].copy_from_slice(&3_u16.to_le_bytes());
    header[40..42].copy_from_slice(&4096_u16.to_le_bytes());
    header
}

/// The place in the file that an error speaks of.
fn place(error: &EvtxError, base: u64) -> Option<u64> {
    match error {
        EvtxError::FailedToReadRecordAt { chunk, offset, .. } => {
            Some(base + chunk.unwrap_or(0) * CHUNK_BYTES as u64 + offset)
        }
        EvtxError::FailedToParseChunk { chunk_id, .. } => Some(base + chunk_id * CHUNK_BYTES as u64),
        _ => None,
    }
}

/// The error with its causes, on one line.
fn reason(error: &EvtxError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text.replace(['\n', '\r'], " ")
}
