//! Where events come from: how far each feed was taken in, and how far the time of all can be believed (E8, E9).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::delays::{Arrivals, Delays};

/// Feeds by name, and the watermark that they allow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Feeds {
    feeds: BTreeMap<Arc<str>, Feed>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Feed {
    taken: Taken,
    /// The latest event's time.
    newest: Option<i64>,
    /// The time of day at which something last came.
    heard: i64,
    counts: Counts,
    delays: Delays,
}

/// What came of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Those without a time of their own or their arrival: no rule sees them.
    pub untimed: u64,
    /// Those that have the time of their arrival, because their own cannot be (E5).
    pub retimed: u64,
    /// Those that match a rule that others read, and came behind the watermark (E39).
    pub late: u64,
    /// Those that were there already (E6).
    pub copies: u64,
}

/// A feed as health pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHealth {
    /// Its name.
    pub name: Arc<str>,
    /// Its first offset that was not taken in yet: a restart begins there.
    pub position: u64,
    /// The latest event's time.
    pub newest: Option<i64>,
    /// The time of day at which something last came.
    pub heard: i64,
    /// What came.
    pub counts: Counts,
    /// How late its events may come and still be in time: nanoseconds.
    pub lateness: i64,
}

/// How the watermark follows the events; nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// How late an event may come and still be in time.
    pub usual: i64,
    /// Whether a feed of which a thousand events were seen is given what all but one of a thousand need, from a second up
    /// to ten minutes, in place of `usual` (E9).
    pub is_adaptive: bool,
    /// The same for single feeds.
    pub of: HashMap<Arc<str>, i64>,
    /// A feed that was silent so long does not hold the others back.
    pub idle: i64,
}

impl Lateness {
    /// A minute of lateness, a minute of silence (E9).
    pub fn standard() -> Self {
        Self { usual: 60_000_000_000, is_adaptive: false, of: HashMap::new(), idle: 60_000_000_000 }
    }

    /// As [`standard`](Self::standard), until it is known how late the events of each feed come.
    pub fn adaptive() -> Self {
        Self { is_adaptive: true, ..Self::standard() }
    }

    /// How late the events of a feed may come.
    fn for_feed(&self, name: &str, feed: &Feed) -> i64 {
        let observed = || feed.delays.needed().filter(|_| self.is_adaptive);
        self.of.get(name).copied().or_else(observed).unwrap_or(self.usual).max(0)
    }
}

/// Offsets that were taken in: all below one, and ranges above it that threads brought early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    below: u64,
    above: BTreeMap<u64, u64>,
}

impl Taken {
    /// Whether all of a range was taken in.
    fn has(&self, range: &Range<u64>) -> bool {
        let above = || self.above.range(..=range.start).next_back().map_or(0, |(_, end)| *end);
        !range.is_empty() && (range.end <= self.below || range.end <= above())
    }

    fn add(&mut self, range: &Range<u64>) {
        let Range { mut start, mut end } = range.clone();
        if start <= self.below {
            self.below = self.below.max(end);
        } else {
            // Joined with those that it touches: as many are kept as there are gaps.
            if let Some((first, last)) =
                self.above.range(..=start).next_back().filter(|(_, last)| **last >= start)
            {
                (start, end) = (*first, end.max(*last));
            }
            while let Some((first, last)) = self.above.range(start..=end).next() {
                (end, start) = (end.max(*last), start.min(*first));
                let first = *first;
                self.above.remove(&first);
            }
            self.above.insert(start, end);
        }
        while let Some(first) = self.above.first_entry().filter(|first| *first.key() <= self.below) {
            self.below = self.below.max(first.remove());
        }
    }
}

impl Feeds {
    pub(super) fn len(&self) -> usize {
        self.feeds.len()
    }

    pub(super) fn knows(&self, feed: &str) -> bool {
        self.feeds.contains_key(feed)
    }

    /// Says where a feed begins, before its first batch; without it a feed begins at 0.
    pub(super) fn open(&mut self, feed: &Arc<str>, offset: u64, now: i64) {
        self.feeds.entry(feed.clone()).or_insert_with(|| Feed {
            taken: Taken { below: offset, above: BTreeMap::new() },
            newest: None,
            heard: now,
            counts: Counts::default(),
            delays: Delays::default(),
        });
    }

    /// Whether a whole range was taken in before.
    pub(super) fn has(&self, feed: &str, offsets: &Range<u64>) -> bool {
        self.feeds.get(feed).is_some_and(|feed| feed.taken.has(offsets))
    }

    /// A range of a feed was taken in.
    pub(super) fn add(
        &mut self,
        name: &Arc<str>,
        offsets: &Range<u64>,
        (newest, arrivals): (Option<i64>, &Arrivals),
        now: i64,
    ) -> &mut Counts {
        let feed = self.feeds.entry(name.clone()).or_insert_with(|| Feed {
            taken: Taken::default(),
            newest: None,
            heard: now,
            counts: Counts::default(),
            delays: Delays::default(),
        });
        feed.taken.add(offsets);
        feed.delays.add(arrivals, feed.newest);
        feed.newest = feed.newest.max(newest);
        feed.heard = feed.heard.max(now);
        &mut feed.counts
    }

    /// The watermark that the feeds allow at a time of day: the least of those that are not silent. Are all silent, then time
    /// passes for them as it does for us, or what waits would wait for ever. None if there is nothing to go by.
    pub(super) fn watermark(&self, lateness: &Lateness, now: i64) -> Option<i64> {
        let active = self.feeds.iter().filter(|(_, feed)| now.saturating_sub(feed.heard) < lateness.idle);
        let least = active
            // One that has brought nothing with a time holds the others back until it is silent for long enough.
            .map(|(name, feed)| {
                feed.newest.map_or(i64::MIN, |newest| newest.saturating_sub(lateness.for_feed(name, feed)))
            })
            .min();
        match least {
            Some(least) => Some(least),
            None => (!self.feeds.is_empty()).then(|| now.saturating_sub(self.longest(lateness))),
        }
    }

    /// How long silent feeds are waited for.
    fn longest(&self, lateness: &Lateness) -> i64 {
        let needed =
            self.feeds.values().filter_map(|feed| feed.delays.needed().filter(|_| lateness.is_adaptive));
        needed.max().unwrap_or(lateness.usual).max(0)
    }

    /// The time of day at which something last came.
    pub(super) fn heard(&self) -> Option<i64> {
        self.feeds.values().map(|feed| feed.heard).max()
    }

    /// The latest time of any event.
    pub(super) fn newest(&self) -> Option<i64> {
        self.feeds.values().filter_map(|feed| feed.newest).max()
    }

    pub(super) fn health<'f>(&'f self, lateness: &'f Lateness) -> impl Iterator<Item = FeedHealth> + 'f {
        self.feeds.iter().map(|(name, feed)| FeedHealth {
            name: name.clone(),
            position: feed.taken.below,
            newest: feed.newest,
            heard: feed.heard,
            counts: feed.counts,
            lateness: lateness.for_feed(name, feed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_whole_from_the_front() {
        let mut taken = Taken { below: 5, above: BTreeMap::new() };
        let mut check = |range: Range<u64>, below: u64, above: usize| {
            taken.add(&range);
            assert_eq!((taken.below, taken.above.len()), (below, above), "{range:?}");
            assert!(taken.has(&range));
        };
        check(5..10, 10, 0);
        check(20..30, 10, 1);
        check(12..15, 10, 2);
        check(22..25, 10, 2);
        check(30..31, 10, 2);
        check(14..16, 10, 2);
        check(10..12, 16, 1);
        check(13..21, 31, 0);
        check(5..6, 31, 0);
        assert!(taken.has(&(7..31)) && !taken.has(&(29..32)) && !taken.has(&(30..30)));
    }

    #[test]
    fn the_slowest_feed_that_speaks_holds_the_watermark() {
        let of = HashMap::from([("slow".into(), 100)]);
        let lateness = Lateness { usual: 10, is_adaptive: false, of, idle: 50 };
        let none = &Arrivals::default();
        let mut feeds = Feeds::default();
        assert_eq!(feeds.watermark(&lateness, 0), None);
        feeds.add(&"a".into(), &(0..1), (Some(1_000), none), 0);
        assert_eq!(feeds.watermark(&lateness, 0), Some(990));
        feeds.add(&"slow".into(), &(0..1), (Some(1_000), none), 30);
        assert_eq!(feeds.watermark(&lateness, 30), Some(900));
        // `a` is silent, then both are.
        feeds.add(&"slow".into(), &(1..2), (Some(2_000), none), 60);
        assert_eq!(feeds.watermark(&lateness, 60), Some(1_900));
        assert_eq!(feeds.watermark(&lateness, 5_000), Some(4_990));
        // Forged times cannot go beyond what E5 allows, and cannot go back.
        feeds.add(&"a".into(), &(1..2), (Some(500), none), 5_000);
        assert_eq!(feeds.watermark(&lateness, 5_000), Some(990));
        feeds.open(&"new".into(), 0, 5_000);
        assert_eq!(feeds.watermark(&lateness, 5_000), Some(i64::MIN));
    }

    #[test]
    fn a_feed_is_waited_for_as_long_as_it_needs() {
        const SECOND: i64 = 1_000_000_000;
        let lateness = Lateness::adaptive();
        let (mut feeds, name) = (Feeds::default(), Arc::<str>::from("a"));
        let mut bring = |seconds: &[i64]| {
            let mut arrivals = Arrivals::default();
            seconds.iter().for_each(|second| arrivals.add(second * SECOND, None));
            let newest = seconds.iter().max().map(|second| second * SECOND);
            feeds.add(&name, &(0..1), (newest, &arrivals), 0);
            feeds.watermark(&lateness, 0).map(|watermark| watermark / SECOND)
        };
        // Nothing is known yet, then that nothing is late, then that some events are five minutes late.
        assert_eq!(bring(&[1_000; 100]), Some(940));
        assert_eq!(bring(&[1_000; 900]), Some(999));
        assert_eq!(bring(&[700; 2]), Some(700));
        // The program's word stands above what was seen; and what all have in common when all are silent is the longest.
        let of = HashMap::from([(name.clone(), 7 * SECOND)]);
        assert_eq!(feeds.watermark(&Lateness { of, ..Lateness::adaptive() }, 0), Some(993 * SECOND));
        assert_eq!(feeds.watermark(&Lateness::standard(), 0), Some(940 * SECOND));
        assert_eq!(feeds.watermark(&Lateness::adaptive(), 900 * SECOND), Some(600 * SECOND));
    }
}
