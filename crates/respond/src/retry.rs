//! When a message that could not be sent is tried again.

use sha2::{Digest, Sha256};

use crate::{SECOND, after};

/// How often a message is tried before it is given up: over about nine hours.
pub const ATTEMPTS_MAX: u32 = 12;
/// The wait after the first failure, and the longest, in seconds.
const FIRST_SECONDS: u64 = 5;
const LONGEST_SECONDS: u64 = 3 * 3_600;

/// How an attempt has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Sent,
    /// It may work later, not before so many seconds if the receiver said so.
    Later {
        /// What went wrong.
        why: String,
        /// How long the receiver asks to wait, in seconds.
        wait_seconds: Option<u64>,
    },
    /// It will never work as it is.
    Never {
        /// What went wrong.
        why: String,
    },
}

/// When to try again after so many attempts; none if it is given up.
///
/// The wait doubles each time. It varies by up to a quarter, by the message's key: what failed together does not come back
/// together, and no source of randomness is asked.
pub fn again(key: &str, attempts: u32, wait_seconds: Option<u64>, now: i64) -> Option<i64> {
    if attempts >= ATTEMPTS_MAX {
        return None;
    }
    let doubled = FIRST_SECONDS << attempts.saturating_sub(1).min(20);
    let seconds = doubled.clamp(wait_seconds.unwrap_or(0).min(LONGEST_SECONDS), LONGEST_SECONDS);
    let mut hash = Sha256::new();
    hash.update(attempts.to_le_bytes());
    hash.update(key);
    let part = i64::from(hash.finalize()[0]);
    let span = after(0, seconds) / 4;
    Some(after(now, seconds).saturating_add(span / 256 * part))
}

/// What the status of an HTTP answer means for a message. `wait_seconds` is what its `Retry-After` says.
pub fn of_status(status: u16, wait_seconds: Option<u64>) -> Outcome {
    let why = format!("the receiver answers {status}");
    match status {
        200..=299 => Outcome::Sent,
        // Redirects are not followed: they could lead inside.
        300..=399 => Outcome::Never { why: format!("{why}; redirects are not followed") },
        408 | 425 | 429 | 500..=599 => Outcome::Later { why, wait_seconds },
        _ => Outcome::Never { why },
    }
}

/// How long a claimed message belongs to who claimed it, in nanoseconds: longer than any attempt lasts.
pub const LEASE: i64 = 120 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_vary_and_end() {
        let seconds = |key: &str, attempts: u32, asked: Option<u64>| {
            again(key, attempts, asked, 0).map(|at| at / SECOND)
        };
        let mut sum = 0;
        for attempts in 1..ATTEMPTS_MAX {
            let plain = (5_i64 << (attempts - 1)).min(10_800);
            let got = seconds("a", attempts, None).unwrap();
            assert!((plain..=plain + plain / 4).contains(&got), "{attempts}: {got}");
            sum += got;
        }
        assert!((2 * 3_600..12 * 3_600).contains(&sum), "{sum}");
        assert_eq!(seconds("a", ATTEMPTS_MAX, None), None);
        assert!(seconds("a", 1, Some(600)).unwrap() >= 600);
        assert!(seconds("a", 1, Some(u64::MAX)).unwrap() <= 10_800 + 2_700);
        let different: std::collections::HashSet<_> =
            (0..50).map(|n| again(&n.to_string(), 4, None, 0)).collect();
        assert!(different.len() > 30, "{}", different.len());
    }

    #[test]
    fn answers() {
        let check = |status: u16, expect: &str| {
            let got = match of_status(status, None) {
                Outcome::Sent => "sent",
                Outcome::Later { .. } => "later",
                Outcome::Never { .. } => "never",
            };
            assert_eq!(got, expect, "{status}");
        };
        check(200, "sent");
        check(204, "sent");
        check(302, "never");
        check(307, "never");
        check(400, "never");
        check(404, "never");
        check(408, "later");
        check(410, "never");
        check(429, "later");
        check(500, "later");
        check(503, "later");
    }
}
