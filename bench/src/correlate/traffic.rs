//! Hits as they come: the same on every machine.

use std::sync::Arc;

use sigyn_correlate::{At, Hit, Id, Plan, ValuesWriter};
use sigyn_ir::ItemId;

use super::shapes::{Flood, Shape};

/// Numbers without a pattern (xorshift).
#[derive(Clone, Copy, Debug)]
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

const SEED: u64 = 88_172_645_463_325_252;

/// Hits of a shape, in the order of their times.
#[derive(Debug)]
pub(super) struct Traffic<'s> {
    plan: Arc<Plan>,
    rules: Vec<ItemId>,
    shape: &'s Shape,
    source: Arc<str>,
    writer: ValuesWriter,
    numbers: Numbers,
}

impl<'s> Traffic<'s> {
    pub(super) fn new(plan: Arc<Plan>, rules: Vec<ItemId>, shape: &'s Shape) -> Self {
        let (source, writer) = ("host".into(), ValuesWriter::default());
        Self { plan, rules, shape, source, writer, numbers: Numbers(SEED) }
    }

    pub(super) fn hit(&mut self, at: u64) -> Hit {
        let (choice, number) = (self.numbers.next(), self.numbers.next());
        let rule = self.rules[(choice >> 32) as usize % self.rules.len()];
        let group = match self.shape.hot_groups {
            hot if hot > 0 && choice.is_multiple_of(2) => number % hot,
            _ => number % self.shape.groups,
        };
        for read in self.plan.reads(rule) {
            self.writer.field();
            match &**read {
                "u" if self.shape.groups == u64::MAX => self.writer.value(&format!("{:012x}", number >> 16)),
                "u" => self.writer.value(&format!("user-{group}")),
                _ => self.writer.value(&format!("{}", choice >> 48)),
            }
        }
        let ts = at as i64 * (1_000_000_000 / self.shape.per_second);
        Hit { rule, at: place(ts, &self.source, at), values: self.writer.finish() }
    }
}

fn place(ts: i64, source: &Arc<str>, at: u64) -> At {
    let mut eid = [0; 16];
    eid[..8].copy_from_slice(&at.to_le_bytes());
    At { ts, source: source.clone(), seq: at, eid: Id(eid) }
}

/// The hits of a flood, by their place in time.
#[derive(Debug)]
pub(super) struct FloodHits {
    rule: ItemId,
    source: Arc<str>,
    /// Who is behind which hit that is no key of the flood.
    attackers: std::collections::HashMap<u64, u64>,
    step: i64,
}

/// The hits of a flood, and how many there are.
pub(super) fn flood(flood: &Flood, rule: ItemId) -> (FloodHits, u64) {
    let all = flood.keys + flood.attacks * flood.hits_per_attack;
    let mut numbers = Numbers(SEED);
    let mut attackers = std::collections::HashMap::new();
    for attacker in 0..flood.attacks {
        let mut planted = 0;
        while planted < flood.hits_per_attack {
            let place = numbers.next() % all;
            if let std::collections::hash_map::Entry::Vacant(free) = attackers.entry(place) {
                free.insert(attacker);
                planted += 1;
            }
        }
    }
    let step = i64::try_from(flood.seconds * 1_000_000_000 / all).unwrap_or(1);
    (FloodHits { rule, source: "host".into(), attackers, step }, all)
}

impl FloodHits {
    pub(super) fn hit(&self, at: u64) -> Hit {
        let key = match self.attackers.get(&at) {
            Some(attacker) => format!("attacker-{attacker}"),
            None => format!("{at:016x}"),
        };
        Hit {
            rule: self.rule,
            at: place(at as i64 * self.step, &self.source, at),
            values: sigyn_correlate::Values::new([[key]]),
        }
    }
}
