//! What each rule has done, and what is wrong with it.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A rule as health pages show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHealth {
    /// The rule's uid.
    pub rule: Arc<str>,
    /// Events that matched it, or detections that did; of a correlation its detections.
    pub matches: u64,
    /// Signals that were told and not taken back, those for other rules' evidence included.
    pub signals: u64,
    /// The latest of them, by its own time.
    pub last: Option<i64>,
    /// Times in which its results may be wrong, because it held too much and had to forget something (E48).
    pub degraded: Option<Range<i64>>,
    /// What last went wrong.
    pub error: Option<String>,
}

impl RuleHealth {
    pub(super) fn of(rule: Arc<str>) -> Self {
        Self { rule, ..Self::default() }
    }

    pub(super) fn degrade(&mut self, more: Range<i64>) {
        self.degraded = Some(match self.degraded.take() {
            Some(known) => known.start.min(more.start)..known.end.max(more.end),
            None => more,
        });
    }
}
