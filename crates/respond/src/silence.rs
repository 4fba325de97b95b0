//! Silences: signals that nobody is told of for a time. They are signals all the same, and seen in the page.

use serde::{Deserialize, Serialize};

use crate::{Conditions, Refusal, Subject};

/// Characters of a reason at most.
const REASON_CHARS_MAX: usize = 500;

/// A silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Which signals.
    pub when: Conditions,
    /// From when, in nanoseconds UTC.
    pub since: i64,
    /// Until when.
    pub until: i64,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub made_by: String,
}

impl Silence {
    /// Whether a signal that is there now is silenced.
    pub fn covers(&self, subject: &Subject, now: i64) -> bool {
        self.since <= now && now < self.until && self.when.hold(subject)
    }

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.when.is_empty() {
            return Err("a silence without a condition would silence everything".to_owned());
        }
        if self.since >= self.until {
            return Err("a silence ends after it begins".to_owned());
        }
        if self.reason.trim().is_empty() || self.reason.chars().count() > REASON_CHARS_MAX {
            return Err(format!("say why, in up to {REASON_CHARS_MAX} characters"));
        }
        self.when.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::tests::subject;

    #[test]
    fn silences_have_a_reason_and_an_end() {
        let silence = |when: &str, since: i64, until: i64, reason: &str| Silence {
            when: serde_json::from_str(when).unwrap(),
            since,
            until,
            reason: reason.to_owned(),
            made_by: "ann".to_owned(),
        };
        let own = r#"{"entities":[{"kind":"address","value":"1.2.3.0/24"}]}"#;
        let check = |silence: Silence, expect: &str| {
            assert!(silence.check().unwrap_err().contains(expect), "{silence:?}");
        };
        check(silence("{}", 0, 10, "test"), "everything");
        check(silence(own, 10, 10, "test"), "ends after");
        check(silence(own, 0, 10, " "), "say why");
        let good = silence(own, 5, 10, "pentest");
        assert_eq!(good.check(), Ok(()));
        let covered: Vec<bool> = [4, 5, 9, 10].iter().map(|now| good.covers(&subject(), *now)).collect();
        assert_eq!(covered, [false, true, true, false]);
        assert!(!silence(r#"{"rules":["other"]}"#, 0, 10, "x").covers(&subject(), 5));
    }
}
