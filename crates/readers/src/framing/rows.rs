//! Rows of a CSV file: lines, except that quoted cells may hold line ends.

use std::io::{self, BufRead};

use super::{BATCH_BYTES, Block, Carry, Frame, RECORD_BYTES_MAX};

/// Cuts behind line ends outside quotes.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    carry: Carry,
}

impl Frame for Rows {
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
            let end =
                if self.carry.is_end { Some(self.carry.bytes().len()) } else { last_end(self.carry.bytes()) };
            match end {
                Some(end) => return Ok(Some(self.carry.cut(end))),
                // A quote that never closes: go on line by line.
                None if wanted >= RECORD_BYTES_MAX => {
                    let end = memchr::memrchr(b'\n', self.carry.bytes())
                        .map_or(self.carry.bytes().len(), |end| end + 1);
                    return Ok(Some(self.carry.cut(end)));
                }
                None => wanted *= 2,
            }
        }
    }
}

/// Behind the last line end outside quotes.
fn last_end(bytes: &[u8]) -> Option<usize> {
    let (mut is_quoted, mut last) = (false, None);
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        if bytes[at] == b'"' {
            is_quoted = !is_quoted;
        } else if !is_quoted {
            last = Some(at + 1);
        }
    }
    last
}

/// The rows of a block, with their offsets.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let mut is_quoted = false;
        let end = memchr::memchr2_iter(b'"', b'\n', rest.as_bytes()).find(|at| {
            let is_end = rest.as_bytes()[*at] == b'\n' && !is_quoted;
            is_quoted ^= rest.as_bytes()[*at] == b'"';
            is_end
        });
        // A quote that never closes would swallow the rest: the row then ends with its line.
        let end = end.or_else(|| memchr::memchr(b'\n', rest.as_bytes())).unwrap_or(rest.len());
        let at = start;
        start += end + 1;
        Some((at, rest.get(..end)?.trim_end_matches('\r')))
    })
}
