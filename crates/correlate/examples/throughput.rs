//! What a hit costs: hits per second of processor time, and memory per group.
//!
//! `throughput [HITS]`: pushes hits of rising times, with the watermark following every 10,000 of them, and prints for
//! each shape of rule the hits per second, the groups held at the end and the bytes that they take.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program of the tests")]

use std::sync::Arc;

use nix::sys::resource::{UsageWho, getrusage};
use sigyn_correlate::{At, Hit, Id, Limits, Machine, NoMatcher, Plan, ValuesWriter};
use sigyn_diagnostics::SourceId;
use sigyn_ir::{Compat, ItemId, LoadOptions, read_text, resolve};

const BASE: &str = "\
title: a\nname: a\nlogsource: {category: test}\ndetection: {s: {k: a}, condition: s}\n---
title: b\nname: b\nlogsource: {category: test}\ndetection: {s: {k: b}, condition: s}\n---
title: d\nname: d\nlogsource: {category: test}\ndetection: {s: {k: d}, condition: s}\n---\n";

/// A shape: its name, its correlations, how many rules hit in turn, how many groups, hits per second of event time.
type Shape = (&'static str, &'static str, u32, u64, i64);

const SHAPES: &[Shape] = &[
    (
        "event_count, 100,000 groups",
        "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 5m, condition: {gte: 10}}",
        1,
        100_000,
        10_000,
    ),
    (
        "event_count, 100 groups",
        "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 1m, condition: {gte: 10}}",
        1,
        100,
        100,
    ),
    (
        "value_count, 1,000 groups",
        "title: c\ncorrelation: {type: value_count, rules: [a], group-by: [u], timespan: 5m, \
         condition: {field: v, gte: 10}}",
        1,
        1_000,
        1_000,
    ),
    (
        "temporal_ordered, 3 stages",
        "title: c\ncorrelation: {type: temporal_ordered, rules: [a, b, d], group-by: [u], timespan: 5m}",
        3,
        10_000,
        1_000,
    ),
    (
        "chain of three levels",
        "title: x\nname: x\ncorrelation: {type: event_count, rules: [a, b], group-by: [u], timespan: 1m, condition: \
         {gte: 5}}\n---\ntitle: y\nname: y\ncorrelation: {type: temporal, rules: [x, d], group-by: [u], timespan: \
         10m}\n---\ntitle: z\ncorrelation: {type: value_count, rules: [y], timespan: 1h, condition: {field: u, gte: 50}}",
        3,
        10_000,
        1_000,
    ),
    (
        "flood of keys that never come again",
        "title: c\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 2}}",
        1,
        u64::MAX,
        100_000,
    ),
];

fn main() {
    let hits = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000_u64);
    for shape in SHAPES {
        run(shape, hits);
    }
}

fn run((name, rules, turns, groups, per_second): &Shape, count: u64) {
    let options = LoadOptions::new(Compat::Spec);
    let loaded = resolve(vec![read_text(SourceId::default(), &format!("{BASE}{rules}"), &options)], &options);
    let (plan, findings) = Plan::compile(&loaded.set, &Limits::standard());
    assert!(findings.is_empty(), "{findings:?}");
    let plan = Arc::new(plan);
    let item = |name: &str| {
        let at = loaded.set.items.iter().position(|item| item.meta().title == name).unwrap();
        ItemId(u32::try_from(at).unwrap())
    };
    let rules: Vec<ItemId> = ["a", "b", "d"].iter().take(*turns as usize).map(|name| item(name)).collect();
    let before = resident_bytes();
    let mut machine = Machine::new(plan.clone());
    let (mut out, mut found) = (Vec::new(), 0);
    let source: Arc<str> = "host".into();
    let mut writer = ValuesWriter::default();
    let step = 1_000_000_000 / per_second;
    let (mut state, mut seconds) = (88_172_645_463_325_252_u64, 0.0);
    let mut batch = Vec::with_capacity(10_000);
    for start in (0..count).step_by(10_000) {
        batch.clear();
        for number in start..(start + 10_000).min(count) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let rule = rules[usize::try_from(state >> 32).unwrap() % rules.len()];
            for read in plan.reads(rule) {
                writer.field();
                match &**read {
                    "u" => writer.value(&format!("user-{}", state % groups)),
                    _ => writer.value(&format!("{}", state >> 48)),
                }
            }
            let mut eid = [0; 16];
            eid[..8].copy_from_slice(&number.to_le_bytes());
            let ts = i64::try_from(number).unwrap() * step;
            let at = At { ts, source: source.clone(), seq: number, eid: Id(eid) };
            batch.push(Hit { rule, at, values: writer.finish() });
        }
        let watermark = batch.last().map_or(0, |hit| hit.at.ts);
        let clock = processor_seconds();
        for hit in batch.drain(..) {
            machine.push(hit);
        }
        machine.advance(watermark, &mut NoMatcher, &mut out);
        seconds += processor_seconds() - clock;
        found += out.len();
        out.clear();
    }
    drop((out, batch));
    let bytes = resident_bytes().saturating_sub(before);
    println!(
        "{name:38} {:>7.2} M hits/s, {found} records, {} groups, {} bytes each{}",
        count as f64 / seconds / 1e6,
        machine.groups(),
        bytes / machine.groups().max(1),
        if machine.degraded().is_empty() { "" } else { ", degraded" },
    );
}

/// The processor time that the program has taken: other programs on the machine take none of it.
fn processor_seconds() -> f64 {
    let used = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(used.user_time()) + seconds(used.system_time())
}

/// The memory that the program has in use. What it freed and kept counts too, so only growth says something.
fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
