//! What threads found, put in the order of the inputs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use sigyn_engine::ClassId;
use sigyn_readers::{Member, Outcome, Unread};

use super::{Report, Sink};
use crate::found::Found;

pub(super) enum Done<B> {
    Batch {
        member: Arc<Member>,
        found: Found,
        outcome: Outcome,
        classes: Vec<(Option<ClassId>, u64)>,
        tapped: B,
    },
    Unread(Unread),
}

/// What a thread tells of a turn: of the whole of it, or of a part with more to come.
pub(super) struct Told<B> {
    pub(super) number: u64,
    pub(super) done: Vec<Done<B>>,
    pub(super) is_last: bool,
}

/// Puts results in order and hands them on.
pub(super) struct Results<'h, B> {
    /// Gives back the ticket of a turn that has been reported.
    tickets: Receiver<()>,
    waiting: BTreeMap<u64, Told<B>>,
    pub(super) front: &'h AtomicU64,
    counter: Counter,
}

impl<'h, B> Results<'h, B> {
    pub(super) fn new(tickets: Receiver<()>, front: &'h AtomicU64) -> Self {
        Self { tickets, waiting: BTreeMap::new(), front, counter: Counter::default() }
    }

    /// Takes a turn's results; false if the hunt is to end.
    pub(super) fn add(
        &mut self,
        told: Told<B>,
        report: &mut dyn FnMut(Report<'_>) -> bool,
        sink: &mut Sink<'_, B>,
    ) -> bool {
        match self.waiting.entry(told.number) {
            Entry::Vacant(place) => {
                place.insert(told);
            }
            Entry::Occupied(place) => {
                let earlier = place.into_mut();
                earlier.done.extend(told.done);
                earlier.is_last = told.is_last;
            }
        }
        let mut front = self.front.load(Ordering::Relaxed);
        while let Some(mut told) = self.waiting.remove(&front) {
            for done in told.done.drain(..) {
                if !hand_out(done, &mut self.counter, report, sink) {
                    return false;
                }
            }
            if !told.is_last {
                break;
            }
            front += 1;
            self.front.store(front, Ordering::Release);
            let _ = self.tickets.try_recv();
        }
        true
    }
}

/// Records of the current log so far: batches come in order, so that one count is enough.
#[derive(Default)]
struct Counter {
    path: Option<Arc<Member>>,
    records: u64,
}

impl Counter {
    /// The number of the first record of a batch.
    fn base(&mut self, member: &Arc<Member>, records: u64) -> u64 {
        if !self.path.as_ref().is_some_and(|path| Arc::ptr_eq(path, member)) {
            self.path = Some(Arc::clone(member));
            self.records = 0;
        }
        let base = self.records;
        self.records += records;
        base
    }
}

fn hand_out<B>(
    done: Done<B>,
    counter: &mut Counter,
    report: &mut dyn FnMut(Report<'_>) -> bool,
    sink: &mut Sink<'_, B>,
) -> bool {
    match done {
        Done::Unread(unread) => report(Report::Unread(unread)),
        Done::Batch { member, found, outcome, classes, tapped } => {
            let base = counter.base(&member, outcome.records);
            sink(&member, base, tapped);
            for hit in found.hits(&member, base) {
                if !report(Report::Hit(hit)) {
                    return false;
                }
            }
            report(Report::Read { path: member.path.clone(), shape: member.shape.name, outcome, classes })
        }
    }
}
