//! A hunt with everything that rules say: single events, and what several events say together.

use sigyn_correlate::Hit;
use sigyn_event::Timestamp;
use sigyn_hunt::{Control, Detected, Input, Report, Settings, run, run_tapped};
use sigyn_ir::ItemId;

use crate::correlate::Correlator;
use crate::feed::{Feed, Placing};
use crate::program::Program;

/// Hits between two steps of the correlator: what it holds beside them stays small.
const HITS_PER_STEP: usize = 4_096;

/// What several events say together, and what could not be taken in.
#[derive(Clone, Debug, Default)]
pub struct Correlated {
    /// Detections of correlations and of rules on detections that are shown, in canonical order.
    pub detected: Vec<Detected>,
    /// Matches without a time, in logs in which nothing before them has one.
    pub untimed: u64,
    /// Detections that rules on detections were tried on, by the class of such events.
    pub tried: Option<(sigyn_engine::ClassId, u64)>,
    /// Rules that held too much at a time and had to forget something: their results may lack detections.
    pub degraded: Vec<ItemId>,
}

/// Hunts. Matches of single events are reported as they come, on this thread and in order; what several say together is
/// known when all logs are read. It does not depend on the order of the inputs, nor on the number of threads.
pub fn hunt(
    program: &Program,
    inputs: Vec<Input>,
    settings: Settings,
    control: &Control,
    report: &mut dyn FnMut(Report<'_>) -> bool,
) -> Correlated {
    let Some(plan) = &program.plan else {
        run(&program.engine, inputs, settings, control, report);
        return Correlated::default();
    };
    let mut placing = Placing::default();
    let feed = Feed::new(program, plan);
    let sink = &mut |member: &std::sync::Arc<sigyn_readers::Member>, base, batch| {
        placing.add(&member.path, base, batch);
    };
    run_tapped(&program.engine, inputs, settings, control, &feed, report, sink);
    let Placing { mut hits, untimed, newest, .. } = placing;
    sort(&mut hits, &|rule| plan.uid(rule));
    let mut correlator = Correlator::new(program, plan);
    for (at, hit) in hits.into_iter().enumerate() {
        // All hits before this one have been pushed, and those of its own time may follow.
        if at % HITS_PER_STEP == HITS_PER_STEP - 1 {
            correlator.advance(hit.at.ts);
        }
        correlator.push(hit);
    }
    let told = correlator.finish(newest);
    let is_in_time = |ts: i64| {
        let time = Timestamp(ts);
        settings.from.is_none_or(|from| time >= from) && settings.to.is_none_or(|to| time < to)
    };
    let shown = told.detections.iter().filter(|one| program.is_shown(one.rule) && is_in_time(one.ts));
    let detected = shown.map(|detection| told.detected(detection)).collect();
    let tried = program.detections().map(|class| (class, told.tried));
    Correlated { detected, untimed, tried, degraded: told.degraded }
}

/// Puts hits into the canonical order (E7), so that the correlator never holds many that wait.
pub(crate) fn sort<'u>(hits: &mut [Hit], uid: &dyn Fn(ItemId) -> Option<&'u str>) {
    hits.sort_unstable_by(|a, b| {
        let (x, y) = (&a.at, &b.at);
        (x.ts, &x.source, x.seq, x.eid)
            .cmp(&(y.ts, &y.source, y.seq, y.eid))
            .then_with(|| uid(a.rule).cmp(&uid(b.rule)))
    });
}
