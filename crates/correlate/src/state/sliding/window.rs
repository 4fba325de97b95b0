//! The inputs of a sliding window, small.
//!
//! Of most inputs a window keeps nothing but where they stand: 32 bytes where an [`Entry`] takes 64, in blocks of one size. Lists
//! that grow leave memory of every size behind that only lists of that size can take: with 100,000 groups that was 300
//! bytes a group. Groups that count and do not fire are mostly this.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use crate::Id;
use crate::input::{Brings, Entry, Ref};

/// Inputs in order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Window {
    /// Inputs that brought nothing that is needed again, and stand at no unusual place.
    Slim(Blocks),
    Whole(VecDeque<Entry>),
}

/// An input that brought nothing: a [`Ref`] without the zeros.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Slim {
    eid: Id,
    ts: i64,
    /// From the lowest bit on: the place in the list, the stratum, the source, the place in the source.
    pub(super) rest: u64,
}

const CHILD_BITS: u32 = 5;
const STRATUM_BITS: u32 = 3;
const SOURCE_BITS: u32 = 16;
const SEQ_BITS: u32 = 40;
const _: () = assert!(CHILD_BITS + STRATUM_BITS + SOURCE_BITS + SEQ_BITS == 64);

/// Bytes of a [`Slim`].
pub(super) const SLIM: usize = 32;

impl Slim {
    pub(super) fn bytes(self) -> [u8; SLIM] {
        let mut bytes = [0; SLIM];
        bytes[..16].copy_from_slice(&self.eid.0);
        bytes[16..24].copy_from_slice(&self.ts.to_ne_bytes());
        bytes[24..].copy_from_slice(&self.rest.to_ne_bytes());
        bytes
    }

    /// What [`Self::bytes`] was made of.
    pub(super) fn read(bytes: &[u8; SLIM]) -> Self {
        let (parts, _) = bytes.as_chunks::<8>();
        let [low, high, ts, rest] = parts else { return Self::default() };
        let mut eid = Id::default();
        eid.0[..8].copy_from_slice(low);
        eid.0[8..].copy_from_slice(high);
        Self { eid, ts: i64::from_ne_bytes(*ts), rest: u64::from_ne_bytes(*rest) }
    }

    fn of(entry: &Entry) -> Option<Self> {
        let Ref { ts, seq, eid, source, stratum, child } = entry.at;
        // Tuples are kept by the tally.
        let is_small = !matches!(entry.brings, Brings::More(_))
            && seq >> SEQ_BITS == 0
            && source >> SOURCE_BITS == 0
            && stratum >> STRATUM_BITS == 0
            && child >> CHILD_BITS == 0;
        let above = (seq << SOURCE_BITS | u64::from(source)) << STRATUM_BITS | u64::from(stratum);
        is_small.then_some(Self { eid, ts, rest: above << CHILD_BITS | u64::from(child) })
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked")]
    fn entry(self) -> Entry {
        let low = |shift: u32, bits: u32| (self.rest >> shift) & ((1 << bits) - 1);
        let at = Ref {
            ts: self.ts,
            seq: self.rest >> (CHILD_BITS + STRATUM_BITS + SOURCE_BITS),
            eid: self.eid,
            source: low(CHILD_BITS + STRATUM_BITS, SOURCE_BITS) as u32,
            stratum: low(CHILD_BITS, STRATUM_BITS) as u16,
            child: low(0, CHILD_BITS) as u16,
        };
        Entry { at, brings: Brings::Nothing }
    }
}

impl Window {
    /// A window of inputs that may be small: tuples of which are lost.
    pub(super) fn slim() -> Self {
        Window::Slim(Blocks::default())
    }

    /// A window of which [`Self::entries`] can be asked, and that loses nothing.
    pub(super) fn whole() -> Self {
        Window::Whole(VecDeque::new())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Window::Slim(all) => all.len(),
            Window::Whole(all) => all.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The inputs, of a window that was made [whole](Self::whole).
    pub(super) fn entries(&self) -> Option<&VecDeque<Entry>> {
        match self {
            Window::Slim(_) => None,
            Window::Whole(all) => Some(all),
        }
    }

    pub(super) fn push_back(&mut self, entry: Entry) {
        if let Window::Slim(all) = self {
            if let Some(slim) = Slim::of(&entry) {
                return all.push_back(slim);
            }
            *self = Window::Whole(all.iter().map(Slim::entry).collect());
        }
        if let Window::Whole(all) = self {
            if all.len() == all.capacity() {
                all.reserve_exact((all.len() / 2).max(4));
            }
            all.push_back(entry);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<Entry> {
        match self {
            Window::Slim(all) => all.pop_front().map(Slim::entry),
            Window::Whole(all) => all.pop_front(),
        }
    }

    /// Takes the first input away, if it may go.
    pub(super) fn pop_front_if(&mut self, can_go: impl Fn(&Entry) -> bool) -> Option<Entry> {
        match self {
            Window::Slim(all) => {
                let entry = all.get(0)?.entry();
                if !can_go(&entry) {
                    return None;
                }
                all.pop_front();
                Some(entry)
            }
            Window::Whole(all) => all.pop_front_if(|entry| can_go(entry)),
        }
    }

    /// The time of an input by its place.
    pub(super) fn ts(&self, at: usize) -> Option<i64> {
        match self {
            Window::Slim(all) => all.get(at).map(|slim| slim.ts),
            Window::Whole(all) => all.get(at).map(|entry| entry.at.ts),
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<Cow<'_, Entry>> {
        match self {
            Window::Slim(all) => all.get(at).map(|slim| Cow::Owned(slim.entry())),
            Window::Whole(all) => all.get(at).map(Cow::Borrowed),
        }
    }

    /// The inputs from a place on.
    pub(super) fn from(&self, start: usize) -> impl Iterator<Item = Cow<'_, Entry>> {
        (start..self.len()).map_while(|at| self.get(at))
    }

    /// See [`crate::state::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match self {
            Window::Slim(all) => all.touch(step),
            Window::Whole(all) if step == 1 => all.back().map_or(0, |entry| entry.at.seq),
            Window::Whole(_) => 0,
        }
    }

    /// Gives memory back; nothing is in it.
    pub(super) fn shrink(&mut self) {
        match self {
            Window::Slim(all) => *all = Blocks::default(),
            Window::Whole(all) => *all = VecDeque::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn inputs_come_out_as_they_went_in(
            inputs in proptest::collection::vec(
                (
                    proptest::prelude::any::<(i64, [u8; 16])>(),
                    proptest::prop_oneof![0_u64..1_000, (1_u64 << 40) - 2..(1 << 40) + 2],
                    proptest::prop_oneof![0_u32..3, 65_534_u32..65_538],
                    0_u16..10,
                    0_u16..40,
                    0_u8..20,
                ),
                0..20,
            ),
            leave in 0_usize..20,
        ) {
            let entries: Vec<Entry> = inputs
                .into_iter()
                .map(|((ts, eid), seq, source, stratum, child, more)| Entry {
                    at: Ref { ts, seq, eid: Id(eid), source, stratum, child },
                    brings: match more {
                        0 => Brings::More(Box::default()),
                        _ => Brings::Nothing,
                    },
                })
                .collect();
            let mut window = Window::slim();
            entries.iter().for_each(|entry| window.push_back(entry.clone()));
            let gone = leave.min(entries.len());
            for entry in &entries[..gone] {
                proptest::prop_assert_eq!(window.ts(0), Some(entry.at.ts));
                proptest::prop_assert_eq!(window.pop_front().map(|it| it.at), Some(entry.at));
            }
            let left: Vec<Ref> = window.from(0).map(|entry| entry.at).collect();
            proptest::prop_assert_eq!(left, entries[gone..].iter().map(|entry| entry.at).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_input_takes_little() {
        assert_eq!(size_of::<Slim>(), SLIM);
    }
}
