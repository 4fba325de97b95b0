//! How the driver works.

use super::feeds::Lateness;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// How the driver works. None of it changes what signals there are in the end.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the watermark follows the events.
    pub lateness: Lateness,
    /// Provisional signals are told of events that happened this long before the latest, in nanoseconds, and of all when
    /// nothing has come for as long: what comes more out of order counts when the watermark passes it. None: nothing is told before that. It costs the correlator's memory and
    /// time a second time.
    pub provisional_after: Option<i64>,
    /// Late events wait so long for others, to be repaired together; nanoseconds of the time of day.
    pub repair_after: i64,
    /// Late hits that wait at most.
    pub late_max: usize,
    /// Hits that wait for the watermark at most; beyond it the watermark moves on.
    pub waiting_max: usize,
    /// Hits that one repair may look back at; a larger one is not made, and the rules are degraded instead.
    pub repair_hits_max: usize,
    /// Events that are remembered to know copies.
    pub recent_max: usize,
    /// Feeds at most.
    pub feeds_max: usize,
    /// Events that happened longer before their arrival have the time of their arrival (E5); nanoseconds.
    pub retention: i64,
}

impl Settings {
    /// What suits one machine.
    pub fn standard() -> Self {
        Self {
            lateness: Lateness::standard(),
            provisional_after: Some(2 * SECOND),
            repair_after: SECOND,
            late_max: 10_000,
            waiting_max: 1_000_000,
            repair_hits_max: 4_000_000,
            recent_max: 200_000,
            feeds_max: 65_536,
            retention: 366 * 86_400 * SECOND,
        }
    }
}
