//! Framings: bytes into batches of whole records, one file each. A batch can be decoded by any thread.

mod chunks;
pub(crate) mod entries;
mod headed;
mod json_stream;
mod lines;
pub(crate) mod rows;
mod xml_events;

use std::io::{self, BufRead, Read};

pub(crate) use chunks::{CHUNK_BYTES, Chunks, HEADER_BYTES};
pub(crate) use entries::{Begins, Entries};
pub(crate) use headed::Headed;
pub(crate) use json_stream::JsonStream;
pub(crate) use lines::Lines;
pub(crate) use rows::Rows;
pub(crate) use xml_events::XmlEvents;

/// Bytes that a batch aims at.
pub(crate) const BATCH_BYTES: usize = 1024 * 1024;
/// Bytes that one record may have; a longer one is counted as broken and skipped.
pub(crate) const RECORD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A run of whole records.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Offset of the first byte in the unpacked input.
    pub(crate) offset: u64,
    /// Records too long to be read, by their offsets.
    pub(crate) oversized: Vec<u64>,
    /// The header in force at the first byte, line by line; empty if there is none.
    pub(crate) header: String,
}

/// Cuts an input.
pub(crate) trait Frame: Send {
    /// The next run of records; none at the end.
    ///
    /// # Errors
    /// What reading gives. What was read before is in earlier blocks.
    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>>;
}

/// What most framings share: bytes that were read but do not make whole records yet.
#[derive(Debug, Default)]
struct Carry {
    bytes: Vec<u8>,
    /// Offset of its first byte.
    offset: u64,
    is_end: bool,
    /// What stopped the input; reported when everything before it is handed out.
    failure: Option<io::Error>,
}

impl Carry {
    /// Reads on until there are `wanted` bytes or the input ends.
    fn fill(&mut self, input: &mut dyn BufRead, wanted: usize) {
        let missing = wanted.saturating_sub(self.bytes.len());
        if self.is_end || missing == 0 {
            return;
        }
        self.bytes.reserve(missing);
        match input.take(missing as u64).read_to_end(&mut self.bytes) {
            Ok(read) => self.is_end = read < missing,
            Err(error) => {
                self.is_end = true;
                self.failure = Some(error);
            }
        }
    }

    /// Hands out the first bytes.
    fn cut(&mut self, length: usize) -> Block {
        let rest = self.bytes.split_off(length.min(self.bytes.len()));
        let bytes = std::mem::replace(&mut self.bytes, rest);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Block { bytes, offset, ..Block::default() }
    }

    /// Drops the first bytes.
    fn skip(&mut self, length: usize) {
        self.offset += length.min(self.bytes.len()) as u64;
        self.bytes.drain(..length.min(self.bytes.len()));
    }

    /// The end of the input: its failure, if it has one.
    fn finish(&mut self) -> io::Result<Option<Block>> {
        self.failure.take().map_or(Ok(None), Err)
    }
}
