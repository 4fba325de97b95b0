//! Rules in, queries out: wires loading, pipelines and backends.
//!
//! Pure apart from what [`sigyn_pipeline::Files`] reads for a pipeline. Detection rules are converted in
//! parallel, correlations after the rules they read; the order of the output is that of the rule set. One rule
//! that cannot be converted never costs another its output.

pub mod analyze;
mod converter;
pub mod diff;
mod failure;
mod loading;
mod prepare;
mod report;
mod taxonomy;

pub use converter::{Conversion, Converted, Converter, Settings, Strictness};
pub use failure::{Failure, reference_class};
pub use loading::{load, load_behind};
pub use prepare::{Prepared, prepare};
pub use report::FileReport;
