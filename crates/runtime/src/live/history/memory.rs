//! A history in memory: for tests, and for runs that are not meant to last.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Cursor};
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{At, Id};
use sigyn_event::Event;
use sigyn_readers::{Decoder, Reader, Step};

use super::{GroupTest, History, KeptHit, KeptHits};
use crate::live::{Change, Signal};

/// Everything in memory, without a limit.
#[derive(Clone, Debug)]
pub struct MemoryHistory {
    hits: KeptHits,
    /// Records by time and event.
    events: BTreeMap<(i64, Id), Stored>,
    signals: BTreeMap<Id, Signal>,
    /// By rule and time.
    by_rule: BTreeSet<(Arc<str>, i64, Id)>,
}

/// An event: where it stands, and its record.
type Stored = (At, Arc<[u8]>);

impl Default for MemoryHistory {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryHistory {
    /// Nothing has been.
    pub fn new() -> Self {
        Self {
            hits: KeptHits::new(usize::MAX),
            events: BTreeMap::new(),
            signals: BTreeMap::new(),
            by_rule: BTreeSet::new(),
        }
    }

    /// Stores an event: a record of any log that can be read by itself.
    pub fn store(&mut self, at: At, record: &[u8]) {
        self.events.entry((at.ts, at.eid)).or_insert_with(|| (at, record.into()));
    }

    fn forget(&mut self, id: Id) {
        if let Some(signal) = self.signals.remove(&id) {
            self.by_rule.remove(&(signal.rule, signal.ts, id));
        }
    }

    /// All signals that stand, by id.
    pub fn standing(&self) -> &BTreeMap<Id, Signal> {
        &self.signals
    }
}

impl History for MemoryHistory {
    fn keep(&mut self, hits: &[KeptHit]) -> io::Result<()> {
        hits.iter().for_each(|hit| self.hits.keep(hit));
        Ok(())
    }

    fn hits(
        &mut self,
        rules: &HashSet<Id>,
        interval: Range<i64>,
        visit: &mut dyn FnMut(KeptHit) -> bool,
    ) -> io::Result<()> {
        self.hits.visit(rules, interval, visit);
        Ok(())
    }

    fn events(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
    ) -> io::Result<()> {
        let mut goes_on = true;
        let first = Id::default();
        for (_, (at, record)) in self.events.range((interval.start, first)..(interval.end, first)) {
            each(&at.source, record, &mut |event| {
                goes_on = goes_on && visit(at, event);
            });
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    fn tell(&mut self, changes: &[Change]) -> io::Result<()> {
        for change in changes {
            match change {
                Change::Add(signal) | Change::Update(signal) => {
                    self.forget(signal.id);
                    self.by_rule.insert((signal.rule.clone(), signal.ts, signal.id));
                    self.signals.insert(signal.id, signal.clone());
                }
                Change::Retract(signal) => self.forget(signal.id),
            }
        }
        Ok(())
    }

    fn signals(&mut self, rule: &str, interval: Range<i64>, visit: &mut dyn FnMut(Signal)) -> io::Result<()> {
        self.signals_of(rule, interval, &|_| true, visit)
    }

    fn signals_of(
        &mut self,
        rule: &str,
        interval: Range<i64>,
        is_wanted: &GroupTest<'_>,
        visit: &mut dyn FnMut(Signal),
    ) -> io::Result<()> {
        let (rule, first): (Arc<str>, _) = (rule.into(), Id::default());
        let of_rule = self.by_rule.range((rule.clone(), interval.start, first)..(rule, interval.end, first));
        let signals = of_rule.filter_map(|(_, _, id)| self.signals.get(id));
        signals.filter(|signal| is_wanted(&signal.group)).cloned().for_each(visit);
        Ok(())
    }
}

/// Calls `visit` with the events of a record that stands by itself.
pub(super) fn each(name: &str, record: &[u8], visit: &mut dyn FnMut(Event<'_>)) {
    let mut decoder = Decoder::new(None);
    for step in Reader::new(name, Cursor::new(record.to_vec())) {
        if let Step::Batch(batch) = step {
            decoder.decode(&batch, &mut |_, event| {
                visit(event);
                true
            });
        }
    }
}
