//! Cells and windows that are cut at fixed places (E16, E19). Instants saturate at the ends of what fits.

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

    /// The length of a piece.
    pub(crate) fn length(self) -> i64 {
        self.length
    }
}

fn clamp(nanos: i128) -> i64 {
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// Seconds as nanoseconds.
pub(crate) fn nanos(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND)
}

/// The offset of a zone in nanoseconds east of UTC, if it is UTC or a fixed offset. Zones by name would need zone
/// data, which is part of what results depend on (E1).
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
