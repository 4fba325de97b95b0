//! Groups with state, by number.

use crate::key::Key;
use crate::state::State;

/// Groups of a chunk: as many as 32 KiB hold, with what mimalloc adds for what must be aligned.
const CHUNK: usize = 682;
const _: () = assert!(CHUNK * size_of::<Slot>() <= (32 << 10) - 8);

/// No timer.
pub(super) const NO_TICK: i64 = i64::MAX;

/// A group with state.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: Key,
    /// None if the slot is free.
    pub(super) state: Option<State>,
    pub(super) tick: i64,
}

/// Groups with state.
///
/// In chunks: a list that grows in one piece is copied each time, and half of it may be empty.
#[derive(Debug, Default)]
pub(super) struct Slots {
    chunks: Vec<Vec<Slot>>,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        self.chunks.last().map_or(0, |last| full + last.len())
    }

    pub(super) fn get(&self, number: u32) -> Option<&Slot> {
        let number = number as usize;
        self.chunks.get(number / CHUNK)?.get(number % CHUNK)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Slot> {
        let number = number as usize;
        self.chunks.get_mut(number / CHUNK)?.get_mut(number % CHUNK)
    }

    /// Adds a group; its number.
    pub(super) fn push(&mut self, slot: Slot) -> u32 {
        let number = u32::try_from(self.len()).unwrap_or(u32::MAX);
        match self.chunks.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => last.push(slot),
            None => {
                // Most rules hold few groups: the first chunk grows as it is filled.
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 4 } else { CHUNK });
                chunk.push(slot);
                self.chunks.push(chunk);
            }
        }
        number
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.chunks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.chunks.iter_mut().flatten()
    }
}
