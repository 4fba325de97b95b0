//! From the event log to the lake.
pub(crate) const READER: &str = "lake";
#[derive(Debug, Default)]
pub(crate) struct Flushing;
