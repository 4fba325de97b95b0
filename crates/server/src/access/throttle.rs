//! How often an address may try to log in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Attempts of an address in a stretch of time.
const ATTEMPTS_MAX: u32 = 5;
/// That stretch, in nanoseconds.
const STRETCH: i64 = 60 * 1_000_000_000;
/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// Attempts by address.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<IpAddr, (i64, u32)>>);

impl Throttle {
    /// Notes an attempt; says in how many seconds to try again if it was one too many.
    pub(crate) fn attempt(&self, address: IpAddr, now: i64) -> Result<(), u32> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDRESSES_MAX {
            known.retain(|_, (since, _)| now.saturating_sub(*since) < STRETCH);
            // So many at once are an attack from many addresses: better nobody for a minute than everybody.
            if known.len() >= ADDRESSES_MAX && !known.contains_key(&address) {
                return Err(60);
            }
        }
        let (since, count) = known.entry(address).or_insert((now, 0));
        if now.saturating_sub(*since) >= STRETCH {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        if *count <= ATTEMPTS_MAX {
            return Ok(());
        }
        let left = since.saturating_add(STRETCH).saturating_sub(now) / 1_000_000_000;
        Err(u32::try_from(left).unwrap_or(60).max(1))
    }

    /// Forgets an address that has logged in.
    pub(crate) fn forget(&self, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_attempt_of_a_minute_is_refused() {
        let throttle = Throttle::default();
        let (one, other) = (IpAddr::from([1, 2, 3, 4]), IpAddr::from([1, 2, 3, 5]));
        assert!((0..5).all(|_| throttle.attempt(one, 0).is_ok()));
        assert_eq!(throttle.attempt(one, 10 * 1_000_000_000), Err(50));
        assert_eq!(throttle.attempt(other, 0), Ok(()));
        assert_eq!(throttle.attempt(one, STRETCH), Ok(()));
        assert!((0..4).all(|_| throttle.attempt(one, STRETCH).is_ok()));
        assert!(throttle.attempt(one, STRETCH).is_err());
        throttle.forget(one);
        assert_eq!(throttle.attempt(one, STRETCH), Ok(()));
    }
}
