//! Groups with one input (E47): most groups of a flood never have another.

use std::collections::VecDeque;

use crate::input::{Brings, Entry, Ref};

/// Groups of a chunk: as many as 16 KiB hold, with what mimalloc adds for what must be aligned. Not the size of a chunk of
/// groups with state: these stay where chunks of these are let go.
const CHUNK: usize = 292;
const _: () = assert!(CHUNK * size_of::<First>() <= (16 << 10) - 8);
/// Numbers are counted in so many bits and begin anew.
const MASK: u32 = (1 << 31) - 1;

/// Groups with one input, in the order in which the inputs came, which is that of time. So they leave in that order too,
/// without a timer each.
///
/// A group takes 56 bytes and its key, in chunks that are let go when the last group has left them.
#[derive(Debug, Default)]
pub(super) struct Firsts {
    chunks: VecDeque<Chunk>,
    /// The number of the first group of the first chunk.
    begin: u32,
    /// Groups of the first chunk that are known to have left.
    gone: usize,
    len: usize,
}

#[derive(Debug, Default)]
struct Chunk {
    items: Vec<First>,
    /// One key behind the other.
    keys: Vec<u8>,
    /// Groups that have not left.
    live: usize,
    is_sealed: bool,
}

#[derive(Debug)]
struct First {
    at: Ref,
    /// None where it brought nothing: apart, because most of a flood bring nothing.
    brings: Option<Box<Brings>>,
    key_end: u32,
    is_gone: bool,
}

impl Firsts {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a group; its number.
    pub(super) fn push(&mut self, key: &[u8], entry: Entry) -> u32 {
        if self.chunks.back().is_none_or(|chunk| chunk.is_sealed) {
            // Most rules hold few groups: the first chunk grows as it is filled.
            let items = if self.chunks.is_empty() { Vec::new() } else { Vec::with_capacity(CHUNK) };
            self.chunks.push_back(Chunk { items, ..Chunk::default() });
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        let Some(chunk) = self.chunks.back_mut() else { return 0 };
        chunk.keys.extend_from_slice(key);
        let key_end = u32::try_from(chunk.keys.len()).unwrap_or(u32::MAX);
        let place = before + chunk.items.len();
        let brings = match entry.brings {
            Brings::Nothing => None,
            brings => Some(Box::new(brings)),
        };
        chunk.items.push(First { at: entry.at, brings, key_end, is_gone: false });
        chunk.live += 1;
        if chunk.items.len() == CHUNK {
            chunk.is_sealed = true;
            chunk.keys.shrink_to_fit();
        }
        self.len += 1;
        self.begin.wrapping_add(u32::try_from(place).unwrap_or(u32::MAX)) & MASK
    }

    /// The key of a group that has not left.
    pub(super) fn key(&self, number: u32) -> Option<&[u8]> {
        let (chunk, at) = self.place(number);
        self.chunks.get(chunk)?.key(at)
    }

    /// Takes a group away, with its input.
    pub(super) fn take(&mut self, number: u32) -> Option<Entry> {
        let (chunk, at) = self.place(number);
        let chunk = self.chunks.get_mut(chunk)?;
        let first = chunk.items.get_mut(at).filter(|first| !first.is_gone)?;
        first.is_gone = true;
        let brings = first.brings.take().map_or(Brings::Nothing, |brings| *brings);
        let entry = Entry { at: first.at, brings };
        chunk.live -= 1;
        self.len -= 1;
        if chunk.live == 0 && chunk.is_sealed {
            (chunk.items, chunk.keys) = (Vec::new(), Vec::new());
            while self.chunks.front().is_some_and(|chunk| chunk.live == 0 && chunk.is_sealed) {
                self.chunks.pop_front();
                self.begin = self.begin.wrapping_add(CHUNK as u32) & MASK;
                self.gone = 0;
            }
        }
        Some(entry)
    }

    /// The number and the time of the group that was silent longest.
    pub(super) fn oldest(&mut self) -> Option<(u32, i64)> {
        for (place, chunk) in self.chunks.iter().enumerate() {
            let skipped = if place == 0 { self.gone } else { 0 };
            let mut rest = chunk.items.iter().enumerate().skip(skipped);
            if let Some((at, first)) = rest.find(|(_, first)| !first.is_gone) {
                if place == 0 {
                    self.gone = at;
                }
                let number = u32::try_from(place * CHUNK + at).unwrap_or(u32::MAX);
                return Some((self.begin.wrapping_add(number) & MASK, first.at.ts));
            }
            if place == 0 {
                self.gone = chunk.items.len();
            }
        }
        None
    }

    /// The keys of the groups that have not left.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().flat_map(|chunk| (0..chunk.items.len()).filter_map(|at| chunk.key(at)))
    }

    /// The groups that have not left, with their inputs.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], Entry)> {
        self.chunks.iter().flat_map(|chunk| {
            chunk.items.iter().enumerate().filter_map(|(at, first)| {
                let brings = first.brings.as_deref().cloned().unwrap_or_default();
                Some((chunk.key(at)?, Entry { at: first.at, brings }))
            })
        })
    }

    fn place(&self, number: u32) -> (usize, usize) {
        let place = (number.wrapping_sub(self.begin) & MASK) as usize;
        (place / CHUNK, place % CHUNK)
    }
}

impl Chunk {
    fn key(&self, at: usize) -> Option<&[u8]> {
        let first = self.items.get(at).filter(|first| !first.is_gone)?;
        let start = at.checked_sub(1).and_then(|before| self.items.get(before)).map_or(0, |it| it.key_end);
        self.keys.get(start as usize..first.key_end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;

    fn entry(ts: i64) -> Entry {
        let at = Ref { ts, seq: 0, eid: Id::default(), source: 0, stratum: 0, child: 0 };
        Entry { at, brings: Brings::Nothing }
    }

    #[test]
    fn groups_leave_from_anywhere_and_chunks_with_them() {
        let mut firsts = Firsts::default();
        let count = 3 * CHUNK + 7;
        let numbers: Vec<u32> =
            (0..count).map(|at| firsts.push(format!("key-{at}").as_bytes(), entry(at as i64))).collect();
        assert_eq!(firsts.oldest(), Some((numbers[0], 0)));
        // All but each hundredth leave, in no order of time.
        for at in (0..count).rev().filter(|at| at % 100 != 50) {
            assert_eq!(firsts.key(numbers[at]), Some(format!("key-{at}").as_bytes()));
            assert_eq!(firsts.take(numbers[at]).map(|entry| entry.at.ts), Some(at as i64));
            assert!(firsts.key(numbers[at]).is_none() && firsts.take(numbers[at]).is_none());
        }
        let left: Vec<i64> = firsts.iter().map(|(_, entry)| entry.at.ts).collect();
        assert!(left.iter().all(|ts| ts % 100 == 50) && left.len() == firsts.len());
        // They come out oldest first, and new ones go in behind.
        let more = firsts.push(b"more", entry(1 << 40));
        for ts in left {
            assert_eq!(firsts.oldest(), Some((numbers[ts as usize], ts)));
            firsts.take(numbers[ts as usize]);
        }
        assert_eq!((firsts.oldest(), firsts.len()), (Some((more, 1 << 40)), 1));
        assert_eq!(firsts.chunks.len(), 1);
        firsts.take(more);
        assert_eq!(firsts.oldest(), None);
    }

    #[test]
    fn a_group_takes_little() {
        assert!(size_of::<First>() <= 56, "{}", size_of::<First>());
    }
}
