//! Entries of one line or more: those of applications, with their stack traces. What begins an entry is told by a
//! line's beginning; everything up to the next such line belongs to it.

use std::io::{self, BufRead};

use super::{BATCH_BYTES, Block, Carry, Frame, RECORD_BYTES_MAX};

/// Whether an entry begins with a line.
pub(crate) type Begins = fn(&str) -> bool;
/// Bytes of a line that the test gets to see.
const HEAD_BYTES_MAX: usize = 512;

/// Cuts before lines with which an entry begins.
#[derive(Debug)]
pub(crate) struct Entries {
    begins: Begins,
    carry: Carry,
}

impl Entries {
    pub(crate) fn new(begins: Begins) -> Self {
        Self { begins, carry: Carry::default() }
    }
}

impl Frame for Entries {
    fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        let mut wanted = BATCH_BYTES;
        loop {
            self.carry.fill(input, wanted);
            let end = if self.carry.is_end {
                self.carry.bytes().len()
            } else {
                last_start(self.carry.bytes(), self.begins)
            };
            if end > 0 {
                return Ok(Some(self.carry.cut(end)));
            }
            if self.carry.is_end {
                return self.carry.finish();
            }
            // An entry without end is cut where it becomes too long: its rest is text of its own.
            if wanted >= RECORD_BYTES_MAX {
                let length = self.carry.bytes().len();
                return Ok(Some(self.carry.cut(length)));
            }
            wanted *= 2;
        }
    }
}

/// Where the last entry begins; 0 if there is only one.
fn last_start(bytes: &[u8], begins: Begins) -> usize {
    let mut end = bytes.len();
    while let Some(newline) = bytes.get(..end).and_then(|before| memchr::memrchr(b'\n', before)) {
        if is_start(bytes, newline + 1, begins) {
            return newline + 1;
        }
        end = newline;
    }
    0
}

fn is_start(bytes: &[u8], at: usize, begins: Begins) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len()).min(HEAD_BYTES_MAX);
    let line = rest.get(..end).unwrap_or_default();
    match std::str::from_utf8(line) {
        Ok(line) => begins(line),
        // The limit may cut a character.
        Err(error) => line
            .get(..error.valid_up_to())
            .and_then(|line| std::str::from_utf8(line).ok())
            .is_some_and(begins),
    }
}

/// The entries of a batch with their places.
pub(crate) fn entries(text: &str, begins: Begins) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        if start >= text.len() {
            return None;
        }
        loop {
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            if at >= text.len() || is_start(text.as_bytes(), at, begins) {
                break;
            }
        }
        text.get(start..at).map(|entry| (start, entry.trim_end_matches(['\r', '\n'])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_whole_in_every_batch() {
        let begins: Begins = |line| line.starts_with('E');
        let text = format!("{}rest\n", "E one\n  two\nthree\n".repeat(BATCH_BYTES / 8));
        let mut input = io::Cursor::new(text.clone());
        let (mut framing, mut joined, mut batches) = (Entries::new(begins), String::new(), 0);
        while let Some(block) = framing.next_block(&mut input).unwrap() {
            let bytes = String::from_utf8(block.bytes.to_vec()).unwrap();
            assert!(bytes.starts_with('E'));
            assert!(entries(&bytes, begins).all(|(_, entry)| entry.starts_with("E one\n  two\nthree")));
            joined.push_str(&bytes);
            batches += 1;
        }
        assert!(joined == text && batches > 1);
        let found: Vec<_> = entries("x\nE 1\ny\n\nE 2", begins).collect();
        assert_eq!(found, [(0, "x"), (2, "E 1\ny"), (9, "E 2")]);
    }
}
