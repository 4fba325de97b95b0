//! Which signals make which block: the decision, from everything that it hangs on.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::condition::is_like;
use crate::safety::{Present, SECONDS_MAX, SECONDS_MIN};
use crate::{Conditions, Mode, Refusal, SECOND, Safety, Subject, after, check_name};

/// How far back an address's earlier blocks make the next one longer: a week.
pub const MEMORY: i64 = 7 * 86_400 * SECOND;

/// A response policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What people call it.
    pub name: String,
    /// Whether it is in force.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Whether what it blocks is only written down.
    #[serde(default = "yes")]
    pub is_dry_run: bool,
    /// Which signals.
    pub when: Conditions,
    /// How long an address is blocked, in seconds.
    pub seconds: u64,
    /// By how much a block is longer for each that the address has had within a week; 1: not at all.
    #[serde(default = "once")]
    pub repeat_factor: u32,
    /// Whether addresses of one's own networks are blocked.
    #[serde(default)]
    pub may_block_private: bool,
    /// Signals whose last event is older make no block; none: however old.
    #[serde(default = "usual_age")]
    pub age_seconds_max: Option<u64>,
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be absent")]
fn usual_age() -> Option<u64> {
    Some(600)
}

/// How many blocks there have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whether the address is blocked as it would be again.
    pub is_blocked: bool,
    /// Blocks of the address within [`MEMORY`].
    pub of_address: u64,
    /// Blocks by rules within the last minute.
    pub in_minute: u64,
    /// Blocks by rules within the last hour.
    pub in_hour: u64,
    /// Blocks that are in force or will be.
    pub at_once: u64,
}

/// What is to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: the policy does not concern the signal, or the address is blocked already.
    Nothing,
    /// The policy would block, and must not.
    Refuse {
        /// The address, if there is one.
        address: Option<IpAddr>,
        /// Why it must not.
        why: Refusal,
    },
    /// The address is blocked.
    Block {
        /// The address.
        address: IpAddr,
        /// Whether it is only written down.
        is_dry_run: bool,
        /// For how long, in seconds.
        seconds: u64,
    },
}

impl Policy {
    /// Whether the policy concerns a signal that is there now.
    pub fn wants(&self, subject: &Subject, safety: &Safety, now: i64) -> bool {
        let age = now.saturating_sub(subject.last_seen);
        let is_new = self.age_seconds_max.is_none_or(|max| age <= after(0, max));
        safety.mode != Mode::Off && self.is_enabled && is_new && self.when.hold(subject)
    }

    /// Whether its blocks are only written down.
    pub fn is_dry(&self, safety: &Safety) -> bool {
        self.is_dry_run || safety.mode != Mode::Real
    }

    /// Decides about a signal. `count` is asked for the address once it is known that it may be blocked.
    ///
    /// # Errors
    /// Those of `count`.
    pub fn decide<E>(
        &self,
        subject: &Subject,
        safety: &Safety,
        present: &Present,
        now: i64,
        count: impl FnOnce(IpAddr, bool) -> Result<Counts, E>,
    ) -> Result<Decision, E> {
        if !self.wants(subject, safety, now) {
            return Ok(Decision::Nothing);
        }
        let client = match safety.client_of(subject) {
            Ok(client) => client,
            Err(why) => return Ok(Decision::Refuse { address: None, why }),
        };
        let address = client.address;
        let refuse = |why| Ok(Decision::Refuse { address: Some(address), why });
        let forged = subject
            .sources
            .iter()
            .find(|source| safety.untrusted_sources.iter().any(|pattern| is_like(source, pattern)));
        if let Some(source) = forged {
            return refuse(format!("what {source} sends may be forged"));
        }
        let may = safety.may_block(address, self.may_block_private, present);
        if let Err(why) = may.and_then(|()| safety.may_reach(client)) {
            return refuse(why);
        }
        let is_dry_run = self.is_dry(safety);
        let counts = count(address, is_dry_run)?;
        if counts.is_blocked {
            return Ok(Decision::Nothing);
        }
        if let Some(why) = cap(safety, counts) {
            return refuse(why);
        }
        Ok(Decision::Block { address, is_dry_run, seconds: self.seconds_for(counts.of_address, safety) })
    }

    /// How long an address is blocked that has been so often before.
    pub fn seconds_for(&self, earlier: u64, safety: &Safety) -> u64 {
        let factor = u64::from(self.repeat_factor).saturating_pow(u32::try_from(earlier).unwrap_or(u32::MAX));
        self.seconds.saturating_mul(factor).min(safety.seconds_max)
    }

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        check_name(&self.name)?;
        if self.when.is_empty() {
            return Err("a policy without a condition would block whoever causes any signal".to_owned());
        }
        if !(SECONDS_MIN..=SECONDS_MAX).contains(&self.seconds) {
            return Err(format!("a block lasts {SECONDS_MIN} to {SECONDS_MAX} seconds"));
        }
        if !(1..=10).contains(&self.repeat_factor) {
            return Err("a block grows by a factor of 1 to 10".to_owned());
        }
        self.when.check()
    }
}

/// Which cap is reached.
fn cap(safety: &Safety, counts: Counts) -> Option<Refusal> {
    let caps = [
        (counts.in_minute, safety.per_minute_max, "in a minute"),
        (counts.in_hour, safety.per_hour_max, "in an hour"),
        (counts.at_once, safety.at_once_max, "at the same time"),
    ];
    let reached = caps.iter().find(|(count, max, _)| count >= max);
    reached.map(|(_, max, when)| format!("the cap of {max} blocks {when} is reached"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::tests::subject;

    fn policy(rest: &str) -> Policy {
        let json = format!(r#"{{"name":"p","when":{{"level_min":"high"}},"seconds":900{rest}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn decide(policy: &Policy, safety: &str, subject: &Subject, counts: Counts) -> String {
        let safety: Safety = serde_json::from_str(safety).unwrap();
        let present = Present::default();
        let decided = policy.decide::<()>(subject, &safety, &present, 1_100 * SECOND, |_, _| Ok(counts));
        match decided.unwrap() {
            Decision::Nothing => "nothing".to_owned(),
            Decision::Refuse { why, .. } => format!("refused: {why}"),
            Decision::Block { address, is_dry_run, seconds } => {
                format!("{}block {address} for {seconds}", if is_dry_run { "dry " } else { "" })
            }
        }
    }

    #[test]
    fn blocks_are_real_only_if_everything_says_so() {
        let check = |rest: &str, mode: &str, expect: &str| {
            let safety = format!(r#"{{"mode":"{mode}"}}"#);
            assert_eq!(
                decide(&policy(rest), &safety, &subject(), Counts::default()),
                expect,
                "{rest} {mode}"
            );
        };
        check("", "off", "nothing");
        check("", "dry_run", "dry block 1.2.3.4 for 900");
        check("", "real", "dry block 1.2.3.4 for 900");
        check(r#","is_dry_run":false"#, "dry_run", "dry block 1.2.3.4 for 900");
        check(r#","is_dry_run":false"#, "real", "block 1.2.3.4 for 900");
        check(r#","is_enabled":false"#, "real", "nothing");
    }

    #[test]
    fn caps_lists_and_doubts_refuse() {
        let real = policy(r#","is_dry_run":false,"repeat_factor":4"#);
        let check = |safety: &str, subject: &Subject, counts: Counts, expect: &str| {
            let said = decide(&real, safety, subject, counts);
            assert!(said.starts_with(expect), "{safety}: {said}");
        };
        let none = Counts::default();
        let on = r#"{"mode":"real"}"#;
        check(
            r#"{"mode":"real","never":[{"network":"1.2.3.4"}]}"#,
            &subject(),
            none,
            "refused: 1.2.3.4 is on the",
        );
        check(
            on,
            &Subject { sources: vec!["syslog-udp:6.6.6.6".into()], ..subject() },
            none,
            "refused: what syslog-udp",
        );
        check(on, &Subject { sources: vec!["syslog:6.6.6.6".into()], ..subject() }, none, "block");
        check(on, &Subject { last_seen: 0, ..subject() }, none, "nothing");
        check(on, &Subject { level: crate::Level::Low, ..subject() }, none, "nothing");
        check(on, &subject(), Counts { is_blocked: true, ..none }, "nothing");
        check(on, &subject(), Counts { in_minute: 10, ..none }, "refused: the cap of 10 blocks in a minute");
        check(on, &subject(), Counts { in_hour: 60, ..none }, "refused: the cap of 60 blocks in an hour");
        check(on, &subject(), Counts { at_once: 500, ..none }, "refused: the cap of 500 blocks at the same");
        check(on, &subject(), Counts { of_address: 1, ..none }, "block 1.2.3.4 for 3600");
        check(on, &subject(), Counts { of_address: 99, ..none }, "block 1.2.3.4 for 86400");
    }
}
