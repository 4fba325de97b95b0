//! Stored events again, in the order in which they came: for rules that are new.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{At, Id};
use sigyn_event::{Event, Timestamp};
use sigyn_readers::Facts;
use sigyn_store::wal::{Item, Position};

use crate::Node;
use crate::decode::Records;

/// Calls `visit` with all events of an interval until it says no.
pub(crate) fn events(
    node: &Node,
    interval: Range<i64>,
    visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
) -> io::Result<()> {
    let (mut records, mut facts) = (Records::new(crate::now()), Facts::new());
    let mut sources: HashSet<Arc<str>> = HashSet::new();
    let mut reader = node.log().read(Position::START);
    let mut goes_on = true;
    while let (true, Some(item)) = (goes_on, reader.next().map_err(io::Error::other)?) {
        let Item::Entry(entry) = item else { continue };
        let source = match sources.get(entry.record.source) {
            Some(source) => Arc::clone(source),
            None => {
                let source: Arc<str> = entry.record.source.into();
                sources.insert(Arc::clone(&source));
                source
            }
        };
        // What cannot be read has been put aside when it came.
        let _ = records.decode(entry.record.source, entry.record.bytes, &mut |event| {
            let ts = facts.time(event).map_or(entry.record.ingest, |Timestamp(ts)| ts);
            if interval.contains(&ts) {
                let eid = Id::of(&[source.as_bytes(), &entry.position.0.to_le_bytes()]);
                let at = At { ts, source: Arc::clone(&source), seq: entry.position.0, eid };
                goes_on = visit(&at, event);
            }
        });
    }
    Ok(())
}
