//! The house's own tools: what the compiler cannot check, and the pages that are generated from the code.
//!
//! [`attack`] writes the data of ATT&CK that is bundled. [`tidy`] and [`generate`] run from `cargo xtask` and, with the same functions, from this crate's tests, so
//! that `cargo test` is the one gate.

pub mod attack;
pub mod generate;
pub mod tidy;
mod workspace;

pub use workspace::{SourceText, Workspace};
