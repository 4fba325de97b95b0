//! Values that many answers share: moments and words of closed lists.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sigyn_event::Timestamp;
use sigyn_store::catalog;
use utoipa::ToSchema;

/// A moment, RFC 3339 in UTC with up to nine digits behind the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.25Z")]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// Reads RFC 3339, or a date alone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Timestamp::parse(text).map(|Timestamp(nanos)| Self(nanos))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Timestamp(self.0))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no time (RFC 3339)")))
    }
}

/// Seconds as clients count them, from nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "durations that people read")]
pub(crate) fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

/// How serious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl From<catalog::Level> for Level {
    fn from(level: catalog::Level) -> Self {
        match level {
            catalog::Level::Informational => Self::Informational,
            catalog::Level::Low => Self::Low,
            catalog::Level::Medium => Self::Medium,
            catalog::Level::High => Self::High,
            catalog::Level::Critical => Self::Critical,
        }
    }
}

/// Where a signal is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Nobody has looked at it.
    Open,
    /// Somebody is at it.
    Acknowledged,
    /// Done, with a verdict.
    Closed,
}

impl From<catalog::Status> for Status {
    fn from(status: catalog::Status) -> Self {
        match status {
            catalog::Status::Open => Self::Open,
            catalog::Status::Acknowledged => Self::Acknowledged,
            catalog::Status::Closed => Self::Closed,
        }
    }
}

impl From<Status> for catalog::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Acknowledged => Self::Acknowledged,
            Status::Closed => Self::Closed,
        }
    }
}

/// What a closed signal turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// What the rule is meant to find.
    True,
    /// What the rule describes, and it was allowed.
    BenignTrue,
    /// Not what the rule describes.
    FalsePositive,
    /// Told by another signal.
    Duplicate,
    /// Could not be found out.
    Undetermined,
}

impl From<catalog::Verdict> for Verdict {
    fn from(verdict: catalog::Verdict) -> Self {
        match verdict {
            catalog::Verdict::True => Self::True,
            catalog::Verdict::BenignTrue => Self::BenignTrue,
            catalog::Verdict::FalsePositive => Self::FalsePositive,
            catalog::Verdict::Duplicate => Self::Duplicate,
            catalog::Verdict::Undetermined => Self::Undetermined,
        }
    }
}

impl From<Verdict> for catalog::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::True => Self::True,
            Verdict::BenignTrue => Self::BenignTrue,
            Verdict::FalsePositive => Self::FalsePositive,
            Verdict::Duplicate => Self::Duplicate,
            Verdict::Undetermined => Self::Undetermined,
        }
    }
}

/// What somebody is here for; it decides the scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Looks: `read`.
    Viewer,
    /// Triages: `read`, `triage`.
    Analyst,
    /// Cares for rules: `read`, `triage`, `rules`.
    Engineer,
    /// Responds: `read`, `triage`, `respond`.
    Responder,
    /// Everything.
    Admin,
    /// Sends events: `ingest`.
    Ingest,
}

impl From<catalog::Role> for Role {
    fn from(role: catalog::Role) -> Self {
        match role {
            catalog::Role::Viewer => Self::Viewer,
            catalog::Role::Analyst => Self::Analyst,
            catalog::Role::Engineer => Self::Engineer,
            catalog::Role::Responder => Self::Responder,
            catalog::Role::Admin => Self::Admin,
            catalog::Role::Ingest => Self::Ingest,
        }
    }
}

impl From<Role> for catalog::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Analyst => Self::Analyst,
            Role::Engineer => Self::Engineer,
            Role::Responder => Self::Responder,
            Role::Admin => Self::Admin,
            Role::Ingest => Self::Ingest,
        }
    }
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// See everything but users, keys and the audit trail.
    Read,
    /// Change signals.
    Triage,
    /// Switch rules, reload them.
    Rules,
    /// Block and unblock.
    Respond,
    /// Users, keys, settings, the audit trail.
    Admin,
    /// Send events.
    Ingest,
}

impl Scope {
    /// All, with their words.
    pub(crate) const ALL: &[(Self, &'static str)] = &[
        (Self::Read, "read"),
        (Self::Triage, "triage"),
        (Self::Rules, "rules"),
        (Self::Respond, "respond"),
        (Self::Admin, "admin"),
        (Self::Ingest, "ingest"),
    ];

    /// The word.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }

    /// The scope of a word.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope)
    }

    /// The scopes of a role.
    pub(crate) fn of(role: catalog::Role) -> &'static [Self] {
        match role {
            catalog::Role::Viewer => &[Self::Read],
            catalog::Role::Analyst => &[Self::Read, Self::Triage],
            catalog::Role::Engineer => &[Self::Read, Self::Triage, Self::Rules],
            catalog::Role::Responder => &[Self::Read, Self::Triage, Self::Respond],
            catalog::Role::Admin => {
                &[Self::Read, Self::Triage, Self::Rules, Self::Respond, Self::Admin, Self::Ingest]
            }
            catalog::Role::Ingest => &[Self::Ingest],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written() {
        let check = |text: &str, expect: Option<&str>| {
            let read: Option<Moment> = serde_json::from_value(text.into()).ok();
            let written = read.map(|moment| serde_json::to_value(moment).unwrap());
            assert_eq!(written, expect.map(Into::into), "{text}");
        };
        check("2026-01-31T12:00:00.25Z", Some("2026-01-31T12:00:00.250Z"));
        check("2026-01-31T13:00:00+01:00", Some("2026-01-31T12:00:00Z"));
        check("soon", None);
    }
}
