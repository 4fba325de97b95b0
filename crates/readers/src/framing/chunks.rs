//! EVTX: a file header, then chunks of 64 KiB that stand alone.
//!
//! Chunks are looked for on their grid and, where bytes were lost or inserted, by their first bytes. What lies
//! between two beginnings is an [extent](extent): mostly a chunk, sometimes more or less.

use std::io::{self, BufRead};

use memchr::memmem;

use super::{BATCH_BYTES, Block, Carry, Frame};

/// Bytes that are looked at for a batch: the last two chunks of them wait for the next one.
const BATCHED_BYTES: usize = 4 * BATCH_BYTES;
/// Bytes of a chunk.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of the file header.
const HEADER_BYTES: usize = 4096;
/// The first bytes of a chunk.
pub(crate) const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";
/// The first bytes of a record.
pub(crate) const RECORD_MAGIC: &[u8; 4] = b"**\0\0";
/// The first bytes of a file.
pub(crate) const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";

/// Where a chunk begins within the first bytes of an input, which says that it is EVTX even if its header is lost.
pub(crate) fn first_chunk(head: &[u8]) -> Option<usize> {
    memmem::find_iter(head, CHUNK_MAGIC).find(|at| is_chunk(&head[*at..]))
}

/// A chunk's first bytes with, where they are there, the length of its header behind them.
fn is_chunk(bytes: &[u8]) -> bool {
    bytes.starts_with(CHUNK_MAGIC) && bytes.get(40..44).is_none_or(|length| length == 128_u32.to_le_bytes())
}

/// Bytes from one chunk's beginning to the next: [`CHUNK_BYTES`] wherever nothing was lost or inserted. The end of
/// `bytes` counts as a beginning.
pub(crate) fn extent(bytes: &[u8]) -> usize {
    let follows = bytes.get(CHUNK_BYTES..CHUNK_BYTES + CHUNK_MAGIC.len());
    if follows.is_some_and(|magic| magic == CHUNK_MAGIC) || bytes.len() == CHUNK_BYTES {
        return CHUNK_BYTES;
    }
    // Up to two chunks ahead: a beginning there is either on the grid or tells how many bytes are too many.
    let window = bytes.get(1..bytes.len().min(2 * CHUNK_BYTES)).unwrap_or_default();
    let found = memmem::find_iter(window, CHUNK_MAGIC).map(|at| at + 1).find(|at| is_chunk(&bytes[*at..]));
    match found {
        Some(at) => at,
        None if bytes.len() >= 2 * CHUNK_BYTES => CHUNK_BYTES,
        None => bytes.len(),
    }
}

/// Cuts between extents.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    carry: Carry,
    is_started: bool,
}

impl Chunks {
    /// Skips the file header, which says nothing that the chunks do not say.
    fn start(&mut self, input: &mut dyn BufRead) {
        self.is_started = true;
        self.carry.fill(input, HEADER_BYTES + CHUNK_MAGIC.len());
        let head = self.carry.bytes();
        // Without a chunk's beginning where it should be, records say that the header is not whole either.
        let lost = || memmem::find(head, RECORD_MAGIC).map_or(HEADER_BYTES, |_| 0);
        let first = first_chunk(head).unwrap_or_else(lost);
        self.carry.skip(first.min(HEADER_BYTES));
        // Most files are small; memory for a whole batch would be asked for in vain.
        self.carry.fill(input, 3 * CHUNK_BYTES);
    }
}

impl Frame for Chunks {
    fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        if !self.is_started {
            self.start(input);
        }
        if !self.carry.is_end {
            self.carry.fill(input, BATCHED_BYTES);
        }
        let bytes = self.carry.bytes();
        if bytes.is_empty() {
            return self.carry.finish();
        }
        let mut length = 0;
        while length < bytes.len() {
            // Where an extent ends is seen two chunks ahead.
            if !self.carry.is_end && bytes.len() - length < 2 * CHUNK_BYTES + 64 {
                break;
            }
            length += extent(&bytes[length..]);
        }
        Ok(Some(self.carry.cut(length)))
    }
}
