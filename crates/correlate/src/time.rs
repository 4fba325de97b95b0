//! Cells and windows that are cut at fixed places (E16, E19). Instants saturate at the ends of what fits.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp};

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// Shortest cell: a day (E19).
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// A grid over time: half-open pieces of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    length: i64,
    /// Where a piece starts, less than the length.
    shift: i64,
}

impl Grid {
    /// Pieces of a length, one of which starts at `shift` from the Unix epoch.
    pub(crate) fn new(length: i64, shift: i64) -> Self {
        let length = length.max(1);
        Self { length, shift: shift.rem_euclid(length) }
    }

    /// The start of the piece that holds an instant.
    pub(crate) fn start(self, ts: i64) -> i64 {
        let (length, shift) = (i128::from(self.length), i128::from(self.shift));
        clamp((i128::from(ts) - shift).div_euclid(length) * length + shift)
    }

    /// The end of the piece that holds an instant, exclusive.
    pub(crate) fn end(self, ts: i64) -> i64 {
        let (length, shift) = (i128::from(self.length), i128::from(self.shift));
        clamp(((i128::from(ts) - shift).div_euclid(length) + 1) * length + shift)
    }
}

/// Windows of fixed place (E16).
#[derive(Clone, Debug)]
pub(crate) enum Buckets {
    /// All of one length.
    Even(Grid),
    /// Days of a time zone.
    Days(Days),
}

impl Buckets {
    /// The start of the bucket that holds an instant.
    pub(crate) fn start(&self, ts: i64) -> i64 {
        match self {
            Buckets::Even(grid) => grid.start(ts),
            Buckets::Days(days) => days.around(ts).0,
        }
    }

    /// The end of the bucket that holds an instant, exclusive.
    pub(crate) fn end(&self, ts: i64) -> i64 {
        match self {
            Buckets::Even(grid) => grid.end(ts),
            Buckets::Days(days) => days.around(ts).1,
        }
    }
}

/// So many days of a time zone each, counted from the first of January 1970 there. A day has 24 hours, or as many as the clocks of
/// the zone leave it.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    zone: TimeZone,
    days: i64,
    /// How far behind midnight they begin, by the clocks.
    offset: i64,
}

/// By how much clocks of a zone have ever been moved at once: a day, where a zone crossed the date line.
pub(crate) const SHIFT_MAX: i64 = DAY;

impl Days {
    /// Days of a zone by its name in the IANA database that is built in; none if there is no such zone.
    pub(crate) fn new(zone: &str, days: i64, offset: i64) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
        Some(Self { zone, days: days.max(1), offset })
    }

    /// The bucket that holds an instant.
    fn around(&self, ts: i64) -> (i64, i64) {
        let found = self.place(ts).and_then(|mut place| {
            // By the clocks it can be told up to a shift of them.
            while self.begin(place)? > ts {
                place -= 1;
            }
            while self.begin(place + 1)? <= ts {
                place += 1;
            }
            Some((self.begin(place)?, self.begin(place + 1)?))
        });
        found.unwrap_or_else(|| {
            let grid = Grid::new(self.days.saturating_mul(DAY), self.offset);
            (grid.start(ts), grid.end(ts))
        })
    }

    /// The number of the bucket, as the clocks show it.
    fn place(&self, ts: i64) -> Option<i64> {
        let shown = self.zone.to_datetime(Timestamp::from_nanosecond(ts.into()).ok()?);
        let shown = shown.checked_sub(SignedDuration::from_nanos(self.offset)).ok()?;
        let since = shown.date().duration_since(EPOCH).as_hours() / 24;
        Some(since.div_euclid(self.days))
    }

    /// The instant at which a bucket begins. Where the clocks jump over it, that is behind the jump; where they show it twice,
    /// the first time.
    fn begin(&self, place: i64) -> Option<i64> {
        let days = Span::new().try_days(place.checked_mul(self.days)?).ok()?;
        let midnight = DateTime::from(EPOCH.checked_add(days).ok()?);
        let shown = midnight.checked_add(SignedDuration::from_nanos(self.offset)).ok()?;
        let instant = self.zone.to_ambiguous_timestamp(shown).compatible().ok()?;
        i64::try_from(instant.as_nanosecond()).ok()
    }
}

const EPOCH: Date = date(1970, 1, 1);

fn clamp(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// Seconds as nanoseconds.
pub(crate) fn nanos(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND)
}

/// The offset of a zone in nanoseconds east of UTC, if it is UTC or a fixed offset.
pub(crate) fn fixed_offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("utc") || zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, max: i64| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| is_number && *value <= max)
    };
    Some(sign * (number(hours, 23)? * 3_600 + number(minutes, 59)? * 60) * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_half_open_and_aligned() {
        for (length, shift, ts, start, end) in [
            (10, 0, 0, 0, 10),
            (10, 0, 9, 0, 10),
            (10, 0, 10, 10, 20),
            (10, 0, -1, -10, 0),
            (10, 3, 2, -7, 3),
            (10, -2, 8, 8, 18),
            (10, 0, i64::MAX, i64::MAX - 7, i64::MAX),
        ] {
            let grid = Grid::new(length, shift);
            assert_eq!((grid.start(ts), grid.end(ts)), (start, end), "{length} {shift} {ts}");
        }
    }

    #[test]
    fn days_are_as_long_as_the_clocks_leave_them() {
        let instant = |text: &str| i64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap();
        for (zone, days, offset, ts, start, end) in [
            // Clocks go forward on a Sunday in March and back on one in October.
            ("Europe/Berlin", 1, 0, "2024-03-31T00:30Z", "2024-03-30T23:00Z", "2024-03-31T22:00Z"),
            ("Europe/Berlin", 1, 0, "2024-10-27T12:00Z", "2024-10-26T22:00Z", "2024-10-27T23:00Z"),
            ("Europe/Berlin", 1, 0, "2024-10-26T22:00Z", "2024-10-26T22:00Z", "2024-10-27T23:00Z"),
            ("Europe/Berlin", 1, 6 * 3600, "2024-03-31T00:30Z", "2024-03-30T05:00Z", "2024-03-31T04:00Z"),
            ("Europe/Berlin", 7, 0, "2024-06-26T00:00Z", "2024-06-19T22:00Z", "2024-06-26T22:00Z"),
            // Midnight is jumped over.
            ("America/Sao_Paulo", 1, 0, "2018-11-04T03:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
            // A minute past midnight becomes a minute past eleven: the day that has begun goes on.
            ("America/St_Johns", 1, 0, "2006-10-29T02:45Z", "2006-10-29T02:30Z", "2006-10-30T03:30Z"),
            // A day is left out: the thirtieth.
            ("Pacific/Apia", 1, 0, "2011-12-30T09:59Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
            ("Pacific/Apia", 2, 0, "2011-12-30T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
        ] {
            let buckets = Buckets::Days(Days::new(zone, days, offset * SECOND).unwrap());
            let text = |ts: i64| Timestamp::from_nanosecond(ts.into()).unwrap().to_string();
            let found = (buckets.start(instant(ts)), buckets.end(instant(ts)));
            assert_eq!(
                found,
                (instant(start), instant(end)),
                "{zone} {ts}: {} {}",
                text(found.0),
                text(found.1)
            );
        }
        assert!(Days::new("Europe/Atlantis", 1, 0).is_none());
    }

    #[test]
    fn offsets_are_fixed_or_refused() {
        for (zone, expect) in [
            ("UTC", Some(0)),
            ("+02:00", Some(7_200)),
            ("-00:30", Some(-1_800)),
            ("Europe/Berlin", None),
            ("+2:00", None),
            ("+24:00", None),
            ("", None),
        ] {
            assert_eq!(fixed_offset(zone), expect.map(|seconds: i64| seconds * SECOND), "{zone}");
        }
    }
}
