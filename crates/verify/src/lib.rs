//! Tests of rules: what must fire on which events, and what must not.
//!
//! A [`Suite`] is a test file, read from YAML by [`read()`], or SigmaHQ's regression data by [`regression()`]. [`run()`]
//! holds the rules of a suite against it, and [`report`] says what came of it. The crate opens no file: whoever runs a
//! suite hands in its rules and the bytes of its logs.

pub mod backtest;
mod compare;
mod events;
mod read;
mod regression;
pub mod report;
mod run;
mod steps;
mod suite;
mod values;

pub use compare::{Difference, Wanted};
pub use read::read;
pub use regression::{regression, regression_path};
pub use run::{Case, Outcome, Problem, ReadFile, Verdict, run};
pub use steps::explained;
pub use suite::{Arrival, Count, Expectation, Given, Suite, Test};
