//! Which signals a setting concerns: alert rules, silences and policies ask in the same way.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{Level, Refusal, Subject};

/// Entries of a list at most.
const ENTRIES_MAX: usize = 500;
/// Characters of an entry at most.
const ENTRY_CHARS_MAX: usize = 300;

/// Conditions on a signal. All that are given must hold; of a list, one entry must. None given: every signal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// This level or above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_min: Option<Level>,
    /// This risk or above, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_min: Option<u8>,
    /// One of these rules, by uid; `*` stands for any characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The rule has one of these tags; `*` stands for any characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The signal is about one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityTest>,
}

/// A host, a user or addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityTest {
    /// `host`, `user` or `address`.
    pub kind: String,
    /// The value; `*` stands for any characters. For addresses also a network, `10.0.0.0/8`.
    pub value: String,
}

impl Conditions {
    /// Whether they hold for every signal.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether they hold for a signal.
    pub fn hold(&self, subject: &Subject) -> bool {
        let any = |wanted: &[String], found: &[&str]| {
            wanted.is_empty() || wanted.iter().any(|glob| found.iter().any(|text| is_like(text, glob)))
        };
        let tags: Vec<&str> = subject.tags.iter().map(String::as_str).collect();
        self.level_min.is_none_or(|least| subject.level >= least)
            && self.risk_min.is_none_or(|least| subject.risk >= least)
            && any(&self.rules, &[&subject.rule])
            && any(&self.tags, &tags)
            && (self.entities.is_empty() || self.entities.iter().any(|test| test.holds(subject)))
    }

    /// Says what is wrong with them.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        let texts = self.rules.iter().chain(&self.tags).chain(self.entities.iter().map(|test| &test.value));
        for text in texts.clone() {
            if text.is_empty() || text.chars().count() > ENTRY_CHARS_MAX {
                return Err(format!("an entry has 1 to {ENTRY_CHARS_MAX} characters"));
            }
        }
        if texts.count() > ENTRIES_MAX {
            return Err(format!("more than {ENTRIES_MAX} entries"));
        }
        if self.risk_min.is_some_and(|risk| risk > 100) {
            return Err("risk is 0 to 100".to_owned());
        }
        self.entities.iter().try_for_each(EntityTest::check)
    }
}

impl EntityTest {
    fn holds(&self, subject: &Subject) -> bool {
        subject.entities_of(&self.kind).any(|value| self.is_value(value))
    }

    fn is_value(&self, value: &str) -> bool {
        if self.kind == "address"
            && let (Ok(network), Ok(address)) = (self.value.parse::<IpNet>(), value.parse::<IpAddr>())
        {
            return network.contains(&sigyn_blocker::address::canonical(address));
        }
        is_like(value, &self.value)
    }

    fn check(&self) -> Result<(), Refusal> {
        if !["host", "user", "address"].contains(&self.kind.as_str()) {
            return Err(format!("`{}` is no kind of entity; there are host, user and address", self.kind));
        }
        if self.kind == "address" && self.value.contains('/') && self.value.parse::<IpNet>().is_err() {
            return Err(format!("`{}` is no network", self.value));
        }
        Ok(())
    }
}

/// Whether a text is like a pattern with `*` for any characters, whatever their case.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let middle: Vec<&str> = parts.collect();
    let Some((last, middle)) = middle.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A signal as most tests need it.
    pub(crate) fn subject() -> Subject {
        Subject {
            id: "00000000000000000000000000000001".into(),
            rule: "web-sqli-001".into(),
            title: "SQL injection".into(),
            level: Level::High,
            risk: 70,
            tags: vec!["attack.initial_access".into(), "attack.t1190".into()],
            ts: 1_000 * crate::SECOND,
            last_seen: 1_000 * crate::SECOND,
            group: "source.ip=1.2.3.4".into(),
            total: 12,
            entities: vec![("address".into(), "1.2.3.4".into()), ("host".into(), "web1".into())],
            why: "`url.query` is `id=1 or 1=1`".into(),
            sources: vec!["tail:access.log".into()],
            forwarded: vec![],
        }
    }

    #[test]
    fn conditions_hold() {
        let check = |json: &str, expect: bool| {
            let conditions: Conditions = serde_json::from_str(json).unwrap();
            assert_eq!(conditions.check(), Ok(()), "{json}");
            assert_eq!(conditions.hold(&subject()), expect, "{json}");
        };
        check("{}", true);
        check(r#"{"level_min":"high"}"#, true);
        check(r#"{"level_min":"critical"}"#, false);
        check(r#"{"risk_min":70}"#, true);
        check(r#"{"risk_min":71}"#, false);
        check(r#"{"rules":["other","web-*"]}"#, true);
        check(r#"{"rules":["web"]}"#, false);
        check(r#"{"tags":["attack.t11*"],"level_min":"low"}"#, true);
        check(r#"{"tags":["attack.t11*"],"level_min":"critical"}"#, false);
        check(r#"{"entities":[{"kind":"address","value":"1.2.0.0/16"}]}"#, true);
        check(r#"{"entities":[{"kind":"address","value":"1.3.0.0/16"}]}"#, false);
        check(r#"{"entities":[{"kind":"host","value":"1.2.3.4"},{"kind":"host","value":"WEB*"}]}"#, true);
        check(r#"{"entities":[{"kind":"user","value":"*"}]}"#, false);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let check = |json: &str, expect: &str| {
            let read = serde_json::from_str::<Conditions>(json).map_err(|error| error.to_string());
            let said = read.and_then(|conditions| conditions.check()).unwrap_err();
            assert!(said.contains(expect), "{json}: {said}");
        };
        check(r#"{"levels":["high"]}"#, "unknown field `levels`");
        check(r#"{"rules":[""]}"#, "an entry has");
        check(r#"{"risk_min":101}"#, "0 to 100");
        check(r#"{"entities":[{"kind":"ip","value":"1.1.1.1"}]}"#, "`ip` is no kind");
        check(r#"{"entities":[{"kind":"address","value":"1.1.1.1/99"}]}"#, "`1.1.1.1/99` is no network");
    }

    #[test]
    fn patterns() {
        let check = |text: &str, pattern: &str, expect: bool| {
            assert_eq!(is_like(text, pattern), expect, "{text} {pattern}");
        };
        check("abc", "abc", true);
        check("abc", "ABC", true);
        check("abc", "ab", false);
        check("abc", "a*", true);
        check("abc", "*c", true);
        check("abc", "a*c", true);
        check("ac", "a*c", true);
        check("a", "a*a", false);
        check("aXbXc", "a*b*c", true);
        check("ab", "a*b*b", false);
        check("", "*", true);
        check("abc", "", false);
    }
}
