//! What the values of the last event of the same layout and class have met.
//!
//! Most values of an event are those of the one before it that looks alike: 70 of 100 texts in recorded Windows logs
//! (57 of 100 bytes). For these it is enough to compare them. Memory that follows the event, value after value, costs
//! less than a table of all values by their hashes, whose entries are in no cache when they are needed.

/// Literals met by one value that are kept; a value with more is looked through again.
const MET_MAX: usize = 3;

/// Longer values are not kept, in bytes.
const BYTES_MAX: usize = 1 << 10;

/// Memory for the values of one plan, in bytes.
const ROOM_MAX: usize = 32 << 10;

/// A value that changed so often is not looked at so many times.
const CHANGES_MAX: u8 = 6;
const RESTS: u8 = 30;

/// The literals that a value has met, each by its table and its number there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    count: usize,
    needles: [(u32, u32); MET_MAX],
}

impl Met {
    #[inline]
    pub(crate) fn add(&mut self, table: u32, needle: u32) {
        if let Some(place) = self.needles.get_mut(self.count) {
            *place = (table, needle);
        }
        self.count += 1;
    }

    #[inline]
    pub(crate) fn needles(&self) -> &[(u32, u32)] {
        self.needles.get(..self.count).unwrap_or_default()
    }
}

/// The value that a node had, with what it met.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    is_known: bool,
    changes: u8,
    /// So many times more it is not looked at.
    rests: u8,
    start: u32,
    length: u32,
    room: u32,
    met: Met,
}

/// The values of the last event, in the order in which a plan looks through them.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    kept: Vec<Kept>,
    bytes: Vec<u8>,
}

/// What is known of a value before it is looked through.
pub(crate) enum Known<'k> {
    /// It is the same as last time: these literals were met.
    Same(&'k [(u32, u32)]),
    /// It is another one; [`keep`](Recall::keep) it.
    Other,
    /// It changes too often to be kept.
    Restless,
}

impl Recall {
    /// Forgets everything; a plan now looks through so many values.
    pub(crate) fn begin(&mut self, values: usize) {
        self.kept.clear();
        self.kept.resize(values, Kept::default());
        self.bytes.clear();
    }

    /// Whether a value is the one of last time.
    #[inline]
    pub(crate) fn look(&mut self, at: usize, bytes: &[u8]) -> Known<'_> {
        let Some(kept) = self.kept.get_mut(at) else { return Known::Restless };
        if kept.rests > 0 {
            kept.rests -= 1;
            return Known::Restless;
        }
        let start = kept.start as usize;
        if kept.is_known
            && kept.length as usize == bytes.len()
            && self.bytes.get(start..start + bytes.len()) == Some(bytes)
        {
            kept.changes = 0;
            return Known::Same(kept.met.needles());
        }
        Known::Other
    }

    /// Keeps a value with what it has met.
    pub(crate) fn keep(&mut self, at: usize, bytes: &[u8], met: Met) {
        let Some(kept) = self.kept.get_mut(at) else { return };
        kept.is_known = false;
        kept.changes += 1;
        if kept.changes > CHANGES_MAX {
            (kept.changes, kept.rests) = (CHANGES_MAX - 1, RESTS);
            return;
        }
        if bytes.len() > BYTES_MAX || met.count > MET_MAX {
            return;
        }
        let Ok(length) = u32::try_from(bytes.len()) else { return };
        if length > kept.room {
            let room = bytes.len().next_multiple_of(32);
            if self.bytes.len() + room > ROOM_MAX {
                return;
            }
            kept.start = u32::try_from(self.bytes.len()).unwrap_or(0);
            kept.room = u32::try_from(room).unwrap_or(0);
            self.bytes.resize(self.bytes.len() + room, 0);
        }
        let start = kept.start as usize;
        if let Some(place) = self.bytes.get_mut(start..start + bytes.len()) {
            place.copy_from_slice(bytes);
            (kept.is_known, kept.length, kept.met) = (true, length, met);
        }
    }
}

/// A whole number as bytes that no text has: none begins with the first.
#[inline]
pub(crate) fn key_of(number: i64) -> [u8; 9] {
    let mut key = [0xff; 9];
    key[1..].copy_from_slice(&number.to_le_bytes());
    key
}
