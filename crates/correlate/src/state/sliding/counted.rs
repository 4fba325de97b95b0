//! The instants of inputs that an episode gathered, and of which nothing is needed but what they count.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::gather::{Gather, Mark};

/// Instants in order. There are some only while an episode goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Counted {
    /// So many references of the episode's evidence, one behind the other: their times stand there.
    Told { ts: i64, len: u32, mark: Mark },
    /// Apart, where the evidence does not have all that is counted.
    #[expect(clippy::box_collection, reason = "few have it: 8 bytes instead of 32")]
    Listed(Box<VecDeque<Instant>>),
}

/// An instant as bytes: of sizes that are no power of two mimalloc may give the next larger one to whatever must be aligned.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Instant([u8; 8]);

impl Default for Counted {
    fn default() -> Self {
        Counted::Told { ts: 0, len: 0, mark: Mark::default() }
    }
}

impl Counted {
    /// Whether each takes memory.
    pub(super) fn is_listed(&self) -> bool {
        matches!(self, Counted::Listed(_))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Counted::Told { len, .. } => *len as usize,
            Counted::Listed(all) => all.len(),
        }
    }

    /// The first.
    pub(super) fn front(&self) -> Option<i64> {
        match self {
            Counted::Told { len: 0, .. } => None,
            Counted::Told { ts, .. } => Some(*ts),
            Counted::Listed(all) => all.front().map(|first| i64::from_le_bytes(first.0)),
        }
    }

    /// Adds one: as [`Counted::Told`] that of the reference behind the last.
    pub(super) fn push(&mut self, instant: i64) {
        match self {
            Counted::Told { ts, len, .. } => {
                if *len == 0 {
                    *ts = instant;
                }
                *len += 1;
            }
            Counted::Listed(all) => {
                if all.len() == all.capacity() {
                    all.reserve_exact((all.len() / 2).max(4));
                }
                all.push_back(Instant(instant.to_le_bytes()));
            }
        }
    }

    /// Takes the first away; `gather` is the episode's.
    pub(super) fn pop_front(&mut self, gather: Option<&Gather>) {
        match self {
            Counted::Told { len: 0, .. } => {}
            Counted::Told { ts, len, mark } => {
                *len -= 1;
                if let Some(gather) = gather {
                    (*mark, *ts) = gather.behind(*mark, *ts);
                }
            }
            Counted::Listed(all) => {
                all.pop_front();
            }
        }
    }

    /// Lists them apart, because the evidence will no longer have all.
    pub(super) fn list(&mut self, gather: &Gather) {
        if self.is_listed() {
            return;
        }
        let mut all = VecDeque::with_capacity(self.len());
        while let Some(ts) = self.front() {
            all.push_back(Instant(ts.to_le_bytes()));
            self.pop_front(Some(gather));
        }
        *self = Counted::Listed(Box::new(all));
    }
}
