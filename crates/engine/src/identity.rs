//! What the last event of a layout was, for events that say the same of themselves.

use sigyn_event::{Event, NodeId, Value};

use crate::class::ClassId;
use crate::recall::key_of;

/// The values that decide what an event is, as the last event of the layout had them, and what it was.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    nodes: Vec<NodeId>,
    origin: Option<String>,
    /// The values behind one another, each with its length before it.
    values: Vec<u8>,
    class: Option<Option<ClassId>>,
}

impl Identity {
    /// Forgets everything; these are the values that decide.
    pub(crate) fn begin(&mut self, nodes: Vec<NodeId>) {
        self.nodes = nodes;
        self.class = None;
    }

    /// The class of the last event, if this one's values are the same.
    #[inline]
    pub(crate) fn same(&self, event: Event<'_>) -> Option<Option<ClassId>> {
        let class = self.class?;
        if event.origin() != self.origin.as_deref() {
            return None;
        }
        let mut rest = self.values.as_slice();
        for node in &self.nodes {
            rest = with_bytes(event, *node, |bytes| {
                let (length, behind) = rest.split_first_chunk::<8>()?;
                (*length == length_of(bytes)).then(|| behind.strip_prefix(bytes))?
            })??;
        }
        Some(class)
    }

    /// Keeps an event's values with what it is.
    pub(crate) fn keep(&mut self, event: Event<'_>, class: Option<ClassId>) {
        self.class = None;
        self.values.clear();
        for node in &self.nodes {
            let values = &mut self.values;
            let kept = with_bytes(event, *node, |bytes| {
                values.extend_from_slice(&length_of(bytes));
                values.extend_from_slice(bytes);
            });
            if kept.is_none() {
                return;
            }
        }
        if event.origin() != self.origin.as_deref() {
            self.origin = event.origin().map(str::to_owned);
        }
        self.class = Some(class);
    }
}

fn length_of(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_le_bytes()
}

/// Reads a text or a whole number as bytes; none for other values.
#[inline]
fn with_bytes<T>(event: Event<'_>, node: NodeId, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    if let Some(bytes) = event.text_bytes(node) {
        return Some(read(bytes));
    }
    match event.value(node)? {
        Value::Int(number) => Some(read(&key_of(number))),
        _ => None,
    }
}
