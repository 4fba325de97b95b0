//! From hits in canonical order to inputs of groups: hits of one event are one input (E3, E11–E14, E25–E28).

use sigyn_ir::{CorrelationType as Kind, Missing};

use crate::group::Tuples;
use crate::input::{Entry, Load, More, Ref, Waiting, is_same_event};
use crate::plan::{ChildSlots, Operator};
use crate::{Limits, Value};

/// Calls `visit` with each input and the key of its group.
///
/// An event that hit several of the listed rules is one input of each of its groups: a detection is named by the event
/// that opens it, so two inputs with one event would be two detections with one name.
pub(super) fn for_each(
    taken: &[Waiting],
    operator: &Operator,
    limits: &Limits,
    mut visit: impl FnMut(&[u8], Entry),
) {
    let mut groups = Tuples::default();
    for event in taken.chunk_by(|a, b| is_same_event(&a.at, &b.at)) {
        if let [hit] = event {
            let Some((slots, more)) = more(hit, operator, limits) else { continue };
            groups.make(&hit.values, &slots.group, operator.missing, limits.memberships_max);
            let more = with_fanout(more, groups.is_truncated);
            for group in groups.iter() {
                visit(group, Entry { at: hit.at, more: more.clone() });
            }
        } else {
            merged(event, operator, limits).into_iter().for_each(|(group, entry)| visit(&group, entry));
        }
    }
}

/// The inputs of an event that hit several of the listed rules, in the order in which its groups are met.
fn merged(event: &[Waiting], operator: &Operator, limits: &Limits) -> Vec<(Vec<u8>, Entry)> {
    let mut in_list: Vec<&Waiting> = event.iter().collect();
    in_list.sort_by_key(|hit| hit.at.child);
    let mut groups = Tuples::default();
    let mut inputs: Vec<(Vec<u8>, Entry)> = Vec::new();
    for hit in in_list {
        let Some((slots, more)) = more(hit, operator, limits) else { continue };
        groups.make(&hit.values, &slots.group, operator.missing, limits.memberships_max);
        let more = with_fanout(more, groups.is_truncated);
        for group in groups.iter() {
            match inputs.iter_mut().find(|(known, _)| known == group) {
                Some((_, entry)) => join(entry, hit.at, more.as_deref()),
                None => inputs.push((group.to_vec(), Entry { at: hit.at, more: more.clone() })),
            }
        }
    }
    inputs
}

/// Adds a further rule's hit to an input.
fn join(entry: &mut Entry, at: Ref, with: Option<&More>) {
    let more = entry.more.get_or_insert_default();
    more.also.push(at.child);
    let Some(with) = with else { return };
    more.is_fanout_truncated |= with.is_fanout_truncated;
    match (&mut more.load, &with.load) {
        (Load::Tuples(tuples), Load::Tuples(other)) => {
            for tuple in other {
                if !tuples.contains(tuple) {
                    tuples.push(tuple.clone());
                }
            }
        }
        // An event is measured once, as the first of the listed rules sees it.
        _ => {}
    }
    for (texts, other) in more.gathered.iter_mut().zip(&with.gathered) {
        for text in other {
            if !texts.contains(text) {
                texts.push(text.clone());
            }
        }
    }
}

fn with_fanout(more: Option<Box<More>>, is_truncated: bool) -> Option<Box<More>> {
    if !is_truncated {
        return more;
    }
    let mut more = more.unwrap_or_default();
    more.is_fanout_truncated = true;
    Some(more)
}

/// What a hit brings; none if it is no input because what is counted or measured is not there.
fn more<'o>(
    hit: &Waiting,
    operator: &'o Operator,
    limits: &Limits,
) -> Option<(&'o ChildSlots, Option<Box<More>>)> {
    let slots = operator.slots.get(usize::from(hit.at.child))?;
    let mut is_truncated = false;
    let load = match operator.kind {
        Kind::EventCount | Kind::Temporal | Kind::TemporalOrdered => Load::Nothing,
        Kind::ValueCount => {
            let mut tuples = Tuples::default();
            tuples.make(&hit.values, &slots.measured, Missing::Skip, limits.memberships_max);
            is_truncated = tuples.is_truncated;
            let tuples: Vec<Box<[u8]>> = tuples.iter().map(Into::into).collect();
            if tuples.is_empty() {
                return None;
            }
            Load::Tuples(tuples)
        }
        _ => {
            let texts = slots.measured.iter().flat_map(|slot| hit.values.get(*slot));
            let numbers: Vec<Value> = texts.filter_map(Value::parse).collect();
            if numbers.is_empty() {
                return None;
            }
            Load::Numbers(numbers)
        }
    };
    if matches!(load, Load::Nothing) && slots.gathered.is_empty() {
        return Some((slots, None));
    }
    let gathered =
        slots.gathered.iter().map(|slot| hit.values.get(*slot).map(Into::into).collect()).collect();
    let more = More { also: Vec::new(), load, gathered, is_fanout_truncated: is_truncated };
    Some((slots, Some(Box::new(more))))
}
