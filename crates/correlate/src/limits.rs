//! Limits of plans and machines.

/// Limits. Those of the first group change results, so they are part of what detections are named by (E3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Groups that one event is put into by one rule, and values that it brings to one count (E13, E26).
    pub memberships_max: usize,
    /// Values that an outcome or a field read through a detection keeps.
    pub values_max: usize,
    /// References kept at each end of a detection's evidence if the rule does not say (E24).
    pub evidence_max: u32,

    /// Conjunctions that an extended condition may become (E34).
    pub conjunctions_max: usize,
    /// Longest window in seconds.
    pub window_seconds_max: u64,

    /// Groups that one rule may hold at a time (E48).
    pub groups_max: usize,
    /// Inputs that all windows of one rule may hold at a time (E48).
    pub inputs_max: usize,
}

impl Limits {
    /// What suits one machine with 16 GiB: a rule at its limits takes about 500 MB.
    pub fn standard() -> Self {
        Self {
            memberships_max: 64,
            values_max: 1_000,
            evidence_max: 32,
            conjunctions_max: 64,
            window_seconds_max: 366 * 86_400,
            groups_max: 2_000_000,
            inputs_max: 4_000_000,
        }
    }
}
