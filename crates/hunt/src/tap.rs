//! What else is taken from events while they are at hand: for whoever builds on matches of single events.

use sigyn_engine::{ClassId, Engine};
use sigyn_event::Event;
use sigyn_ir::ItemId;
use sigyn_readers::Facts;

/// An event at hand.
#[derive(Debug)]
pub struct Tapped<'t> {
    /// The engine that matched it.
    pub engine: &'t Engine,
    /// What it is.
    pub class: Option<ClassId>,
    /// Which rules match it.
    pub rules: &'t [ItemId],
    /// Its number in its batch, from 0.
    pub record: u64,
    /// The event.
    pub event: Event<'t>,
    /// Finds when it happened.
    pub facts: &'t mut Facts,
}

/// Takes from events what a hunt's own results do not say. Called on the threads that match.
pub trait Tap: Sync {
    /// What a thread keeps from event to event.
    type Memory: Send;
    /// What a batch gives.
    type Batch: Send + Default;

    /// A thread's memory.
    fn memory(&self) -> Self::Memory;

    /// Takes an event, whether or not a rule matches it. Events of a batch come in order.
    fn event(&self, tapped: Tapped<'_>, memory: &mut Self::Memory, batch: &mut Self::Batch);

    /// Whether matches of a rule are results.
    fn is_shown(&self, rule: ItemId) -> bool;
}

/// Takes nothing, and costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoTap;

impl Tap for NoTap {
    type Memory = ();
    type Batch = ();

    #[inline]
    fn memory(&self) {}

    #[inline]
    fn event(&self, _: Tapped<'_>, (): &mut (), (): &mut ()) {}

    #[inline]
    fn is_shown(&self, _: ItemId) -> bool {
        true
    }
}
