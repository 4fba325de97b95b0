//! Where an event stands among all (E4, E5): when it happened, and what names it.
//!
//! There is one answer, whoever asks: the live path, a look back at stored events, a hunt over them. So a detection has the same
//! id in each of them.

use std::sync::Arc;

use sigyn_correlate::{At, Id};
use sigyn_event::{Event, Timestamp};
use sigyn_readers::Facts;

use super::arrival::TimeSource;
use super::settings::Settings;
use crate::feed::Naming;

/// How far ahead of its arrival an event may say it happened (E5), in nanoseconds.
const AHEAD_MAX: i64 = 300_000_000_000;

/// Where an event was when it was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'s> {
    /// Its feed: whatever hands out events in one order with offsets that stay.
    pub feed: &'s Arc<str>,
    /// Its offset in it.
    pub offset: u64,
    /// What names it in store; none if only its offset does. What its producer calls it goes before.
    pub id: Option<Id>,
    /// When it was first accepted, in nanoseconds UTC; none for events that have no arrival, such as those of old logs.
    pub arrived: Option<i64>,
}

/// Finds out where events stand; one for each thread, for what it has learned.
#[derive(Debug)]
pub struct Standing {
    facts: Facts,
    naming: Naming,
    retention: i64,
    /// The time of the event before.
    last: Option<i64>,
}

impl Standing {
    /// For events that live with [`Settings::standard`] meets.
    pub fn standard() -> Self {
        Self::new(Settings::standard().retention)
    }

    /// Events that happened longer before their arrival, in nanoseconds, have the time of their arrival (E5).
    pub fn new(retention: i64) -> Self {
        Self { facts: Facts::new(), naming: Naming::default(), retention, last: None }
    }

    /// The next event has none before it.
    pub fn begin(&mut self) {
        self.last = None;
    }

    /// Where an event stands; none if neither it nor its arrival has a time.
    pub fn of(&mut self, event: Event<'_>, stored: Stored<'_>) -> (Option<At>, TimeSource) {
        let (ts, time) = self.time(event, stored.arrived);
        let Some(ts) = ts else { return (None, time) };
        self.last = Some(ts);
        let name = self.naming.of(event, &mut self.facts).or(stored.id);
        (Some(crate::feed::at(stored.feed, stored.offset, ts, name)), time)
    }

    /// The time of an event (E5).
    fn time(&mut self, event: Event<'_>, arrived: Option<i64>) -> (Option<i64>, TimeSource) {
        let own = self.facts.time(event).map(|Timestamp(ts)| ts);
        match (own, arrived) {
            (Some(ts), None) => (Some(ts), TimeSource::Event),
            (None, None) => (self.last, TimeSource::Previous),
            (Some(ts), Some(arrived)) => {
                let earliest = arrived.saturating_sub(self.retention);
                match (earliest..=arrived.saturating_add(AHEAD_MAX)).contains(&ts) {
                    true => (Some(ts), TimeSource::Event),
                    false => (Some(arrived), TimeSource::Ingest),
                }
            }
            (None, Some(arrived)) => (Some(arrived), TimeSource::Ingest),
        }
    }
}
