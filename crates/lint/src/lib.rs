//! Checks of rules: what is wrong with them, why it matters and how to mend it.
//!
//! A [`Check`] is one file under `checks/` and one line in `checks.rs`: its code, severity, texts, example and a
//! function over a [`RuleContext`] (a rule with its tree and places) or a [`SetContext`] (all rules of a run).
//! [`Linter`] runs them. Nothing here reads files, asks for the date or prints: the texts, the day and the facts
//! about the world ([`Facts`]) come from outside.
//!
//! The checks that sigma-cli has too (pySigma's core validators and SigmaHQ's) see rules as pySigma 1.5.1 reads
//! them and find what it finds, finding for finding; [`Like`] names the validator and the issue. Ours see rules by
//! the specification.

mod baseline;
mod check;
mod checks;
mod config;
mod context;
mod duplicates;
mod facts;
mod finding;
mod fix;
mod kept;
mod linter;
mod logic;
mod meaning;
mod refusal;
mod report;
mod suppress;
#[cfg(test)]
mod testing;
mod text;
mod wildcards;

pub use baseline::Baseline;
pub use check::{Check, Default, Example, Home, Like, OptionSpec, Run};
pub use checks::{ALL, by_name};
pub use config::{Config, Level, OptionValue};
pub use context::{Body, RuleContext, RuleFacts, SetContext};
pub use duplicates::{NEAR_PERCENT, Pair, REPEATS, Repeat, duplicates};
pub use facts::Facts;
pub use finding::{Finding, RuleName};
pub use fix::{Applied, Safety, apply_fixes};
pub use kept::Kept;
pub use linter::{Linter, Looked, Outcome, Trees};
pub use meaning::same_meaning;
pub use report::Report;

/// What every check needs.
mod prelude {
    pub(crate) use sigyn_diagnostics::{Code, Severity, Span};

    pub(crate) use crate::check::{Check, Example, Like, Run};
    pub(crate) use crate::context::RuleContext;
    pub(crate) use crate::fix::Fixed;
    pub(crate) use crate::report::Report;
}
