//! The commands, one module each: its arguments and a function that runs it.

pub(crate) mod analyze;
pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod coverage;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod hunt;
pub(crate) mod list;
pub(crate) mod lsp;
pub(crate) mod pipeline;
pub(crate) mod rules;
pub(crate) mod serve;
pub(crate) mod test;
