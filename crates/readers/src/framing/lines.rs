//! Records that are lines.

use std::io::{self, BufRead};

use super::{BATCH_BYTES, Block, Carry, Frame, RECORD_BYTES_MAX};

/// Cuts behind line ends.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    carry: Carry,
    /// Offsets of lines that were dropped since the last block.
    oversized: Vec<u64>,
    is_skipping: bool,
}

impl Frame for Lines {
    fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        let mut wanted = BATCH_BYTES;
        loop {
            self.carry.fill(input, wanted);
            if self.is_skipping {
                let end = memchr::memchr(b'\n', self.carry.bytes());
                self.carry.skip(end.map_or(self.carry.bytes().len(), |end| end + 1));
                self.is_skipping = end.is_none() && !self.carry.is_end;
                if !self.carry.is_end {
                    continue;
                }
            }
            let end = match memchr::memrchr(b'\n', self.carry.bytes()) {
                _ if self.carry.is_end => Some(self.carry.bytes().len()),
                end => end.map(|end| end + 1),
            };
            match end {
                Some(0) if self.oversized.is_empty() => return self.carry.finish(),
                Some(end) => {
                    let mut block = self.carry.cut(end);
                    block.oversized = std::mem::take(&mut self.oversized);
                    return Ok(Some(block));
                }
                None if wanted >= RECORD_BYTES_MAX => {
                    self.oversized.push(self.carry.offset);
                    self.carry.skip(self.carry.bytes().len());
                    self.is_skipping = true;
                    wanted = BATCH_BYTES;
                }
                None => wanted *= 2,
            }
        }
    }
}
