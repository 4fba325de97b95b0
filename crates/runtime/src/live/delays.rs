//! How late the events of a feed come, so that a feed is waited for as long as it needs (E9).

use serde::{Deserialize, Serialize};

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// The classes of delays: up to so many seconds. The last one is the longest that a feed is waited for.
const SECONDS: [u16; 29] = [
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 210, 240, 300, 360, 420,
    480, 540, 600,
];
/// Of so many events one may come later than what is allowed: the 99.9th percentile.
const ONE_OF: u64 = 1_000;
/// When so many events were seen, half of each class is forgotten: what was long ago fades.
const FADE_AT: u64 = 100_000;
/// Groups of events that one batch tells of at most; those behind them are not looked at.
const RUNS_MAX: usize = 4_096;

/// Events of a batch that stand together, came within one second and as late as each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// The earliest of them.
    ts: i64,
    /// Seconds behind the latest event before them in the batch.
    behind: i64,
    count: u32,
}

/// What a batch tells about how late its events came: one entry for each second of events that come in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals(Vec<Run>);

impl Arrivals {
    /// An event came, behind one as late as `newest`.
    pub(super) fn add(&mut self, ts: i64, newest: Option<i64>) {
        let behind = newest.map_or(0, |newest| late(newest, ts));
        let is_like =
            |run: &&mut Run| run.behind == behind && run.ts.div_euclid(SECOND) == ts.div_euclid(SECOND);
        if let Some(run) = self.0.last_mut().filter(is_like) {
            run.ts = run.ts.min(ts);
            run.count = run.count.saturating_add(1);
        } else if self.0.len() < RUNS_MAX {
            self.0.push(Run { ts, behind, count: 1 });
        }
    }
}

/// How often events of a feed came how late. It follows from the events in their order alone, so whoever reads them again
/// comes to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delays {
    counts: [u32; SECONDS.len()],
}

impl Delays {
    /// A batch came, when the feed's latest event was at `newest`.
    pub(super) fn add(&mut self, arrivals: &Arrivals, newest: Option<i64>) {
        for run in &arrivals.0 {
            let late = run.behind.max(newest.map_or(0, |newest| late(newest, run.ts)));
            let class = SECONDS.iter().position(|bound| late <= i64::from(*bound));
            if let Some(count) = self.counts.get_mut(class.unwrap_or(SECONDS.len() - 1)) {
                *count = count.saturating_add(run.count);
            }
        }
        while self.seen() >= FADE_AT {
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
    }

    fn seen(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// How late events may come so that all but one of a thousand are in time, in nanoseconds; at least a second, at most
    /// ten minutes. None as long as fewer than a thousand were seen.
    pub(super) fn needed(&self) -> Option<i64> {
        let seen = self.seen();
        if seen < ONE_OF {
            return None;
        }
        let mut later = seen;
        let needed = SECONDS.iter().zip(&self.counts).find(|(_, count)| {
            later -= u64::from(**count);
            later * ONE_OF <= seen
        });
        needed.map(|(bound, _)| i64::from(*bound) * SECOND)
    }
}

/// How many seconds, begun ones too, an event comes behind another one.
fn late(newest: i64, ts: i64) -> i64 {
    let late = newest.saturating_sub(ts).max(0);
    late / SECOND + i64::from(late % SECOND > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delays of events in seconds, one batch after the other.
    fn delays(batches: &[&[(i64, u32)]]) -> Delays {
        let (mut delays, mut newest) = (Delays::default(), None);
        for batch in batches {
            let (mut arrivals, mut latest) = (Arrivals::default(), None);
            for (second, count) in *batch {
                let ts = second * SECOND;
                (0..*count).for_each(|_| arrivals.add(ts, latest));
                latest = latest.max(Some(ts));
            }
            delays.add(&arrivals, newest);
            newest = newest.max(latest);
        }
        delays
    }

    #[test]
    fn all_but_one_of_a_thousand_are_waited_for() {
        let check = |batches: &[&[(i64, u32)]], expect: Option<i64>| {
            assert_eq!(delays(batches).needed(), expect.map(|seconds| seconds * SECOND), "{batches:?}");
        };
        check(&[], None);
        check(&[&[(0, 999)]], None);
        check(&[&[(0, 1_000)]], Some(1));
        // A long way in order is not late, in one batch or in several.
        check(&[&[(0, 500), (5_000, 500)], &[(5_001, 9), (9_000, 100)]], Some(1));
        // One of a thousand may be late, two may not.
        check(&[&[(100, 999), (70, 1)]], Some(1));
        check(&[&[(100, 998), (70, 2)]], Some(30));
        check(&[&[(100, 998), (69, 2)]], Some(40));
        // The same across batches: late is what comes behind anything of the feed.
        check(&[&[(100, 998)], &[(55, 1), (60, 1)]], Some(50));
        // Ten minutes at most.
        check(&[&[(10_000, 900), (0, 100)]], Some(600));
    }

    #[test]
    fn what_was_long_ago_fades() {
        let mut delays = delays(&[&[(1_000, 1_000), (900, 500)]]);
        assert_eq!(delays.needed(), Some(120 * SECOND));
        let mut arrivals = Arrivals::default();
        (0..50_000).for_each(|_| arrivals.add(1_000 * SECOND, Some(1_000 * SECOND)));
        (0..20).for_each(|_| delays.add(&arrivals, Some(1_000 * SECOND)));
        assert_eq!(delays.needed(), Some(SECOND));
        assert!(delays.seen() < FADE_AT);
    }

    #[test]
    fn a_batch_tells_of_so_much_and_no_more() {
        let mut arrivals = Arrivals::default();
        (0..10_000).for_each(|at| arrivals.add(at * SECOND, None));
        assert_eq!(arrivals.0.len(), RUNS_MAX);
    }
}
