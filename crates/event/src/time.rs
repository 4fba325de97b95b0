//! Time: nanoseconds in UTC, and its parts.

use std::fmt;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Nanoseconds since 1970-01-01T00:00:00Z, negative before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// A moment in UTC, taken apart. The year may lie outside what a [`Timestamp`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime {
    /// Proleptic Gregorian year.
    pub year: i32,
    /// 1–12.
    pub month: u8,
    /// 1–31.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
    /// 0–59. A leap second counts as the second before it.
    pub second: u8,
    /// Nanoseconds.
    pub nanosecond: u32,
}

impl Timestamp {
    /// Reads RFC 3339 text; see [`DateTime::parse`].
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse(text)?.timestamp()
    }

    /// The moment, taken apart.
    pub fn date_time(self) -> DateTime {
        let nanos = i64::try_from(NANOS_PER_SECOND).unwrap_or(1);
        let (seconds, nanosecond) = (self.0.div_euclid(nanos), self.0.rem_euclid(nanos));
        DateTime::from_seconds(seconds, u32::try_from(nanosecond).unwrap_or(0))
    }
}

/// RFC 3339 in UTC; fractions as far as they are not zero, in groups of three digits.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, length) = self.written();
        f.write_str(std::str::from_utf8(text.get(..length).unwrap_or_default()).unwrap_or_default())
    }
}

impl Timestamp {
    /// Its text and the text's length. By hand, because results hold one each: the formatting machinery would be
    /// the dearest part of a result.
    fn written(self) -> ([u8; 30], usize) {
        let t = self.date_time();
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        put(&mut text[..4], t.year.unsigned_abs());
        for (at, part) in [(5, t.month), (8, t.day), (11, t.hour), (14, t.minute), (17, t.second)] {
            put(&mut text[at..at + 2], part.into());
        }
        put(&mut text[20..29], t.nanosecond);
        let length = match t.nanosecond {
            0 => 19,
            n if n % 1_000_000 == 0 => 23,
            n if n % 1_000 == 0 => 26,
            _ => 29,
        };
        text[length] = b'Z';
        (text, length + 1)
    }
}

/// Writes a number to the end of a place; zeros stand in front.
fn put(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

impl DateTime {
    /// Reads RFC 3339 text: `YYYY-MM-DD`, `T` or a space, `hh:mm:ss` with any fraction, and `Z`, an offset or
    /// nothing, which is UTC. Digits behind nanoseconds are dropped. Nothing else is a time, a bare number least
    /// of all. Source: `reference/sigma.md` §4.6.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut digits = Digits { bytes, at: 0 };
        let year = digits.number(4)?;
        digits.one_of(b"-")?;
        let month = digits.number(2)?;
        digits.one_of(b"-")?;
        let day = digits.number(2)?;
        digits.one_of(b"Tt ")?;
        let hour = digits.number(2)?;
        digits.one_of(b":")?;
        let minute = digits.number(2)?;
        digits.one_of(b":")?;
        let second = digits.number(2)?;
        let nanosecond = if digits.one_of(b".").is_some() { digits.fraction()? } else { 0 };
        let offset_minutes = digits.offset()?;
        let is_valid = (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 60;
        if !is_valid {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY
            + hour * 3_600
            + (minute - offset_minutes) * 60
            + second.min(59);
        Some(Self::from_seconds(seconds, nanosecond))
    }

    /// As nanoseconds, if they fit (1677 to 2262).
    pub fn timestamp(self) -> Option<Timestamp> {
        let (hour, minute, second) = (i64::from(self.hour), i64::from(self.minute), i64::from(self.second));
        let seconds = self.days_since_epoch() * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second;
        let nanos = i128::from(seconds) * NANOS_PER_SECOND + i128::from(self.nanosecond);
        i64::try_from(nanos).ok().map(Timestamp)
    }

    /// The ISO 8601 week, 1–53.
    pub fn iso_week(self) -> u8 {
        let days = self.days_since_epoch();
        // The week belongs to the year of its Thursday; day 0 was a Thursday.
        let thursday = days - (days + 3).rem_euclid(7) + 3;
        let (year, _, _) = civil_from_days(thursday);
        let first = days_from_civil(year, 1, 1);
        u8::try_from((thursday - first) / 7 + 1).unwrap_or(1)
    }

    fn days_since_epoch(self) -> i64 {
        days_from_civil(i64::from(self.year), i64::from(self.month), i64::from(self.day))
    }

    fn from_seconds(seconds: i64, nanosecond: u32) -> Self {
        let (days, rest) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
        let (year, month, day) = civil_from_days(days);
        let small = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            year: i32::try_from(year).unwrap_or(0),
            month: small(month),
            day: small(day),
            hour: small(rest / 3_600),
            minute: small(rest / 60 % 60),
            second: small(rest % 60),
            nanosecond,
        }
    }
}

struct Digits<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Digits<'_> {
    fn number(&mut self, length: usize) -> Option<i64> {
        let digits = self.bytes.get(self.at..self.at + length)?;
        self.at += length;
        digits
            .iter()
            .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
    }

    fn one_of(&mut self, any_of: &[u8]) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if !any_of.contains(&byte) {
            return None;
        }
        self.at += 1;
        Some(byte)
    }

    /// At least one digit; nanoseconds.
    fn fraction(&mut self) -> Option<u32> {
        let (start, mut value, mut unit) = (self.at, 0, 100_000_000);
        while let Some(byte) = self.bytes.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            value += u32::from(byte - b'0') * unit;
            unit /= 10;
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }

    /// `Z`, `+hh:mm`, `-hh:mm` or nothing, up to the end of the text; minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let minutes = match self.one_of(b"Zz+-") {
            None | Some(b'Z' | b'z') => 0,
            Some(sign) => {
                let hours = self.number(2)?;
                self.one_of(b":")?;
                let minutes = self.number(2)?;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let east = hours * 60 + minutes;
                if sign == b'-' { -east } else { east }
            }
        };
        (self.at == self.bytes.len()).then_some(minutes)
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its year and every
/// 400 years have the same length.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_in_utc() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(Timestamp::parse(text).map(|time| time.to_string()).as_deref(), expect, "{text}");
        };
        check("2024-02-29T23:59:59Z", Some("2024-02-29T23:59:59Z"));
        check("2024-02-29 23:59:59", Some("2024-02-29T23:59:59Z"));
        check("2024-03-01T01:30:00.5+02:00", Some("2024-02-29T23:30:00.500Z"));
        check("1969-12-31T23:59:59.999999999-00:30", Some("1970-01-01T00:29:59.999999999Z"));
        check("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59Z"));
        check("2024-01-01T00:00:00.1234567891Z", Some("2024-01-01T00:00:00.123456789Z"));
        for text in [
            "2023-02-29T00:00:00Z",
            "2024-01-01",
            "1700000000",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+0200",
            "2024-01-01T00:00:00Z ",
            "",
            "9999-01-01T00:00:00Z",
        ] {
            check(text, None);
        }
        assert_eq!(DateTime::parse("9999-01-01T00:00:00Z").map(|time| time.year), Some(9999));
    }

    #[test]
    fn weeks_follow_iso_8601() {
        for (text, week) in [
            ("2021-01-03T00:00:00Z", 53),
            ("2021-01-04T00:00:00Z", 1),
            ("2024-12-30T00:00:00Z", 1),
            ("2020-12-31T00:00:00Z", 53),
            ("2024-06-15T00:00:00Z", 24),
        ] {
            assert_eq!(DateTime::parse(text).map(DateTime::iso_week), Some(week), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parts_and_nanoseconds_are_the_same_moment(nanos in proptest::prelude::any::<i64>()) {
            let time = Timestamp(nanos);
            assert_eq!(time.date_time().timestamp(), Some(time));
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }
    }
}
