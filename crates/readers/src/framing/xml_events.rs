//! Windows event XML: cut behind `</Event>`.

use std::io::{self, BufRead};

use super::{BATCH_BYTES, Block, Carry, Frame, RECORD_BYTES_MAX};

/// Cuts behind the end of an event.
#[derive(Debug, Default)]
pub(crate) struct XmlEvents {
    carry: Carry,
}

impl Frame for XmlEvents {
    fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        let mut wanted = BATCH_BYTES;
        loop {
            self.carry.fill(input, wanted);
            if self.carry.bytes().is_empty() {
                return self.carry.finish();
            }
            let end = memchr::memmem::rfind(self.carry.bytes(), b"</Event>").map(|at| at + 8);
            match end {
                _ if self.carry.is_end => return Ok(Some(self.carry.cut(self.carry.bytes().len()))),
                Some(end) => return Ok(Some(self.carry.cut(end))),
                None if wanted >= RECORD_BYTES_MAX => {
                    let mut block = self.carry.cut(self.carry.bytes().len());
                    block.oversized.push(block.offset);
                    block.bytes.clear();
                    return Ok(Some(block));
                }
                None => wanted *= 2,
            }
        }
    }
}
