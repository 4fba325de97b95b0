//! Lines under a header that may change on the way: logs of IIS and Zeek have a new one whenever the writer starts
//! again. Each batch carries the header in force at its beginning, so that any thread can decode it.

use std::io::{self, BufRead};

use super::{Block, Carry, Frame, Lines};

/// Lines of a header that are kept.
const LINES_MAX: usize = 64;
/// Bytes of such a line.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Cuts behind line ends; lines that begin with `#` are the header.
#[derive(Debug, Default)]
pub(crate) struct Headed {
    lines: Lines,
    /// The header so far, one line for each of its keys.
    header: Vec<String>,
}

impl Frame for Headed {
    fn carry(&mut self) -> &mut Carry {
        self.lines.carry()
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        let Some(mut block) = self.lines.next_block(input)? else { return Ok(None) };
        block.header = self.header.join("\n");
        let mut at = 0;
        while let Some(line) = block.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if line.first() == Some(&b'#') {
                let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
                self.keep(line.get(..end).unwrap_or_default());
            }
            match memchr::memmem::find(line, b"\n#") {
                Some(next) => at += next + 1,
                None => break,
            }
        }
        Ok(Some(block))
    }
}

impl Headed {
    fn keep(&mut self, line: &[u8]) {
        if line.len() > LINE_BYTES_MAX {
            return;
        }
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        // Zeek's first line, and the first of W3C's: what stood before belongs to another start.
        if line.starts_with("#separator") {
            self.header.clear();
        }
        let is_full = self.header.len() >= LINES_MAX;
        match self.header.iter_mut().find(|other| key(other) == key(line)) {
            Some(other) => line.clone_into(other),
            None if is_full => {}
            None => self.header.push(line.to_owned()),
        }
    }
}

fn key(line: &str) -> &str {
    line.split([':', ' ', '\t']).next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_carry_the_header_in_force() {
        let row = "1\t2\n";
        let count = crate::framing::BATCH_BYTES / row.len();
        let text =
            format!("#path\tx\n#fields\ta\tb\n{}#fields\tc\td\n{}", row.repeat(count), row.repeat(2 * count));
        let mut input = io::Cursor::new(text.clone());
        let (mut headed, mut seen, mut bytes) = (Headed::default(), Vec::new(), Vec::new());
        while let Some(block) = headed.next_block(&mut input).unwrap() {
            seen.push(block.header);
            bytes.extend_from_slice(&block.bytes);
        }
        assert!(bytes == text.as_bytes(), "nothing is lost");
        assert!(seen.len() >= 3, "{}", seen.len());
        assert_eq!(seen.first().map(String::as_str), Some(""));
        assert_eq!(seen.get(1).map(String::as_str), Some("#path\tx\n#fields\ta\tb"));
        assert_eq!(seen.last().map(String::as_str), Some("#path\tx\n#fields\tc\td"));
    }
}
