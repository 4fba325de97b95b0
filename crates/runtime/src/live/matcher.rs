//! Detections against rules on detections, for a machine that lives longer than a borrow.

use sigyn_correlate::{Detection, Matcher};
use sigyn_engine::Scratch;
use sigyn_event::EventBuf;
use sigyn_ir::ItemId;

use super::arrival::Rules;

/// Memory for matching detections.
#[derive(Debug)]
pub(super) struct Memory {
    scratch: Scratch,
    buf: EventBuf,
    /// Matches of single events that a rule on detections took: evidence names them by id, so they must be told.
    pub(super) taken: Vec<Detection>,
}

impl Memory {
    pub(super) fn new(rules: &Rules) -> Self {
        Self { scratch: rules.program.engine.scratch(), buf: EventBuf::new(), taken: Vec::new() }
    }
}

/// A matcher for a step.
pub(super) struct Matching<'m> {
    pub(super) rules: &'m Rules,
    pub(super) memory: &'m mut Memory,
}

impl Matcher for Matching<'_> {
    fn matches(&mut self, detection: &Detection, rules: &[ItemId], matched: &mut Vec<ItemId>) {
        let Some(class) = self.rules.program.detections() else { return };
        let Memory { scratch, buf, taken } = self.memory;
        crate::chain::fill(buf, detection, &self.rules.plan);
        let found = self.rules.program.engine.matches(buf.event(""), class, scratch);
        let before = matched.len();
        matched.extend(rules.iter().copied().filter(|rule| found.contains(rule)));
        let is_of_event = detection.value.is_none() && detection.evidence.iter().all(|one| !one.is_detection);
        if matched.len() > before && is_of_event && !detection.is_signal {
            taken.push(detection.clone());
        }
    }
}
