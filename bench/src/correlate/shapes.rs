//! What is measured: correlations, and how their hits come.

/// Rules on events.
pub(super) const BASE: &str = "\
title: a\nname: a\nlogsource: {category: test}\ndetection: {s: {k: a}, condition: s}\n---
title: b\nname: b\nlogsource: {category: test}\ndetection: {s: {k: b}, condition: s}\n---
title: d\nname: d\nlogsource: {category: test}\ndetection: {s: {k: d}, condition: s}\n---\n";

/// Correlations under a stream of hits.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// Which groups fire.
    pub(super) fires: &'static str,
    /// The correlations.
    pub(super) rules: &'static str,
    /// How many of the rules on events hit, at random.
    pub(super) turns: usize,
    pub(super) hits: u64,
    pub(super) groups: u64,
    /// Groups that have half of all hits to themselves; 0 for none.
    pub(super) hot_groups: u64,
    /// Hits per second of event time.
    pub(super) per_second: i64,
    /// How far the watermark stays behind, nanoseconds.
    pub(super) lateness: i64,
}

const COUNT_10: &str = "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 5m, condition: {gte: 10}}";
const COUNT_60: &str = "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 5m, condition: {gte: 60}}";
const COUNT_1000: &str = "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 5m, condition: {gte: 1000}}";
const DISTINCT_10: &str = "title: c\ncorrelation: {type: value_count, rules: [a], group-by: [u], timespan: 5m, \
     condition: {field: v, gte: 10}}";
const ORDERED: &str =
    "title: c\ncorrelation: {type: temporal_ordered, rules: [a, b, d], group-by: [u], timespan: 5m}";
const CHAIN: &str = "title: x\nname: x\ncorrelation: {type: event_count, rules: [a, b], group-by: [u], timespan: 1m, \
     condition: {gte: 5}}\n---\ntitle: y\nname: y\ncorrelation: {type: temporal, rules: [x, d], group-by: [u], timespan: \
     10m}\n---\ntitle: z\ncorrelation: {type: value_count, rules: [y], timespan: 1h, condition: {field: u, gte: 50}}";

const PLAIN: Shape = Shape {
    name: "",
    fires: "",
    rules: COUNT_10,
    turns: 1,
    hits: 3_000_000,
    groups: 100_000,
    hot_groups: 0,
    per_second: 10_000,
    lateness: 0,
};

/// What is timed.
pub(super) const SPEED: &[Shape] = &[
    Shape { name: "event_count, 100,000 groups", fires: "all", ..PLAIN },
    Shape { name: "the same, watermark 60 s behind", fires: "all", lateness: 60_000_000_000, ..PLAIN },
    Shape { name: "event_count, 100,000 groups", fires: "none", rules: COUNT_1000, ..PLAIN },
    Shape {
        name: "event_count, 100,000 groups",
        fires: "one in a hundred",
        rules: COUNT_60,
        hot_groups: 1_000,
        ..PLAIN
    },
    Shape { name: "value_count, 100,000 groups", fires: "all", rules: DISTINCT_10, ..PLAIN },
    Shape {
        name: "temporal_ordered, 3 stages, 100,000 groups",
        fires: "all",
        rules: ORDERED,
        turns: 3,
        ..PLAIN
    },
    Shape {
        name: "temporal_ordered, 3 stages, 100,000 groups",
        fires: "none: the last stage does not come",
        rules: ORDERED,
        turns: 2,
        ..PLAIN
    },
    Shape {
        name: "chain of three levels, 10,000 groups",
        fires: "all, on each level",
        rules: CHAIN,
        turns: 3,
        groups: 10_000,
        per_second: 1_000,
        ..PLAIN
    },
    Shape {
        name: "chain of three levels, 100,000 groups",
        fires: "all, on each level",
        rules: CHAIN,
        turns: 3,
        ..PLAIN
    },
];

/// What is weighed. All hits lie within one window, so that no group is forgotten.
pub(super) const MEMORY: &[Shape] = &[
    Shape {
        name: "one hit each, keys of 12 bytes",
        fires: "none",
        groups: u64::MAX,
        hits: 1_000_000,
        ..PLAIN
    },
    Shape {
        name: "event_count, 10 of 1,000 inputs",
        fires: "none",
        rules: COUNT_1000,
        hits: 1_000_000,
        ..PLAIN
    },
    Shape { name: "event_count of 10, once and again", fires: "all", hits: 1_500_000, ..PLAIN },
    Shape {
        name: "event_count of 10, evidence nearly full",
        fires: "all",
        groups: 30_000,
        hits: 1_500_000,
        ..PLAIN
    },
    Shape { name: "value_count of 10", fires: "all", rules: DISTINCT_10, hits: 1_500_000, ..PLAIN },
    Shape {
        name: "temporal_ordered, 3 stages",
        fires: "all",
        rules: ORDERED,
        turns: 3,
        hits: 1_000_000,
        ..PLAIN
    },
    Shape {
        name: "temporal_ordered, 3 stages",
        fires: "none: the last stage does not come",
        rules: ORDERED,
        turns: 2,
        hits: 1_000_000,
        ..PLAIN
    },
];

/// A flood of keys that never come again, with attacks among them.
#[derive(Debug)]
pub(super) struct Flood {
    pub(super) keys: u64,
    pub(super) attacks: u64,
    pub(super) hits_per_attack: u64,
    pub(super) threshold: u64,
    /// How long it lasts, in event time.
    pub(super) seconds: u64,
}

/// Five times the groups that a rule may hold, within one window.
pub(super) const FLOOD: Flood =
    Flood { keys: 10_000_000, attacks: 1_000, hits_per_attack: 12, threshold: 10, seconds: 240 };
