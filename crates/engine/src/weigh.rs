//! What single rules cost, measured on single events.
//!
//! Timing each rule of each event would cost more than matching does. So whoever wants to know weighs one event of many,
//! and takes it for a sample.

use sigyn_event::Event;
use sigyn_ir::ItemId;

use crate::engine::Engine;
use crate::matching::Meter;
use crate::scratch::Scratch;

impl Engine {
    /// Matches an event as [`run`](Self::run) does, and tells how long each rule took that was evaluated for it. `clock`
    /// counts nanoseconds from any instant on.
    ///
    /// What several rules ask is asked once, and is counted with the first of them. The pass over the values, which wakes
    /// rules, is all rules' and counted with none. Use a scratch that is kept for this alone: what it learns is used.
    pub fn weigh(
        &self,
        event: Event<'_>,
        scratch: &mut Scratch,
        clock: &mut dyn FnMut() -> u64,
        told: &mut dyn FnMut(ItemId, u64),
    ) {
        self.planned(event, scratch, |plan, scratch| {
            let class = self.routed(event, plan, scratch);
            self.match_class(event, class, (plan, scratch), Some(&mut Meter { clock, told }));
        });
    }
}
