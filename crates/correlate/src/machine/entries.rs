//! From hits in canonical order to inputs of groups: hits of one event are one input (E3, E11–E14, E25–E28).

use sigyn_ir::{CorrelationType as Kind, Missing};

use crate::group::Tuples;
use crate::input::{Brings, Entry, Load, More, Waiting, is_same_event};
use crate::key::Key;
use crate::plan::{ChildSlots, Operator};
use crate::{Limits, Value};

/// Inputs of a block: enough for the processor to fetch groups for several of them at a time.
const BLOCK: usize = 64;

/// Some inputs in order, each with the key of its group.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// One key behind the other.
    keys: Vec<u8>,
    members: Vec<(usize, Entry)>,
}

impl Block {
    fn push(&mut self, group: &[u8], entry: Entry) {
        self.keys.extend_from_slice(group);
        self.members.push((self.keys.len(), entry));
    }

    /// The keys in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.members.iter().map(move |(end, _)| {
            let key = self.keys.get(start..*end).unwrap_or_default();
            start = *end;
            key
        })
    }

    /// The inputs in order, with something that goes with each. Afterwards there are none.
    pub(super) fn members<'b, P: Copy>(
        &'b mut self,
        places: &'b [P],
    ) -> impl Iterator<Item = (&'b [u8], Entry, P)> {
        let (keys, mut start) = (&self.keys, 0);
        self.members.drain(..).zip(places).map(move |((end, entry), place)| {
            let key = keys.get(start..end).unwrap_or_default();
            start = end;
            (key, entry, *place)
        })
    }
}

/// Calls `visit` with all inputs and the keys of their groups, block by block.
///
/// An event that hit several of the listed rules is one input of each of its groups: a detection is named by the event
/// that opens it, so two inputs with one event would be two detections with one name.
pub(super) fn for_each(
    taken: &[Waiting],
    operator: &Operator,
    limits: &Limits,
    mut visit: impl FnMut(&mut Block),
) {
    let mut block = Block::default();
    let mut flush = |block: &mut Block| {
        visit(block);
        block.keys.clear();
        block.members.clear();
    };
    let (mut groups, mut tuples) = (Tuples::default(), Tuples::default());
    for event in taken.chunk_by(|a, b| is_same_event(&a.at, &b.at)) {
        if let [hit] = event {
            let Some(slots) = operator.slots.get(usize::from(hit.at.child)) else { continue };
            let Some(mut brings) = brings(&[hit], operator, limits, &mut tuples) else { continue };
            groups.make(&hit.values, &slots.group, operator.missing, limits.memberships_max);
            if groups.is_truncated {
                brings.mark_truncated();
            }
            for group in groups.iter() {
                block.push(group, Entry { at: hit.at, brings: brings.clone() });
            }
        } else {
            for (group, hits, is_truncated) in merged(event, operator, limits) {
                let (Some(first), Some(mut brings)) =
                    (hits.first(), brings(&hits, operator, limits, &mut tuples))
                else {
                    continue;
                };
                if is_truncated {
                    brings.mark_truncated();
                }
                block.push(&group, Entry { at: first.at, brings });
            }
        }
        if block.members.len() >= BLOCK {
            flush(&mut block);
        }
    }
    flush(&mut block);
}

/// A group with the hits of one event that lie in it, and whether one of these would have been in more groups than the
/// limit allows.
type Member<'h> = (Vec<u8>, Vec<&'h Waiting>, bool);

/// The groups of an event that hit several of the listed rules, in the order in which they are met; hits in the
/// order of the list.
fn merged<'h>(event: &'h [Waiting], operator: &Operator, limits: &Limits) -> Vec<Member<'h>> {
    let mut in_list: Vec<&Waiting> = event.iter().collect();
    in_list.sort_by_key(|hit| hit.at.child);
    let mut groups = Tuples::default();
    let mut members: Vec<Member<'h>> = Vec::new();
    for hit in in_list {
        let Some(slots) = operator.slots.get(usize::from(hit.at.child)) else { continue };
        groups.make(&hit.values, &slots.group, operator.missing, limits.memberships_max);
        for group in groups.iter() {
            match members.iter_mut().find(|(known, ..)| known == group) {
                Some((_, hits, is_truncated)) => {
                    hits.push(hit);
                    *is_truncated |= groups.is_truncated;
                }
                None => members.push((group.to_vec(), vec![hit], groups.is_truncated)),
            }
        }
    }
    members
}

/// What an event brings that hit some of the listed rules; none if it is no input because what is counted or measured is
/// not there.
fn brings(hits: &[&Waiting], operator: &Operator, limits: &Limits, tuples: &mut Tuples) -> Option<Brings> {
    let gathered = operator.slots.first().map_or(0, |slots| slots.gathered.len());
    let is_alone = gathered == 0 && hits.len() == 1;
    let mut is_truncated = false;
    let load = match operator.kind {
        Kind::EventCount | Kind::Temporal | Kind::TemporalOrdered => Load::Nothing,
        Kind::ValueCount => {
            match hits {
                [hit] => {
                    let slots = operator.slots.get(usize::from(hit.at.child))?;
                    tuples.make(&hit.values, &slots.measured, Missing::Skip, limits.memberships_max);
                }
                _ => {
                    let lists = (0..operator.measured.len()).map(|field| texts(hits, operator, field));
                    tuples.make_of(lists, Missing::Skip, limits.memberships_max);
                }
            }
            is_truncated = tuples.is_truncated;
            let mut all = tuples.iter().map(Key::new);
            let first = all.next()?;
            match all.next() {
                None if is_alone && !is_truncated => return Some(Brings::Tuple(first)),
                second => Load::Tuples(std::iter::once(first).chain(second).chain(all).collect()),
            }
        }
        _ => {
            let numbers: Box<[Value]> = texts(hits, operator, 0).filter_map(Value::parse).collect();
            if numbers.is_empty() {
                return None;
            }
            Load::Numbers(numbers)
        }
    };
    if matches!(load, Load::Nothing) && is_alone {
        return Some(Brings::Nothing);
    }
    let also = hits.iter().skip(1).map(|hit| hit.at.child).collect();
    let measured = operator.measured.len();
    let gathered = (measured..measured + gathered)
        .map(|field| texts(hits, operator, field).map(Into::into).collect())
        .collect();
    Some(Brings::More(Box::new(More { also, load, gathered, is_fanout_truncated: is_truncated })))
}

/// The texts of a measured or gathered field, by its place among them: those of each rule that has its own name for it, in
/// the order of the list.
fn texts<'h>(hits: &'h [&'h Waiting], operator: &'h Operator, field: usize) -> impl Iterator<Item = &'h str> {
    let name = move |hit: &Waiting| operator.slots.get(usize::from(hit.at.child))?.names.get(field);
    let slot = move |hit: &Waiting| {
        let ChildSlots { measured, gathered, .. } = operator.slots.get(usize::from(hit.at.child))?;
        measured.iter().chain(gathered).nth(field).copied()
    };
    hits.iter().enumerate().flat_map(move |(at, hit)| {
        let is_read = hits.iter().take(at).any(|earlier| name(earlier) == name(hit));
        let texts = slot(hit).filter(|_| !is_read).map(|slot| hit.values.get(slot));
        texts.into_iter().flatten()
    })
}
