use super::Run;
pub(super) const RUNS: &[Run] = &[];
