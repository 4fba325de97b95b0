//! Which alert goes where, and what is told together.
//!
//! Signals of a group are told in one message after a short wait, so that the first burst is one message and not fifty.
//! What comes after it is counted and told at most once in the quiet time. A group that stays quiet for that long is over;
//! the next signal begins a new one.

use serde::{Deserialize, Serialize};

use crate::{Conditions, Refusal, SECOND, Subject, after, check_name};

/// Channels of a rule at most.
const CHANNELS_MAX: usize = 20;
/// A day in seconds: the longest wait and quiet time are a week, the longest age a year.
const DAY: u64 = 86_400;

/// An alert rule: which signals are told where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// What people call it.
    pub name: String,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Which signals.
    #[serde(default)]
    pub when: Conditions,
    /// Ids of channels.
    pub channels: Vec<String>,
    /// What makes signals one group.
    #[serde(default = "usual_group")]
    pub group_by: Vec<GroupBy>,
    /// How long the first message of a group waits for more, in seconds.
    #[serde(default = "usual_wait")]
    pub wait_seconds: u64,
    /// How long a group is not told of again, in seconds.
    #[serde(default = "usual_quiet")]
    pub quiet_seconds: u64,
    /// Signals whose last event is older are not told, so that looking back wakes nobody; none: however old.
    #[serde(default = "usual_age")]
    pub age_seconds_max: Option<u64>,
}

/// A part of a group's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The rule.
    Rule,
    /// The level.
    Level,
    /// The addresses.
    Address,
    /// The hosts.
    Host,
    /// The users.
    User,
    /// The first of address, user, host that there is.
    Entity,
}

fn yes() -> bool {
    true
}

fn usual_group() -> Vec<GroupBy> {
    vec![GroupBy::Rule, GroupBy::Entity]
}

fn usual_wait() -> u64 {
    10
}

fn usual_quiet() -> u64 {
    3_600
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be absent")]
fn usual_age() -> Option<u64> {
    Some(DAY)
}

impl AlertRule {
    /// Whether a signal that is there now is told by this rule.
    pub fn wants(&self, subject: &Subject, now: i64) -> bool {
        let age = now.saturating_sub(subject.last_seen);
        let is_new = self.age_seconds_max.is_none_or(|max| age <= after(0, max));
        self.is_enabled && is_new && self.when.hold(subject)
    }

    /// The group of a signal: equal texts belong together.
    pub fn group_of(&self, subject: &Subject) -> String {
        let all = |kind: &str| subject.entities_of(kind).collect::<Vec<_>>().join(",");
        let parts = self.group_by.iter().map(|by| match by {
            GroupBy::Rule => subject.rule.clone(),
            GroupBy::Level => subject.level.name().to_owned(),
            GroupBy::Address => all("address"),
            GroupBy::Host => all("host"),
            GroupBy::User => all("user"),
            GroupBy::Entity => {
                let kind = ["address", "user", "host"]
                    .into_iter()
                    .find(|kind| subject.entities_of(kind).next().is_some());
                kind.map(|kind| format!("{kind}:{}", all(kind))).unwrap_or_default()
            }
        });
        // A separator that no part holds: what is in logs must not make one group of two.
        parts.map(|part| part.replace('\u{1f}', " ")).collect::<Vec<_>>().join("\u{1f}")
    }

    /// When a group is told of next, if it was told of before or not.
    pub fn due(&self, now: i64, told: Option<i64>) -> i64 {
        let first = after(now, self.wait_seconds);
        told.map_or(first, |told| first.max(after(told, self.quiet_seconds)))
    }

    /// Whether a group is over that has nothing to tell.
    pub fn is_over(&self, now: i64, told: i64) -> bool {
        now.saturating_sub(told)
            >= i64::try_from(self.quiet_seconds).unwrap_or(i64::MAX).saturating_mul(SECOND)
    }

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        check_name(&self.name)?;
        self.when.check()?;
        if self.channels.is_empty() || self.channels.len() > CHANNELS_MAX {
            return Err(format!("an alert rule has 1 to {CHANNELS_MAX} channels"));
        }
        if self.wait_seconds.max(self.quiet_seconds) > 7 * DAY {
            return Err("nothing waits longer than a week".to_owned());
        }
        if self.age_seconds_max.is_some_and(|age| age > 366 * DAY) {
            return Err("an age of at most a year, or none".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::tests::subject;

    fn rule(rest: &str) -> AlertRule {
        serde_json::from_str(&format!(r#"{{"name":"n","channels":["c"]{rest}}}"#)).unwrap()
    }

    #[test]
    fn groups() {
        let check = |rest: &str, expect: &str| {
            assert_eq!(rule(rest).group_of(&subject()).replace('\u{1f}', "|"), expect, "{rest}");
        };
        check("", "web-sqli-001|address:1.2.3.4");
        check(r#","group_by":["host","level"]"#, "web1|high");
        check(r#","group_by":["user"]"#, "");
        check(r#","group_by":[]"#, "");
    }

    #[test]
    fn old_signals_and_those_of_rules_switched_off_are_not_told() {
        let at = |rest: &str, seconds: i64| rule(rest).wants(&subject(), seconds * SECOND);
        assert!(at("", 1_000));
        assert!(at("", 1_000 + 86_400));
        assert!(!at("", 1_001 + 86_400));
        assert!(at(r#","age_seconds_max":null"#, 10_000_000));
        assert!(!at(r#","is_enabled":false"#, 1_000));
        assert!(!at(r#","when":{"level_min":"critical"}"#, 1_000));
    }

    #[test]
    fn a_group_waits_at_first_and_is_quiet_afterwards() {
        let rule = rule("");
        assert_eq!(rule.due(100 * SECOND, None), 110 * SECOND);
        assert_eq!(rule.due(100 * SECOND, Some(90 * SECOND)), 3_690 * SECOND);
        assert_eq!(rule.due(9_000 * SECOND, Some(90 * SECOND)), 9_010 * SECOND);
        assert!(!rule.is_over(3_689 * SECOND, 90 * SECOND));
        assert!(rule.is_over(3_690 * SECOND, 90 * SECOND));
    }
}
