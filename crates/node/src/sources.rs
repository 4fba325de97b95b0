//! Who sends how much: counted in memory, written to the catalog about once a second.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Seconds over which a rate is told.
const RATE_SECONDS: i64 = 60;
/// Sources that are counted apart; what comes from others is counted in the catalog alone.
const SOURCES_MAX: usize = 10_000;

/// Events of each source by the second.
#[derive(Debug, Default)]
pub(crate) struct Sources(Mutex<HashMap<String, VecDeque<(i64, u64)>>>);

impl Sources {
    /// Notes that events have come.
    pub(crate) fn came(&self, source: &str, events: u64, now: i64) {
        let second = now.div_euclid(1_000_000_000);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SOURCES_MAX && !known.contains_key(source) {
            return;
        }
        let seconds = known.entry(source.to_owned()).or_default();
        match seconds.back_mut() {
            Some((last, count)) if *last == second => *count += events,
            _ => seconds.push_back((second, events)),
        }
        while seconds.front().is_some_and(|(first, _)| *first <= second - RATE_SECONDS) {
            seconds.pop_front();
        }
    }

    /// Events per second over the last minute.
    pub(crate) fn rate(&self, source: &str, now: i64) -> f64 {
        let second = now.div_euclid(1_000_000_000);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = known.get(source).into_iter().flatten();
        let events: u64 = seconds.filter(|(at, _)| *at > second - RATE_SECONDS).map(|(_, count)| count).sum();
        #[expect(clippy::cast_precision_loss, reason = "a rate that people read")]
        let rate = events as f64 / RATE_SECONDS as f64;
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_minute() {
        let (sources, second) = (Sources::default(), 1_000_000_000);
        sources.came("a", 600, 10 * second);
        sources.came("a", 600, 11 * second);
        assert_eq!([sources.rate("a", 11 * second), sources.rate("b", 11 * second)], [20.0, 0.0]);
        assert_eq!(sources.rate("a", 70 * second), 10.0);
        assert_eq!(sources.rate("a", 200 * second), 0.0);
    }
}
