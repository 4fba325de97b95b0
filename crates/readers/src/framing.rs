//! Framings: bytes into batches of whole records, one file each. A batch can be decoded by any thread.

mod chunks;
pub(crate) mod entries;
mod headed;
mod json_stream;
mod lines;
pub(crate) mod rows;
mod xml_events;

use std::io::{self, BufRead};

pub(crate) use chunks::{CHUNK_BYTES, CHUNK_MAGIC, Chunks, FILE_MAGIC, RECORD_MAGIC, extent, first_chunk};
pub(crate) use entries::{Begins, Entries};
pub(crate) use headed::Headed;
pub(crate) use json_stream::JsonStream;
pub(crate) use lines::Lines;
pub(crate) use rows::Rows;
pub(crate) use xml_events::XmlEvents;

use crate::filled::Filled;

/// Bytes that a batch aims at.
pub(crate) const BATCH_BYTES: usize = 256 * 1024;
/// Bytes that one record may have; a longer one is counted as broken and skipped.
pub(crate) const RECORD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A run of whole records.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The bytes.
    pub(crate) bytes: Filled,
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

    /// What it has read ahead.
    fn carry(&mut self) -> &mut Carry;
}

/// What most framings share: bytes that were read but do not make whole records yet.
#[derive(Debug, Default)]
pub(crate) struct Carry {
    /// Memory for the next block, of whoever asks for it; none if it has to be asked for. Another thread's would be in
    /// the other core's cache: a sixth of the price of reading.
    pub(crate) spare: Filled,
    buffer: Filled,
    /// Memory for what is left behind a block.
    rest: Filled,
    /// Offset of its first byte.
    offset: u64,
    is_end: bool,
    /// What stopped the input; reported when everything before it is handed out.
    failure: Option<io::Error>,
}

impl Carry {
    /// What was read and not handed out.
    fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Reads on until there are `wanted` bytes or the input ends.
    fn fill(&mut self, input: &mut dyn BufRead, wanted: usize) {
        if self.is_end || self.buffer.len() >= wanted {
            return;
        }
        if self.buffer.room() < wanted && self.spare.room() > self.buffer.room() {
            let mut buffer = std::mem::take(&mut self.spare);
            buffer.clear();
            buffer.extend_from_slice(&self.buffer);
            self.rest = std::mem::replace(&mut self.buffer, buffer);
        }
        match self.buffer.fill(input, wanted) {
            Ok(is_end) => self.is_end = is_end,
            Err(error) => (self.is_end, self.failure) = (true, Some(error)),
        }
    }

    /// Hands out the first bytes.
    fn cut(&mut self, length: usize) -> Block {
        let length = length.min(self.buffer.len());
        let mut rest = std::mem::take(&mut self.rest);
        rest.clear();
        rest.extend_from_slice(&self.buffer[length..]);
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(length);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Block { bytes, offset, ..Block::default() }
    }

    /// Drops the first bytes.
    fn skip(&mut self, length: usize) {
        let length = length.min(self.buffer.len());
        self.offset += length as u64;
        self.buffer.drop_front(length);
    }

    /// The end of the input: its failure, if it has one.
    fn finish(&mut self) -> io::Result<Option<Block>> {
        self.failure.take().map_or(Ok(None), Err)
    }
}
