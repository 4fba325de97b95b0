//! Small inputs in order, in blocks of one size.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::window::{SLIM, Slim};

/// Inputs of a block: 128 bytes, what a page of evidence takes too, so that either takes what the other left.
const BLOCK: usize = 4;

/// As bytes: of sizes that are no power of two mimalloc gives the next larger one to whatever must be aligned.
type Block = [[u8; SLIM]; BLOCK];

/// A list that grows at its end and shrinks from its beginning, without ever moving what it holds.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The first blocks, in place: most groups have no more.
    near: [Option<Box<Block>>; NEAR],
    #[expect(clippy::box_collection, reason = "most have none: 8 bytes instead of 32")]
    far: Option<Box<VecDeque<Box<Block>>>>,
    /// The place of the first in its block, counted from one: so windows of another kind need no byte to say so.
    start: NonZeroU32,
    len: u32,
}

const NEAR: usize = 3;

impl Default for Blocks {
    fn default() -> Self {
        Self { near: [None, None, None], far: None, start: NonZeroU32::MIN, len: 0 }
    }
}

impl Blocks {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    fn block(&self, at: usize) -> Option<&Block> {
        match self.near.get(at) {
            Some(near) => near.as_deref(),
            None => self.far.as_ref()?.get(at - NEAR).map(|block| &**block),
        }
    }

    fn block_mut(&mut self, at: usize) -> Option<&mut Block> {
        match self.near.get_mut(at) {
            Some(near) => near.as_deref_mut(),
            None => self.far.as_mut()?.get_mut(at - NEAR).map(|block| &mut **block),
        }
    }

    pub(super) fn push_back(&mut self, slim: Slim) {
        let at = (self.start.get() - 1 + self.len) as usize;
        if let Some(place) = self.block_mut(at / BLOCK).and_then(|block| block.get_mut(at % BLOCK)) {
            *place = slim.bytes();
        } else {
            let block = Box::new([slim.bytes(); BLOCK]);
            match self.near.get_mut(at / BLOCK) {
                Some(near) => *near = Some(block),
                None => self.far.get_or_insert_default().push_back(block),
            }
        }
        self.len += 1;
    }

    pub(super) fn pop_front(&mut self) -> Option<Slim> {
        let slim = self.get(0)?;
        self.start = self.start.saturating_add(1);
        self.len -= 1;
        if self.start.get() as usize > BLOCK {
            self.start = NonZeroU32::MIN;
            self.near.rotate_left(1);
            if let Some(last) = self.near.last_mut() {
                *last = self.far.as_mut().and_then(|far| far.pop_front());
            }
            if self.far.as_ref().is_some_and(|far| far.is_empty()) {
                self.far = None;
            }
        } else if self.len == 0 {
            self.start = NonZeroU32::MIN;
        }
        Some(slim)
    }

    pub(super) fn get(&self, at: usize) -> Option<Slim> {
        if at >= self.len() {
            return None;
        }
        let at = at + self.start.get() as usize - 1;
        self.block(at / BLOCK)?.get(at % BLOCK).map(Slim::read)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Slim> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match step {
            1 => self.len().checked_sub(1).and_then(|last| self.get(last)).map_or(0, |slim| slim.rest),
            _ => 0,
        }
    }
}

impl Serialize for Blocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|slim| list.serialize_element(&slim))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Blocks;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("inputs")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Blocks, A::Error> {
                let mut blocks = Blocks::default();
                while let Some(slim) = list.next_element()? {
                    blocks.push_back(slim);
                }
                Ok(blocks)
            }
        }

        deserializer.deserialize_seq(All)
    }
}
