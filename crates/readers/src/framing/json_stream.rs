//! JSON that is not one object per line: arrays, objects one after another, objects over many lines, a list inside
//! a wrapper (`{"Records": […]}`).
//!
//! Outside objects everything (brackets, commas, spaces) only separates, so that one scan serves all of them. An
//! object that never closes would swallow what follows; where records begin lines of their own, the next such line
//! ends it.

use std::io::{self, BufRead};

use super::{BATCH_BYTES, Block, Carry, Frame, RECORD_BYTES_MAX};

/// Cuts behind objects.
#[derive(Debug)]
pub(crate) struct JsonStream {
    carry: Carry,
    /// Bytes in front of the first record: a wrapper's.
    skip: usize,
    marker: Vec<u8>,
}

impl JsonStream {
    /// `skip` bytes are a wrapper's opening; records begin with `marker`, which may be empty.
    pub(crate) fn new(skip: usize, marker: Vec<u8>) -> Self {
        Self { carry: Carry::default(), skip, marker }
    }
}

impl Frame for JsonStream {
    fn carry(&mut self) -> &mut Carry {
        &mut self.carry
    }

    fn next_block(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Block>> {
        let mut wanted = BATCH_BYTES;
        loop {
            self.carry.fill(input, wanted.max(self.skip));
            if self.skip > 0 {
                self.carry.skip(self.skip);
                self.skip = 0;
            }
            if self.carry.bytes().is_empty() {
                return self.carry.finish();
            }
            let end = if self.carry.is_end {
                Some(self.carry.bytes().len())
            } else {
                last_end(self.carry.bytes(), &self.marker).filter(|end| *end > 0)
            };
            match end {
                Some(end) => return Ok(Some(self.carry.cut(end))),
                None if wanted >= RECORD_BYTES_MAX => {
                    // Broken somewhere in front: hand over what is there, up to where a record begins.
                    let start = memchr::memmem::rfind(self.carry.bytes(), &self.marker).filter(|at| *at > 0);
                    return Ok(Some(self.carry.cut(start.unwrap_or(self.carry.bytes().len()))));
                }
                None => wanted *= 2,
            }
        }
    }
}

/// Behind the last object that closes.
fn last_end(bytes: &[u8], marker: &[u8]) -> Option<usize> {
    let (mut at, mut depth, mut last) = (0_usize, 0_usize, None);
    let is_line_marker = marker.first() == Some(&b'\n');
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                // To the end of the string; a string holds no line end, so that one ends a broken string too.
                loop {
                    let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', bytes.get(at..)?) else {
                        return last;
                    };
                    at += found;
                    match bytes[at] {
                        b'\\' => at += 2,
                        b'\n' => {
                            at -= 1;
                            break;
                        }
                        _ => break,
                    }
                    if at >= bytes.len() {
                        return last;
                    }
                }
            }
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    last = Some(at + 1);
                }
            }
            b'\n' if is_line_marker && depth > 0 && bytes[at..].starts_with(marker) => {
                last = Some(at);
                depth = 0;
            }
            _ => {}
        }
        at += 1;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::last_end;

    #[test]
    fn cuts_fall_between_objects() {
        let check = |text: &str, marker: &str, expect: Option<&str>| {
            let got = last_end(text.as_bytes(), marker.as_bytes()).map(|end| &text[..end]);
            assert_eq!(got, expect, "{text}");
        };
        check(r#"[{"a":"}"},{"b":{}},{"c"#, "", Some(r#"[{"a":"}"},{"b":{}}"#));
        check(r#"{"a":"\"}"}"#, "", Some(r#"{"a":"\"}"}"#));
        check(r#"{"a":"\"#, "", None);
        check("{\"a\n{\"b\":1\n{\"c\"", "\n{", Some("{\"a\n{\"b\":1"));
        check("", "", None);
    }
}
