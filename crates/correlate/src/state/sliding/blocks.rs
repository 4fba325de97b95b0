//! Small inputs in order, in blocks of one size.

use std::collections::VecDeque;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::window::{SLIM, Slim};

/// Inputs of a block: 160 bytes, what a page of evidence takes too, so that either takes what the other left.
const BLOCK: usize = 5;

/// As bytes: of sizes that are no power of two mimalloc gives the next larger one to whatever must be aligned.
type Block = [[u8; SLIM]; BLOCK];

/// A list that grows at its end and shrinks from its beginning, without ever moving what it holds.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    blocks: VecDeque<Box<Block>>,
    /// Places of the first block that are empty.
    start: u32,
    len: u32,
}

impl Blocks {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn push_back(&mut self, slim: Slim) {
        let at = (self.start + self.len) as usize;
        match self.blocks.get_mut(at / BLOCK).and_then(|block| block.get_mut(at % BLOCK)) {
            Some(place) => *place = slim.bytes(),
            None => self.blocks.push_back(Box::new([slim.bytes(); BLOCK])),
        }
        self.len += 1;
    }

    pub(super) fn pop_front(&mut self) -> Option<Slim> {
        let slim = self.get(0)?;
        self.start += 1;
        self.len -= 1;
        if self.start as usize == BLOCK {
            self.start = 0;
            self.blocks.pop_front();
        } else if self.len == 0 {
            self.start = 0;
        }
        Some(slim)
    }

    pub(super) fn get(&self, at: usize) -> Option<Slim> {
        if at >= self.len() {
            return None;
        }
        let at = at + self.start as usize;
        self.blocks.get(at / BLOCK)?.get(at % BLOCK).map(Slim::read)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Slim> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match step {
            1 => self.blocks.back().map_or(0, |block| std::ptr::from_ref(&**block).addr() as u64),
            2 => self.len().checked_sub(1).and_then(|last| self.get(last)).map_or(0, |slim| slim.rest),
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
