//! Looks through files of the lake for events that rules match.

use sigyn_correlate::At;
use sigyn_engine::{ClassId, Engine, Scratch};
use sigyn_event::Event;
use sigyn_ir::ItemId;
use sigyn_runtime::live::Retro;
use sigyn_store::catalog::Split;

use crate::events::Events;
use crate::{Node, Result};

/// Rows of a file that are put together at a time.
const ROWS: usize = 4_096;

/// An event of the lake that rules match.
pub(crate) struct Matched<'m> {
    pub(crate) event: Event<'m>,
    /// As it came, or as JSON of the same meaning.
    pub(crate) bytes: &'m [u8],
}

/// What is called with events that rules match, and with how many rows have been looked at since it was called before.
pub(crate) type Take<'t> =
    dyn FnMut(u64, Option<(&At, Matched<'_>, Option<ClassId>, &[ItemId])>) -> Result<()> + 't;

/// Memory for looking through files.
pub(crate) struct Scan<'s> {
    engine: &'s Engine,
    scratch: Scratch,
    events: Events,
}

impl<'s> Scan<'s> {
    pub(crate) fn new(engine: &'s Engine) -> Self {
        Self { engine, scratch: engine.scratch(), events: Events::new() }
    }

    /// Looks through a file for events that matter to a hunt.
    pub(crate) fn split(
        &mut self,
        node: &Node,
        retro: &Retro,
        split: &Split,
        take: &mut Take<'_>,
    ) -> Result<()> {
        let feed = retro.feed();
        let open = node.lake().open_split(split)?;
        let (engine, scratch) = (self.engine, &mut self.scratch);
        for events in open.events_of(feed.start, feed.end, ROWS)? {
            let events = events?;
            for stored in &events {
                let bytes = stored.raw.as_deref().unwrap_or(&stored.json).as_bytes();
                let mut outcome = Ok(());
                self.events.of_stored(stored, &mut |at, event| {
                    let (class, rules) = engine.run(event, scratch);
                    if rules.iter().any(|rule| retro.is_useful(*rule, at.ts)) {
                        outcome = take(0, Some((at, Matched { event, bytes }, class, rules)));
                    }
                    true
                });
                outcome?;
            }
            take(events.len() as u64, None)?;
        }
        Ok(())
    }
}
