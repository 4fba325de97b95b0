//! A signal as alerting and blocking see it.

use serde::{Deserialize, Serialize};

/// How serious a signal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// To be known, not to be looked at.
    #[default]
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Level {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What is known of a signal when it is decided what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// The rule's uid.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// How serious.
    pub level: Level,
    /// 0 to 100.
    pub risk: u8,
    /// The rule's tags, `namespace.name`.
    pub tags: Vec<String>,
    /// When it happened, in nanoseconds UTC.
    pub ts: i64,
    /// The last event that contributed.
    pub last_seen: i64,
    /// The group in one line.
    pub group: String,
    /// How many events contributed.
    pub total: u64,
    /// Whom it is about: kind (`host`, `user`, `address`) and value.
    pub entities: Vec<(String, String)>,
    /// Why it is there, in a sentence.
    pub why: String,
    /// Who sent the events that it rests on.
    pub sources: Vec<String>,
    /// Addresses that proxies say they forward for, one list for each event, as the events say it.
    pub forwarded: Vec<String>,
}

impl Subject {
    /// The values of a kind of entity.
    pub fn entities_of<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s str> {
        self.entities.iter().filter(move |(known, _)| known == kind).map(|(_, value)| value.as_str())
    }
}
