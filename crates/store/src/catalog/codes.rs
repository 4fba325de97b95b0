//! Closed lists: kept as numbers, shown as words. Numbers are never given again.

/// A value of a closed list.
pub trait Named: Copy + PartialEq + 'static {
    /// All values with their words; a value's place is its number in the database.
    const ALL: &'static [(Self, &'static str)];

    /// The word.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(value, _)| *value == self).map_or("", |(_, name)| *name)
    }

    /// The value of a word.
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
    }
}

pub(super) fn code<T: Named>(value: T) -> i64 {
    let place = T::ALL.iter().position(|(known, _)| *known == value);
    place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
}

pub(super) fn value_of<T: Named>(code: i64) -> Option<T> {
    usize::try_from(code).ok().and_then(|code| T::ALL.get(code)).map(|(value, _)| *value)
}

/// The value in a column.
pub(super) fn value_at<T: Named>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let code = row.get(column)?;
    value_of(code).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, code))
}

/// How serious a signal is, as its rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// To be known, not to be looked at.
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

impl Named for Level {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Informational, "informational"),
        (Self::Low, "low"),
        (Self::Medium, "medium"),
        (Self::High, "high"),
        (Self::Critical, "critical"),
    ];
}

/// Where a signal is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody has looked at it.
    Open,
    /// Somebody is at it.
    Acknowledged,
    /// Done, with a [`Verdict`].
    Closed,
}

impl Named for Status {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Open, "open"), (Self::Acknowledged, "acknowledged"), (Self::Closed, "closed")];
}

/// What a closed signal turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
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

impl Named for Verdict {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::True, "true"),
        (Self::BenignTrue, "benign_true"),
        (Self::FalsePositive, "false_positive"),
        (Self::Duplicate, "duplicate"),
        (Self::Undetermined, "undetermined"),
    ];
}

/// By what signals are filtered, counted and stacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The rule's uid.
    Rule,
    /// The level.
    Level,
    /// The status.
    Status,
    /// The verdict.
    Verdict,
    /// Who is at it.
    Assignee,
    /// The first tactic.
    Tactic,
    /// The first entity of kind `host`.
    Host,
    /// The first entity of kind `user`.
    User,
    /// The first entity of kind `address`.
    Address,
    /// The group key's text.
    Group,
}

impl Named for Field {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Rule, "rule"),
        (Self::Level, "level"),
        (Self::Status, "status"),
        (Self::Verdict, "verdict"),
        (Self::Assignee, "assignee"),
        (Self::Tactic, "tactic"),
        (Self::Host, "host"),
        (Self::User, "user"),
        (Self::Address, "address"),
        (Self::Group, "group_key"),
    ];
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Look.
    Viewer,
    /// And triage.
    Analyst,
    /// And change rules.
    Engineer,
    /// And respond.
    Responder,
    /// Everything.
    Admin,
    /// Send events, nothing else.
    Ingest,
}

impl Named for Role {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Viewer, "viewer"),
        (Self::Analyst, "analyst"),
        (Self::Engineer, "engineer"),
        (Self::Responder, "responder"),
        (Self::Admin, "admin"),
        (Self::Ingest, "ingest"),
    ];
}

/// Whether a block blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockMode {
    /// It is only written down.
    DryRun,
    /// It does.
    Real,
}

impl Named for BlockMode {
    const ALL: &'static [(Self, &'static str)] = &[(Self::DryRun, "dry_run"), (Self::Real, "real")];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Named + std::fmt::Debug>() {
        for (at, (value, name)) in T::ALL.iter().enumerate() {
            assert_eq!(code(*value), i64::try_from(at).unwrap());
            assert_eq!(T::parse(name), Some(*value));
            assert_eq!(value_of(code(*value)), Some(*value));
            assert_eq!(value.name(), *name);
        }
        assert_eq!(value_of::<T>(99), None);
        assert_eq!(T::parse("no such word"), None);
    }

    #[test]
    fn words_and_numbers_belong_together() {
        check::<Level>();
        check::<Status>();
        check::<Verdict>();
        check::<Field>();
        check::<Role>();
        check::<BlockMode>();
    }
}
