//! Processing pipelines: what stands between a rule and a target.
//!
//! A [`Pipeline`] is read from YAML ([`Pipeline::from_yaml`]) or taken from those built in ([`builtin`]),
//! several are joined with [`Pipeline::chain`], and one is applied to each rule in turn: items rewrite the
//! rule, post-processing items rewrite the query made of it, finalizers join all queries. The format and its
//! meaning are pySigma's (versions 1.5 and 2.0); where the two differ, [`sigyn_ir::Compat`] chooses.
//!
//! This crate knows no target and no engine, and it reads no file: what an item wants from outside comes
//! through [`Files`], which the caller implements. To add a transformation, write one file in
//! `transformations/` and one line in its registry; conditions, post-processing items and finalizers alike.

pub mod builtin;
mod conditions;
mod context;
mod detections;
mod files;
mod finalizers;
mod item;
mod linking;
mod node;
mod params;
mod pipeline;
mod postprocessing;
mod pyformat;
mod pyregex;
mod schema;
mod template;
#[cfg(test)]
mod tests;
mod tracking;
mod transformations;
mod values;
mod walk;

pub use conditions::{ConditionKind, ConditionSpec, condition_specs};
pub use context::Context;
pub use files::{Command, Files, HttpRequest, NoFiles};
pub use finalizers::specs as finalizer_specs;
pub use params::{Example, Parameter, Spec};
pub use pipeline::{Output, Pipeline};
pub use postprocessing::specs as postprocessing_specs;
pub use template::rule_value;
pub use tracking::FieldMappings;
pub use transformations::specs as transformation_specs;
