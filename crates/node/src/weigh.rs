//! What rules cost: one event of many is matched a second time, with a clock.
//!
//! Of 128 events one is weighed: 0.1 % more instructions of the process, with all of SigmaHQ's rules on events that do not
//! repeat. It is matched as if it were the first of its kind; what is remembered of equal events makes most of the others
//! cheaper, for all rules alike.

use std::sync::Arc;
use std::time::Instant;

use sigyn_engine::Scratch;
use sigyn_event::Event;
use sigyn_ir::ItemId;

use crate::book::Book;

/// One event of so many is weighed.
const EVERY: u32 = 128;

/// What a rule has taken of the events that were weighed since the rules were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many events were weighed.
    pub events: u64,
    /// For how many of them the rule had to be evaluated.
    pub evaluated: u64,
    /// How long that took, in nanoseconds.
    pub nanos: u64,
    /// How long evaluating all rules took.
    pub all_nanos: u64,
}

/// Weighs events; of one thread.
pub(crate) struct Weigher {
    book: Arc<Book>,
    scratch: Scratch,
    started: Instant,
    /// Events since the last that was weighed.
    passed: u32,
    events: u64,
    all_nanos: u64,
    /// By rule: evaluations and nanoseconds.
    rules: Vec<(u64, u64)>,
}

impl Weigher {
    pub(crate) fn new(book: Arc<Book>) -> Self {
        Self {
            scratch: book.program.engine.scratch(),
            started: Instant::now(),
            passed: 0,
            events: 0,
            all_nanos: 0,
            rules: vec![(0, 0); book.program.set.items.len()],
            book,
        }
    }

    /// The rules that are weighed.
    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Weighs an event if it is its turn.
    pub(crate) fn event(&mut self, event: Event<'_>) {
        self.passed += 1;
        if self.passed < EVERY {
            return;
        }
        self.passed = 0;
        self.events += 1;
        let Self { book, scratch, started, rules, all_nanos, .. } = self;
        let mut clock = || u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        book.program.engine.weigh(event, scratch, &mut clock, &mut |rule: ItemId, nanos| {
            *all_nanos += nanos;
            if let Some((evaluated, taken)) = rules.get_mut(rule.0 as usize) {
                *evaluated += 1;
                *taken += nanos;
            }
        });
    }

    /// What the rule at a place of the program has taken.
    pub(crate) fn cost(&self, at: usize) -> Cost {
        let (evaluated, nanos) = self.rules.get(at).copied().unwrap_or_default();
        Cost { events: self.events, evaluated, nanos, all_nanos: self.all_nanos }
    }
}
