//! EVTX: a file header, then chunks of 64 KiB that stand alone.

use std::io::{self, BufRead};

use super::{BATCH_BYTES, Block, Carry, Frame};

/// Bytes of a chunk.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of the file header.
pub(crate) const HEADER_BYTES: usize = 4096;

/// Cuts between chunks. A chunk that is cut off is filled up with zeros.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    carry: Carry,
    is_started: bool,
}

impl Frame for Chunks {
    fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        if !self.is_started {
            self.is_started = true;
            self.carry.fill(input, HEADER_BYTES);
            self.carry.skip(HEADER_BYTES);
        }
        self.carry.fill(input, BATCH_BYTES);
        if self.carry.bytes().is_empty() {
            return self.carry.finish();
        }
        let mut block = self.carry.cut(self.carry.bytes().len());
        block.bytes.resize(block.bytes.len().next_multiple_of(CHUNK_BYTES), 0);
        Ok(Some(block))
    }
}
