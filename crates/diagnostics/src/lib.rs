//! Diagnostics: what is wrong, where, why it matters and how to fix it.
//!
//! A [`Diagnostic`] carries a [`Code`] from one table ([`codes`]), a message, labelled byte ranges into
//! [`Sources`] and, where there is one, a way out. This crate knows text and places, not Sigma: it renders
//! for people (rustc-like), as JSON and as SARIF, and never prints by itself.

mod code;
pub mod codes;
mod diagnostic;
pub mod render;
mod source;

pub use code::{Code, Group};
pub use diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
pub use source::{LineColumn, SourceFile, SourceId, Sources, Span};
