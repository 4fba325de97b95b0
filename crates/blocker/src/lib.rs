//! Blocks addresses on this machine, for a time, and does nothing else.
pub mod address;
