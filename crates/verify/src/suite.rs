//! A test file, understood.

use sigyn_diagnostics::Span;
use sigyn_event::Timestamp;
use sigyn_ir::LogSource;

/// A test file.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// The rule files as written, from the folder of the test file; none: those that stand beside it.
    pub rules: Vec<String>,
    /// Pipelines that the rules go through.
    pub pipelines: Vec<String>,
    /// Fields of the rules that are called otherwise in the events.
    pub field_map: Vec<(String, String)>,
    /// The tests.
    pub tests: Vec<Test>,
}

/// One test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What happens.
    pub given: Vec<Given>,
    /// The log source of events whose content does not say it.
    pub log_source: Option<LogSource>,
    /// What must fire.
    pub expect: Vec<Expectation>,
    /// Rules that must not fire, whatever else does.
    pub expect_none: Vec<(String, Span)>,
    /// Whether rules that are not named may fire.
    pub allow_others: bool,
    /// In which order events arrive.
    pub arrival: Arrival,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Given {
    /// A record, as a log would hold it.
    Event {
        /// The record.
        text: String,
        /// Where it stands.
        span: Span,
    },
    /// A log.
    File {
        /// Its path as written, from the folder of the test file.
        path: String,
        /// Where it stands.
        span: Span,
    },
}

/// In which order events arrive. It must make no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Arrival {
    /// As written.
    #[default]
    Written,
    /// In this order, by their numbers from 1.
    Order(Vec<usize>),
    /// As written, and in several other orders.
    Shuffled,
}

/// Detections of one rule that must be there.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The rule's id, name or title.
    pub rule: String,
    /// How many.
    pub count: Count,
    /// What each of them must be.
    pub wanted: crate::Wanted,
    /// Where it stands.
    pub span: Span,
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// At least.
    pub min: usize,
    /// At most.
    pub max: Option<usize>,
}

impl Count {
    /// So many.
    pub fn exactly(count: usize) -> Self {
        Self { min: count, max: Some(count) }
    }

    /// Whether a number is one of them.
    pub fn holds(self, count: usize) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.min, self.max) {
            (min, Some(max)) if min == max => write!(f, "{min}"),
            (0, Some(max)) => write!(f, "at most {max}"),
            (min, Some(max)) => write!(f, "{min} to {max}"),
            (min, None) => write!(f, "at least {min}"),
        }
    }
}

/// What a test file says for all of its tests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Common {
    pub(crate) defaults: Vec<(String, serde_json::Value)>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) log_source: Option<LogSource>,
}
