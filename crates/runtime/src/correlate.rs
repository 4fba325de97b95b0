//! Hits through the correlator, and what comes out with its evidence down to records.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{
    Change, Detection, Evidence, History, Hit, Id, Machine, OutcomeValue, Plan, Pushed, Status,
};
use sigyn_event::Timestamp;
use sigyn_hunt::{Detected, Origin, Piece};
use sigyn_ir::ItemId;

use crate::chain::OnDetections;
use crate::program::Program;

/// Levels of evidence that are followed. A set of rules has as many as it has strata.
const DEPTH_MAX: usize = 64;
/// Pieces of evidence of one detection in all, so that chains of bursts do not multiply without end.
const PIECES_MAX: usize = 10_000;

/// The correlator of a program with what it has told so far.
pub(crate) struct Correlator<'p> {
    plan: &'p Plan,
    machine: Machine,
    on_detections: OnDetections<'p>,
    out: Vec<Detection>,
    /// Takes detections that are nobody's result; says whether it did.
    observed: &'p mut dyn FnMut(&Detection) -> bool,
    told: BTreeMap<Id, Detection>,
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Every detection of a correlation or of a rule on detections, in canonical order.
    pub(crate) detections: Vec<Detection>,
    by_id: HashMap<Id, usize>,
    hits: HashMap<Id, Vec<Evidence>>,
    /// How many detections rules on detections were tried on.
    pub(crate) tried: u64,
    /// Rules that had to forget something, because they held too much at a time.
    pub(crate) degraded: Vec<ItemId>,
}

impl<'p> Correlator<'p> {
    pub(crate) fn new(
        program: &'p Program,
        plan: &'p Arc<Plan>,
        observed: &'p mut dyn FnMut(&Detection) -> bool,
    ) -> Self {
        Self {
            plan,
            machine: Machine::new(plan.clone()),
            on_detections: OnDetections::new(program, plan),
            out: Vec::new(),
            observed,
            told: BTreeMap::new(),
        }
    }

    pub(crate) fn push(&mut self, hit: Hit) {
        let pushed = self.machine.push(hit);
        debug_assert_ne!(pushed, Pushed::Late, "whoever pushes keeps behind the watermark");
    }

    /// Says that every hit before this time has been pushed.
    pub(crate) fn advance(&mut self, watermark: i64) {
        self.machine.advance(watermark, &mut self.on_detections, &mut self.out);
        self.take();
    }

    /// Takes the hits of an event that may come late: what was told is then put right (E39). `past` are all hits that
    /// were pushed before, those of the event among them.
    pub(crate) fn push_late(&mut self, hits: &[Hit], past: &[Hit]) {
        let (late, timely): (Vec<&Hit>, Vec<&Hit>) =
            hits.iter().partition(|hit| hit.at.ts < self.machine.watermark());
        timely.into_iter().for_each(|hit| self.push(hit.clone()));
        if late.is_empty() {
            return;
        }
        let late = late.into_iter().cloned().collect();
        let mut history = Past { hits: past, told: &self.told };
        for change in self.machine.repair(late, &mut history, &mut self.on_detections) {
            match change {
                Change::Add(detection) | Change::Update(detection) => self.out.push(detection),
                Change::Retract(detection) => {
                    self.out.push(Detection { status: Status::Retracted, ..detection });
                }
            }
        }
        self.take();
    }

    /// Says that there is no more, and when the latest event happened. What goes on there keeps saying so (E43).
    pub(crate) fn finish(mut self, newest: Option<i64>) -> Told {
        if let Some(newest) = newest {
            self.advance(newest.saturating_add(1));
        }
        let mut open = Vec::new();
        self.machine.open(&mut open);
        let open: HashSet<Id> = open.into_iter().map(|detection| detection.id).collect();
        self.machine.finish(&mut self.on_detections, &mut self.out);
        self.take();
        let mut detections: Vec<Detection> = self.told.into_values().collect();
        for detection in detections.iter_mut().filter(|detection| open.contains(&detection.id)) {
            detection.status = Status::Open;
        }
        let uid = |rule: ItemId| self.plan.uid(rule);
        detections
            .sort_by(|a, b| (a.ts, a.stratum, uid(a.rule), a.id).cmp(&(b.ts, b.stratum, uid(b.rule), b.id)));
        let by_id = detections.iter().enumerate().map(|(at, detection)| (detection.id, at)).collect();
        let OnDetections { hits, tried, .. } = self.on_detections;
        let degraded = self.machine.degraded().iter().map(|one| ItemId(one.rule)).collect();
        Told { detections, by_id, hits, tried, degraded }
    }

    /// The last that is said of a detection is what holds.
    fn take(&mut self) {
        for detection in self.out.drain(..) {
            if (self.observed)(&detection) {
                continue;
            }
            match detection.status {
                Status::Retracted => self.told.remove(&detection.id),
                _ => self.told.insert(detection.id, detection),
            };
        }
    }
}

/// What was pushed and told, for repairs.
struct Past<'h> {
    hits: &'h [Hit],
    told: &'h BTreeMap<Id, Detection>,
}

impl History for Past<'_> {
    fn hits(&mut self, interval: Range<i64>, visit: &mut dyn FnMut(Hit)) {
        self.hits.iter().filter(|hit| interval.contains(&hit.at.ts)).cloned().for_each(visit);
    }

    fn detections(&mut self, rule: ItemId, interval: Range<i64>, visit: &mut dyn FnMut(Detection)) {
        let is_it = |one: &&Detection| one.rule == rule && interval.contains(&one.ts);
        self.told.values().filter(is_it).cloned().for_each(visit);
    }
}

impl Told {
    /// A detection as results tell it.
    pub(crate) fn detected(&self, detection: &Detection) -> Detected {
        let mut left = PIECES_MAX;
        Detected {
            rule: detection.rule.0 as usize,
            id: detection.id.to_string(),
            time: Timestamp(detection.ts),
            first: Timestamp(detection.first_seen),
            last: Timestamp(detection.last_seen),
            group: detection.group.clone(),
            value: detection.value.map(|value| value.to_string()),
            total: detection.total,
            evidence: self.pieces(&detection.evidence, 0, &mut left),
            is_truncated: detection.is_truncated,
            outcomes: detection.outcomes.iter().map(|one| (one.name.clone(), texts(&one.value))).collect(),
            risk: detection.risk,
            is_open: detection.status == Status::Open,
        }
    }

    fn pieces(&self, evidence: &[Evidence], depth: usize, left: &mut usize) -> Vec<Piece> {
        let mut out = Vec::with_capacity(evidence.len().min(*left));
        for one in evidence {
            if *left == 0 {
                break;
            }
            *left -= 1;
            out.push(Piece {
                rule: one.rule.0 as usize,
                time: Timestamp(one.ts),
                of: self.origin(one, depth, left),
            });
        }
        out
    }

    fn origin(&self, evidence: &Evidence, depth: usize, left: &mut usize) -> Origin {
        if !evidence.is_detection {
            return Origin::Record { path: evidence.source.clone(), record: evidence.seq };
        }
        let known = self.by_id.get(&evidence.eid).and_then(|at| self.detections.get(*at));
        let (below, is_truncated) = match (known, self.hits.get(&evidence.eid)) {
            (Some(detection), _) => (detection.evidence.as_slice(), detection.is_truncated),
            (None, Some(hit)) => (hit.as_slice(), false),
            (None, None) => (&[][..], true),
        };
        let below = if depth < DEPTH_MAX { self.pieces(below, depth + 1, left) } else { Vec::new() };
        Origin::Detection { id: evidence.eid.to_string(), evidence: below, is_truncated }
    }
}

/// The texts of an outcome.
fn texts(value: &OutcomeValue) -> Vec<String> {
    match value {
        OutcomeValue::None => Vec::new(),
        OutcomeValue::Number(number) => vec![number.to_string()],
        OutcomeValue::Text(text) => vec![text.clone()],
        OutcomeValue::Texts(texts) => texts.clone(),
    }
}
