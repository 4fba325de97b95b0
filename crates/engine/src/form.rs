//! What events of one plan have in common, written so that plans of several threads can be compared.
//!
//! Threads number their layouts each for itself. What one has learned of events is worth something to another only if
//! both know that they speak of the same kind of event.

use sigyn_event::{Event, NodeId, Value};

use crate::class::{Class, ClassId, NONE};
use crate::derive::Maker;
use crate::plan::ClassPlan;
use crate::program::FieldId;

/// Everything about events of a plan that decides what matches, but what they say in the values that the plan
/// [reads](ClassPlan::reads): of two plans with the same form, one's results are the other's. `touched` are the fields
/// of the plan in its order, without keywords.
pub(crate) fn of(
    event: Event<'_>,
    (id, class): (ClassId, &Class),
    touched: &[FieldId],
    plan: &ClassPlan,
) -> Vec<u8> {
    let mut form = Form { event, reads: &plan.reads, bytes: id.0.to_le_bytes().to_vec() };
    for (field, place) in touched.iter().zip(1..) {
        form.bytes.extend_from_slice(&field.0.to_le_bytes());
        plan.nodes(place).iter().for_each(|node| form.value(*node));
        form.end();
        let makers = class.derived.get(plan.derived(place) as usize).map_or(&[][..], |(_, makers)| makers);
        for path in makers.iter().flat_map(Maker::paths) {
            event.visit_places(path, &mut |node| form.value(node));
            form.end();
        }
    }
    form.bytes
}

/// A form while it is written. What begins says what it is and either has a fixed length or an end, so that no two
/// forms are written alike.
struct Form<'f> {
    event: Event<'f>,
    reads: &'f [NodeId],
    bytes: Vec<u8>,
}

impl Form<'_> {
    /// What a value is, and which of the scalars that are read it is or holds.
    fn value(&mut self, node: NodeId) {
        match self.event.value(node) {
            None => self.bytes.push(b'-'),
            Some(Value::Null) => self.bytes.push(b'n'),
            Some(Value::Map(map)) => {
                self.bytes.push(b'm');
                map.iter().for_each(|member| self.value(member.id));
                self.end();
            }
            Some(Value::List(list)) => {
                self.bytes.push(b'l');
                list.members().for_each(|member| self.value(member.id));
                self.end();
            }
            Some(scalar) => {
                self.bytes.push(if matches!(scalar, Value::Text(_)) { b't' } else { b's' });
                let at = self.reads.binary_search(&node).map_or(NONE, |at| u32::try_from(at).unwrap_or(NONE));
                self.bytes.extend_from_slice(&at.to_le_bytes());
            }
        }
    }

    fn end(&mut self) {
        self.bytes.push(b'.');
    }
}
