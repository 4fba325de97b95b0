//! What a rule tells Sigyn beyond the specification: the mapping `sigyn:` at the top of a document.
//!
//! Other tools keep it as a custom attribute and do not act on it. What the options mean over time is said in
//! `docs/correlation.md`; this is only what was written.

use crate::{Number, meta::names};

/// The options of a rule or correlation. What a document does not say has the value of [`Options::default`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Options {
    /// How inputs are put into windows (correlations).
    pub window: WindowKind,
    /// Longest silence within a session, in seconds (correlations with `window: session`).
    pub gap_seconds: Option<u64>,
    /// How far windows are moved from the Unix epoch, in seconds (correlations with `window: tumbling`).
    pub offset_seconds: u64,
    /// `UTC`, an offset such as `+02:00`, or a zone by name (correlations with `window: tumbling`).
    pub timezone: Option<String>,
    /// The rule whose hits windows begin or end with, as `rules` lists it (correlations with `window: before` or `after`).
    pub pivot: Option<String>,
    /// How often a correlation speaks.
    pub on_match: OnMatch,
    /// How long a group stays silent after it has spoken, in seconds (correlations).
    pub suppress_seconds: Option<u64>,
    /// What becomes of events without a field of the group (correlations).
    pub missing: Missing,
    /// How a percentile between two values is taken (correlations).
    pub percentile: PercentileKind,
    /// What of the detections that it reads a correlation sees.
    pub revisions: Revisions,
    /// How many of the oldest and of the newest inputs a detection refers to (correlations).
    pub evidence: Option<u32>,
    /// Keys that are judged even if nothing happened: for each the values of `group-by` in order (correlations).
    pub inventory: Vec<Vec<String>>,
    /// The rule gives no signal of its own; other rules see its detections all the same.
    pub is_silent: bool,
    /// How much a detection adds to the risk of what it names, 0 to 100.
    pub risk: Option<u8>,
    /// Named values of a detection.
    pub outcomes: Vec<Outcome>,
    /// Keys that are there but could not be read. Whoever acts on options must refuse the rule then.
    pub unread: Vec<String>,
}

/// How inputs are put into windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum WindowKind {
    /// What lies at most a time span before each input.
    #[default]
    Sliding,
    /// Pieces of fixed place and length.
    Tumbling,
    /// Inputs that follow each other closely.
    Session,
    /// A time span before each hit of one rule.
    Before,
    /// A time span behind each hit of one rule.
    After,
}

names!(WindowKind {
    Sliding = "sliding",
    Tumbling = "tumbling",
    Session = "session",
    Before = "before",
    After = "after"
});

/// How often a correlation speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum OnMatch {
    /// Once, as long as it goes on.
    #[default]
    Episode,
    /// At each input at which it holds.
    Every,
    /// When it holds; what it held for does not count again.
    Reset,
    /// At each sequence; an event that belongs to one is in no other at the same stage.
    Consume,
}

names!(OnMatch { Episode = "episode", Every = "every", Reset = "reset", Consume = "consume" });

/// What becomes of events without a field of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Missing {
    /// They do not count.
    #[default]
    Skip,
    /// They form a group of their own.
    Group,
}

names!(Missing { Skip = "skip", Group = "group" });

/// How a percentile between two values is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum PercentileKind {
    /// On the line between them.
    #[default]
    Linear,
    /// The nearest rank.
    Nearest,
}

names!(PercentileKind { Linear = "linear", Nearest = "nearest" });

/// What of the detections that it reads a correlation sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Revisions {
    /// One input for each detection, when it begins.
    #[default]
    Anchor,
    /// One input for each event at which the detection held.
    Each,
}

names!(Revisions { Anchor = "anchor", Each = "each" });

/// A named value of a detection, made of the events that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The name.
    pub name: String,
    /// How it is made.
    pub aggregate: Aggregate,
    /// The field; empty for [`Aggregate::Count`].
    pub field: String,
}

/// How an outcome is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aggregate {
    /// How many events.
    Count,
    /// How many different values.
    Distinct,
    /// The sum of the numbers.
    Sum,
    /// The smallest number.
    Min,
    /// The largest number.
    Max,
    /// The first value.
    First,
    /// The last value.
    Last,
    /// The different values, in the order in which they came.
    Values,
}

names!(Aggregate {
    Count = "count",
    Distinct = "distinct",
    Sum = "sum",
    Min = "min",
    Max = "max",
    First = "first",
    Last = "last",
    Values = "values",
});

/// Largest number of outcomes of a rule.
pub(crate) const OUTCOMES_MAX: usize = 64;
/// Most references that a detection may ask for at each end.
pub(crate) const EVIDENCE_MAX: i128 = 10_000;

impl Options {
    /// Whether a number can be a risk.
    pub(crate) fn risk_of(number: Number) -> Option<u8> {
        match number {
            Number::Int(value @ 0..=100) => u8::try_from(value).ok(),
            _ => None,
        }
    }
}
