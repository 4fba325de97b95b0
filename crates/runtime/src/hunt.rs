//! A hunt with everything that rules say: single events, and what several events say together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sigyn_correlate::{Detection, Hit, Plan};
use sigyn_event::Timestamp;
use sigyn_hunt::{Control, Detected, Input, Report, Settings, run, run_tapped};
use sigyn_ir::ItemId;
use sigyn_readers::Member;

use crate::correlate::{Correlator, Told};
use crate::feed::{Copies, Feed, Placing};
use crate::program::Program;
use crate::spool::{Spool, Store};

/// Matches that wait in memory; they take about 200 bytes each.
const HITS_MAX: usize = 2_000_000;

/// Hits between two steps of the correlator: what it holds beside them stays small.
const HITS_PER_STEP: usize = 4_096;

/// What several events say together, and what could not be taken in.
#[derive(Debug, Default)]
pub struct Correlated {
    /// Detections of correlations and of rules on detections that are shown, in canonical order.
    pub detected: Vec<Detected>,
    /// Matches without a time, in logs in which nothing before them has one.
    pub untimed: u64,
    /// Matches of records that stand in an earlier log too, by what their producer calls them: they are one event (E6).
    pub copies: u64,
    /// Detections that rules on detections were tried on, by the class of such events.
    pub tried: Option<(sigyn_engine::ClassId, u64)>,
    /// Rules that held too much at a time and had to forget something: their results may lack detections.
    pub degraded: Vec<ItemId>,
    /// Why nothing can be said: matches could not be stored until all were there.
    pub failure: Option<io::Error>,
}

/// Hunts. Matches of single events are reported as they come, on this thread and in order; what several say together is
/// known when all logs are read. It does not depend on the order of the inputs, nor on the number of threads. `store`
/// takes matches that wait for the end and find no room in memory.
pub fn hunt(
    program: &Program,
    inputs: Vec<Input>,
    settings: Settings,
    control: &Control,
    store: &mut Store<'_>,
    report: &mut dyn FnMut(Report<'_>) -> bool,
) -> Correlated {
    let Some(plan) = &program.plan else {
        run(&program.engine, inputs, settings, control, report);
        return Correlated::default();
    };
    let heard = Heard { hit: &mut |_| {}, observed: &mut |_| false };
    let found = match hear(program, plan, inputs, settings, control, store, report, heard) {
        Ok(found) => found,
        Err(failure) => return Correlated { failure: Some(failure), ..Correlated::default() },
    };
    let Found { told, untimed, copies } = found;
    let is_in_time = |ts: i64| {
        let time = Timestamp(ts);
        settings.from.is_none_or(|from| time >= from) && settings.to.is_none_or(|to| time < to)
    };
    let shown = told.detections.iter().filter(|one| program.is_shown(one.rule) && is_in_time(one.ts));
    let detected = shown.map(|detection| told.detected(detection)).collect();
    let tried = program.detections().map(|class| (class, told.tried));
    Correlated { detected, untimed, copies, tried, degraded: told.degraded, failure: None }
}

/// Who listens while a hunt correlates.
pub(crate) struct Heard<'h> {
    /// Told of every hit that a rule above reads.
    pub(crate) hit: &'h mut dyn FnMut(&Hit),
    /// Takes detections that are nobody's result; says whether it did.
    pub(crate) observed: &'h mut dyn FnMut(&Detection) -> bool,
}

/// What comes of the correlations of a hunt.
pub(crate) struct Found {
    pub(crate) told: Told,
    pub(crate) untimed: u64,
    pub(crate) copies: u64,
}

/// Hunts, and runs all matches through the correlator.
#[expect(clippy::too_many_arguments, reason = "those of a hunt, and who listens")]
pub(crate) fn hear(
    program: &Program,
    plan: &Arc<Plan>,
    inputs: Vec<Input>,
    settings: Settings,
    control: &Control,
    store: &mut Store<'_>,
    report: &mut dyn FnMut(Report<'_>) -> bool,
    heard: Heard<'_>,
) -> io::Result<Found> {
    let mut placing = Placing::default();
    let mut spool = Spool::new(plan, HITS_MAX, store);
    let mut failure = None;
    let feed = Feed::new(program, plan);
    let sink = &mut |member: &Arc<Member>, base, batch| {
        if failure.is_none()
            && let Err(error) = placing.add(&member.path, base, batch, &mut |hit| spool.add(hit))
        {
            failure = Some(error);
            // Without what was lost nothing could be said of what several events say together.
            control.stop.store(true, Ordering::Relaxed);
        }
    };
    run_tapped(&program.engine, inputs, settings, control, &feed, report, sink);
    let Placing { untimed, newest, .. } = placing;
    let mut correlator = Correlator::new(program, plan, heard.observed);
    let (mut count, mut copies) = (0_usize, Copies::default());
    let ended = spool.finish(&mut |hit| {
        if copies.is_copy(&hit.at) {
            return;
        }
        (heard.hit)(&hit);
        // All hits before this one have been pushed, and those of its own time may follow.
        count += 1;
        if count.is_multiple_of(HITS_PER_STEP) {
            correlator.advance(hit.at.ts);
        }
        correlator.push(hit);
    });
    if let Some(failure) = failure.or(ended.err()) {
        return Err(failure);
    }
    Ok(Found { told: correlator.finish(newest), untimed, copies: copies.hits })
}
