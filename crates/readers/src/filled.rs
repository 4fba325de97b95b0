//! Memory that is cleared once and then used for batch after batch.

use std::io::{self, Read};
use std::ops::Deref;

/// Bytes in front of memory that may be larger. What lies behind them is of an earlier batch: clearing it each time is
/// a seventh of the price of reading, and in a folder of small files a twentieth of the whole hunt.
#[derive(Debug, Default)]
pub struct Filled {
    memory: Vec<u8>,
    length: usize,
}

impl Deref for Filled {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.memory.get(..self.length).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Filled {
    fn from(memory: Vec<u8>) -> Self {
        Self { length: memory.len(), memory }
    }
}

impl Filled {
    /// Bytes that there is memory for.
    pub fn room(&self) -> usize {
        self.memory.len()
    }

    /// Leaves no bytes, but the memory.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Puts bytes behind.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.make_room(end);
        self.memory[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }

    /// The bytes, to be changed in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.length).unwrap_or_default()
    }

    /// Leaves the first bytes only.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Drops the first bytes.
    pub(crate) fn drop_front(&mut self, length: usize) {
        let length = length.min(self.length);
        self.memory.copy_within(length..self.length, 0);
        self.length -= length;
    }

    /// Reads on until there are `wanted` bytes; gives whether the input ended first.
    ///
    /// # Errors
    /// What reading gives; bytes that were read before are kept.
    pub(crate) fn fill(&mut self, input: &mut dyn Read, wanted: usize) -> io::Result<bool> {
        self.make_room(wanted);
        while self.length < wanted {
            match input.read(&mut self.memory[self.length..wanted]) {
                Ok(0) => return Ok(true),
                Ok(read) => self.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn make_room(&mut self, wanted: usize) {
        if self.memory.len() < wanted {
            self.memory.resize(wanted, 0);
        }
    }
}
