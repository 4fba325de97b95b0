//! The commands, one module each: its arguments and a function that runs it.

pub(crate) mod list;
