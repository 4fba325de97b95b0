//! UTF-16 text as UTF-8, while reading. Exports of Windows tools come this way.

use std::io::{self, BufRead, Read};

use super::Bytes;

/// Reads UTF-16 behind a byte order mark; halves of pairs become U+FFFD.
pub(super) struct Utf16 {
    bytes: Bytes,
    order: Option<fn([u8; 2]) -> u16>,
    /// A first half that waits for its second.
    high: Option<u16>,
    /// UTF-8 that did not fit the caller's buffer, with how much of it was taken.
    rest: Vec<u8>,
    taken: usize,
}

impl Utf16 {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes, order: None, high: None, rest: Vec::new(), taken: 0 }
    }

    /// Converts what is buffered below into `rest`; nothing at the end.
    fn refill(&mut self) -> io::Result<()> {
        self.rest.clear();
        self.taken = 0;
        let order = match self.order {
            Some(order) => order,
            None => {
                let mut mark = [0; 2];
                self.bytes.read_exact(&mut mark)?;
                *self.order.insert(if mark == [0xff, 0xfe] { u16::from_le_bytes } else { u16::from_be_bytes })
            }
        };
        let buffer = self.bytes.fill_buf()?;
        let mut units = [0_u16; 2048];
        let mut count = 0;
        for (unit, pair) in units.iter_mut().zip(buffer.chunks_exact(2)) {
            *unit = order([pair[0], pair[1]]);
            count += 1;
        }
        if count > 0 {
            self.bytes.consume(count * 2);
        } else {
            // A pair may straddle two buffers; a single byte at the very end is dropped.
            let mut pair = [0; 2];
            match self.bytes.read_exact(&mut pair) {
                Ok(()) => (units[0], count) = (order(pair), 1),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => return Err(error),
            }
        }
        let is_end = count == 0;
        let mut text = String::new();
        let units = self.high.take().into_iter().chain(units[..count].iter().copied());
        let mut units = units.peekable();
        while let Some(unit) = units.next() {
            if (0xd800..0xdc00).contains(&unit) && units.peek().is_none() && !is_end {
                self.high = Some(unit);
                break;
            }
            let low = units.peek().copied().filter(|low| (0xdc00..0xe000).contains(low));
            match (unit, low) {
                (0xd800..0xdc00, Some(low)) => {
                    units.next();
                    text.extend(char::decode_utf16([unit, low]).map(|c| c.unwrap_or('\u{fffd}')));
                }
                _ => text.push(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}')),
            }
        }
        self.rest = text.into_bytes();
        if self.rest.is_empty() && self.high.is_some() {
            return self.refill();
        }
        Ok(())
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.rest.len() {
            self.refill()?;
        }
        let rest = &self.rest[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}
