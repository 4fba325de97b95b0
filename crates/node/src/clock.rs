//! The clock: the one place that asks the system for the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day in nanoseconds UTC; 0 on a machine whose clock stands before 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
