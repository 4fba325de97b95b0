//! Inputs of correlations, as they wait and as windows keep them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::{Id, Value, Values};

/// A reference to an input: where it stands in the canonical order, and which listed rule it hit first. Windows are made of
/// these, so they hold nothing that can be told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ref {
    pub(crate) ts: i64,
    pub(crate) seq: u64,
    pub(crate) eid: Id,
    /// Number of the source.
    pub(crate) source: u32,
    pub(crate) stratum: u16,
    /// The rule's place in the list of the correlation.
    pub(crate) child: u16,
}

/// An input in a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Ref,
    pub(crate) brings: Brings,
}

/// What a correlation needs of an input beyond that it happened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Brings {
    #[default]
    Nothing,
    /// One tuple of texts that is counted, as one key. In place: apart it was an allocation of 80 bytes for each input.
    Tuple(Key),
    /// Whatever else, apart because most inputs have none.
    More(Box<More>),
}

/// What an input brings that is neither nothing nor one tuple.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct More {
    /// Other listed rules that the same event hit, in the order of the list.
    pub(crate) also: Box<[u16]>,
    pub(crate) load: Load,
    /// Values of the gathered fields.
    pub(crate) gathered: Box<[Box<[Box<str>]>]>,
    /// The event would have been in more groups than the limit allows.
    pub(crate) is_fanout_truncated: bool,
}

/// What is counted or measured of an input.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Load {
    #[default]
    Nothing,
    /// Tuples of texts, each as one key.
    Tuples(Box<[Key]>),
    Numbers(Box<[Value]>),
}

impl Entry {
    /// The listed rules that it hit, in the order of the list.
    pub(crate) fn children(&self) -> impl DoubleEndedIterator<Item = u16> + '_ {
        let also = self.more().map_or(&[][..], |more| &more.also[..]);
        std::iter::once(self.at.child).chain(also.iter().copied())
    }

    pub(crate) fn more(&self) -> Option<&More> {
        match &self.brings {
            Brings::More(more) => Some(more),
            Brings::Nothing | Brings::Tuple(_) => None,
        }
    }

    pub(crate) fn load(&self) -> &Load {
        self.more().map_or(&Load::Nothing, |more| &more.load)
    }

    /// The tuples that are counted.
    pub(crate) fn tuples(&self) -> &[Key] {
        match &self.brings {
            Brings::Nothing => &[],
            Brings::Tuple(tuple) => std::slice::from_ref(tuple),
            Brings::More(more) => match &more.load {
                Load::Tuples(tuples) => tuples,
                Load::Nothing | Load::Numbers(_) => &[],
            },
        }
    }
}

impl Brings {
    /// Notes that the event would have been in more groups than the limit allows.
    pub(crate) fn mark_truncated(&mut self) {
        let mut more = match std::mem::take(self) {
            Brings::Nothing => Box::default(),
            Brings::Tuple(tuple) => Box::new(More { load: Load::Tuples([tuple].into()), ..More::default() }),
            Brings::More(more) => more,
        };
        more.is_fanout_truncated = true;
        *self = Brings::More(more);
    }
}

/// Names of sources by number. It grows with the sources of a deployment, never with events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// The one that was asked for last: events of one source come in runs.
    last: Option<(Arc<str>, u32)>,
}

impl Sources {
    pub(crate) fn number(&mut self, name: &Arc<str>) -> u32 {
        if let Some((last, number)) = &self.last
            && Arc::ptr_eq(last, name)
        {
            return *number;
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.names.push(name.clone());
                self.numbers.insert(name.clone(), number);
                number
            }
        };
        self.last = Some((name.clone(), number));
        number
    }

    /// The number of the empty name, which detections have.
    pub(crate) fn nameless(&mut self) -> u32 {
        match self.numbers.get("") {
            Some(number) => *number,
            None => self.number(&"".into()),
        }
    }

    pub(crate) fn name(&self, number: u32) -> Arc<str> {
        self.names.get(number as usize).cloned().unwrap_or_else(|| "".into())
    }

    pub(crate) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The order of two numbers' names.
    fn order(&self, a: u32, b: u32) -> Ordering {
        if a == b { Ordering::Equal } else { self.names.get(a as usize).cmp(&self.names.get(b as usize)) }
    }
}

/// An input that waits for the watermark.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) at: Ref,
    /// The rule's place in the set.
    pub(crate) rule: u32,
    /// The place of the rule's uid.
    pub(crate) uid_rank: u32,
    /// What the rule's consumers read.
    pub(crate) values: Values,
}

/// The canonical order (E7).
pub(crate) fn order(a: &Waiting, b: &Waiting, sources: &Sources) -> Ordering {
    a.at.ts.cmp(&b.at.ts).then_with(|| {
        (a.at.stratum.cmp(&b.at.stratum))
            .then_with(|| sources.order(a.at.source, b.at.source))
            .then_with(|| (a.at.seq, a.at.eid, a.uid_rank).cmp(&(b.at.seq, b.at.eid, b.uid_rank)))
    })
}

/// Whether two inputs are one event.
pub(crate) fn is_same_event(a: &Ref, b: &Ref) -> bool {
    a.ts == b.ts && a.eid == b.eid && a.stratum == b.stratum && a.source == b.source && a.seq == b.seq
}

/// Inputs that wait for the watermark, in any order, cut by time so that a step looks only at those it takes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// By the upper bits of their time: about a second each.
    pieces: BTreeMap<i64, Vec<Waiting>>,
}

/// Bits of a time below those that tell pieces apart: 2^30 ns are 1.07 s.
const PIECE_BITS: u32 = 30;

impl Pending {
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.pieces.entry(waiting.at.ts >> PIECE_BITS).or_default().push(waiting);
    }

    /// Takes what lies before the watermark, in canonical order, each hit once (E6).
    pub(crate) fn take(&mut self, watermark: i64, sources: &Sources) -> Vec<Waiting> {
        let mut taken: Vec<Waiting> = Vec::new();
        while let Some(mut piece) = self.pieces.first_entry() {
            if *piece.key() > watermark >> PIECE_BITS {
                break;
            }
            let is_last = *piece.key() == watermark >> PIECE_BITS;
            let from = taken.len();
            if is_last {
                let (before, after) = piece.get_mut().drain(..).partition(|it| it.at.ts < watermark);
                let before: Vec<Waiting> = before;
                taken.extend(before);
                *piece.get_mut() = after;
                if piece.get().is_empty() {
                    piece.remove();
                }
            } else if taken.is_empty() {
                taken = piece.remove();
            } else {
                taken.append(&mut piece.remove());
            }
            // Nearly all comes in order.
            let piece = &mut taken[from..];
            if !piece.is_sorted_by(|a, b| order(a, b, sources).is_le()) {
                piece.sort_by(|a, b| order(a, b, sources));
            }
            if is_last {
                break;
            }
        }
        taken.dedup_by(|a, b| is_same_event(&a.at, &b.at) && a.rule == b.rule);
        taken
    }

    /// All that waits, by its second, in no order within.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.pieces.values().flatten()
    }

    /// Keeps what is wanted.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&Waiting) -> bool) {
        self.pieces.retain(|_, piece| {
            piece.retain(&is_wanted);
            !piece.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_leave_in_canonical_order_once() {
        let mut sources = Sources::default();
        let numbers: Vec<u32> = ["b", "a"].map(|name| sources.number(&name.into())).to_vec();
        let mut pending = Pending::default();
        let item = |ts: i64, source: u32, seq: u64, eid: u8| Waiting {
            at: Ref { ts, seq, eid: Id([eid; 16]), source, stratum: 1, child: 0 },
            rule: 0,
            uid_rank: 0,
            values: Values::default(),
        };
        for waiting in [
            item(5, numbers[0], 2, 1),
            item(5, numbers[0], 1, 9),
            item(5, numbers[1], 7, 3),
            item(-1, numbers[0], 0, 4),
            item(5, numbers[0], 1, 9),
            item(6, numbers[0], 0, 5),
            item(i64::MAX, numbers[0], 0, 6),
        ] {
            pending.push(waiting);
        }
        let eids = |taken: Vec<Waiting>| taken.iter().map(|it| it.at.eid.0[0]).collect::<Vec<_>>();
        assert_eq!(eids(pending.take(6, &sources)), [4, 3, 9, 1]);
        assert!(pending.take(6, &sources).is_empty());
        assert_eq!(eids(pending.take(i64::MAX, &sources)), [5]);
        assert_eq!(pending.iter().count(), 1);
    }

    proptest::proptest! {
        /// P10: of two inputs one comes first unless they are one, and whatever comes before what comes before comes before.
        #[test]
        fn the_order_is_total(
            places in proptest::collection::vec(
                (0_i64..2, 0_u16..3, 0_usize..3, 0_u64..3, 0_u8..3, 0_u32..2), 3..4
            )
        ) {
            let mut sources = Sources::default();
            // Their numbers are not in the order of their names.
            let numbers = ["b", "", "a"].map(|name| sources.number(&name.into()));
            let inputs: Vec<Waiting> = places
                .iter()
                .map(|(ts, stratum, source, seq, eid, rule)| Waiting {
                    at: Ref {
                        ts: *ts,
                        seq: *seq,
                        eid: Id([*eid; 16]),
                        source: numbers[*source],
                        stratum: *stratum,
                        child: 0,
                    },
                    rule: *rule,
                    uid_rank: *rule,
                    values: Values::default(),
                })
                .collect();
            let cmp = |a: usize, b: usize| order(&inputs[a], &inputs[b], &sources);
            for a in 0..3 {
                for b in 0..3 {
                    proptest::prop_assert_eq!(cmp(a, b), cmp(b, a).reverse());
                    proptest::prop_assert_eq!(cmp(a, b).is_eq(), places[a] == places[b]);
                    for c in 0..3 {
                        if cmp(a, b).is_le() && cmp(b, c).is_le() {
                            proptest::prop_assert!(cmp(a, c).is_le());
                        }
                    }
                }
            }
        }
    }
}
