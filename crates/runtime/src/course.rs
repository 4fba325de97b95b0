//! How far correlations came over logs: what fired, and in every other group the window that was nearest to it.
//!
//! There is one meaning of a correlation, so nothing is worked out a second time here: beside each correlation runs an
//! *observer*, the same one with a condition that holds at every input. Its values are those that the correlation was judged
//! by, and the best of each group says how far that came. Rules on detections never see observers.

use std::collections::{HashMap, HashSet};

use sigyn_correlate::{Detection, Hit};
use sigyn_engine::LogSources;
use sigyn_hunt::{Control, Detected, Input, Settings};
use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationType, ItemId, Number, OnMatch, RuleItem, RuleSet,
    Threshold, ThresholdOp, WindowKind,
};

use crate::hunt::{Heard, hear};
use crate::program::{Built, Program};
use crate::spool::Store;

/// Groups of one correlation whose nearest window is kept; the rest are counted.
const GROUPS_MAX: usize = 10_000;

/// A program whose correlations are observed.
#[derive(Debug)]
pub struct Observed {
    /// The program; its rules are those of the set, and observers behind them.
    pub built: Built,
    /// By the observer's place, what it observes.
    of: HashMap<ItemId, ItemId>,
}

/// How far a rule came.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Events or detections that it matched; of a correlation its detections.
    pub matches: u64,
    /// Its first match, of a rule on single events: log and record.
    pub first: Option<(std::sync::Arc<str>, u64)>,
    /// Its detections, in canonical order.
    pub fired: Vec<Detected>,
    /// Groups in which it did not fire: of each the nearest window, with its value and its inputs; the nearest first.
    pub near: Vec<Detected>,
    /// How many such groups there are.
    pub groups: usize,
}

/// How far all rules came.
#[derive(Debug)]
pub struct Courses {
    /// By rule.
    pub rules: Vec<Course>,
    /// Rules on detections, each with the rules whose detections it may match.
    pub selected: Vec<(ItemId, ItemId)>,
    /// Matches without a time, in logs in which nothing before them has one.
    pub untimed: u64,
    /// Matches of records that stand in an earlier log too.
    pub copies: u64,
}

impl Observed {
    /// Compiles a set with observers.
    pub fn build(set: RuleSet, sources: &LogSources) -> Self {
        // What cannot be used is not observed; places are those of what is left.
        let plain = Program::build(set, sources, &[]);
        let (mut set, count) = (plain.program.set.clone(), plain.program.set.items.len());
        let Some(plan) = plain.program.plan() else { return Self { built: plain, of: HashMap::new() } };
        let mut of = HashMap::new();
        for at in (0..count).filter_map(|at| u32::try_from(at).ok()).map(ItemId) {
            let Some(RuleItem::Correlation(correlation)) = set.get(at) else { continue };
            if plan.stratum(at).is_none() {
                continue;
            }
            let observer = observer(correlation, plan.is_judged_at_close(at));
            let place = ItemId(u32::try_from(set.items.len()).unwrap_or(u32::MAX));
            of.insert(place, at);
            set.items.push(RuleItem::Correlation(observer));
            set.outputs.push(true);
            set.is_referenced.push(false);
        }
        let mut built = Program::build(set, sources, &[]);
        built.program.shown_to_rules = count;
        built.refused = plain.refused;
        built.inert = plain.inert;
        Self { built, of }
    }

    /// Hunts, and says how far each rule came.
    ///
    /// # Errors
    /// Matches could not be stored until all were there.
    pub fn courses(
        &self,
        inputs: Vec<Input>,
        settings: Settings,
        control: &Control,
        store: &mut Store<'_>,
    ) -> std::io::Result<Courses> {
        let program = &self.built.program;
        let mut rules = vec![Course::default(); program.shown_to_rules.min(program.set.items.len())];
        let Some(plan) = &program.plan else {
            return Ok(Courses { rules, selected: Vec::new(), untimed: 0, copies: 0 });
        };
        let mut best = Best { observed: self, groups: HashMap::new(), counts: HashMap::new() };
        let mut hit = |hit: &Hit| {
            if let Some(course) = rules.get_mut(hit.rule.0 as usize) {
                course.matches += 1;
                course.first.get_or_insert_with(|| (hit.at.source.clone(), hit.at.seq));
            }
        };
        let mut take = |detection: &Detection| best.take(detection);
        let heard = Heard { hit: &mut hit, observed: &mut take };
        let heard = hear(program, plan, inputs, settings, control, store, &mut |_| true, heard)?;
        let mut fired_in: HashMap<usize, HashSet<Group>> = HashMap::new();
        for detection in &heard.told.detections {
            let Some(course) = rules.get_mut(detection.rule.0 as usize) else { continue };
            course.matches += 1;
            let group = detection.group.iter().map(|(_, value)| value.clone()).collect();
            fired_in.entry(detection.rule.0 as usize).or_default().insert(group);
            course.fired.push(heard.told.detected(detection));
        }
        for ((rule, group), (_, detection)) in best.groups {
            let has_fired = fired_in.get(&(rule.0 as usize)).is_some_and(|groups| groups.contains(&group));
            if let Some(course) = rules.get_mut(rule.0 as usize).filter(|_| !has_fired) {
                course.near.push(Detected { rule: rule.0 as usize, ..heard.told.detected(&detection) });
            }
        }
        for (at, course) in rules.iter_mut().enumerate() {
            let rule = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
            let gap = |near: &Detected| self.gap_of(rule, near.value.as_deref());
            course.near.sort_by(|a, b| {
                gap(a).total_cmp(&gap(b)).then_with(|| (a.time, &a.id).cmp(&(b.time, &b.id)))
            });
            let dropped = best.counts.get(&rule).copied().unwrap_or(0);
            course.groups = course.near.len() + dropped;
        }
        let is_ours = |(_, read): &(ItemId, ItemId)| (read.0 as usize) < program.shown_to_rules;
        let selected = program.selected().into_iter().filter(is_ours).collect();
        Ok(Courses { rules, selected, untimed: heard.untimed, copies: heard.copies })
    }

    fn gap_of(&self, rule: ItemId, value: Option<&str>) -> f64 {
        let value = value.and_then(|value| value.parse().ok());
        match (self.built.program.set.get(rule), value) {
            (Some(RuleItem::Correlation(correlation)), Some(value)) => gap(correlation, value),
            _ => f64::INFINITY,
        }
    }
}

/// The values of a group.
type Group = Vec<Option<String>>;

/// The nearest window of each group.
struct Best<'o> {
    observed: &'o Observed,
    groups: HashMap<(ItemId, Group), (f64, Detection)>,
    /// Groups that found no place.
    counts: HashMap<ItemId, usize>,
}

impl Best<'_> {
    /// Takes a detection of an observer; says whether it is one.
    fn take(&mut self, detection: &Detection) -> bool {
        let Some(rule) = self.observed.of.get(&detection.rule).copied() else { return false };
        let value = detection.value.map(|value| value.to_string());
        let gap = self.observed.gap_of(rule, value.as_deref());
        let group: Group = detection.group.iter().map(|(_, value)| value.clone()).collect();
        let is_full = self.groups.len() >= GROUPS_MAX;
        match self.groups.get_mut(&(rule, group.clone())) {
            // Of equals the first.
            Some(best) if gap < best.0 => *best = (gap, detection.clone()),
            Some(_) => {}
            None if is_full => *self.counts.entry(rule).or_default() += 1,
            None => {
                self.groups.insert((rule, group), (gap, detection.clone()));
            }
        }
        true
    }
}

/// The same correlation with a condition that holds at every input.
fn observer(correlation: &Correlation, is_at_close: bool) -> Correlation {
    let mut observer = correlation.clone();
    observer.meta.id = None;
    observer.meta.name = None;
    observer.meta.tags.clear();
    observer.generate = true;
    observer.options.on_match = OnMatch::Every;
    observer.options.suppress_seconds = None;
    observer.options.outcomes.clear();
    observer.options.inventory.clear();
    if is_at_close && observer.options.window == WindowKind::Sliding {
        observer.options.window = WindowKind::Tumbling;
        observer.options.offset_seconds = 0;
        observer.options.timezone = None;
    }
    if is_at_close {
        observer.options.on_match = OnMatch::Episode;
    }
    let least = match correlation.kind {
        CorrelationType::EventCount
        | CorrelationType::ValueCount
        | CorrelationType::Temporal
        | CorrelationType::TemporalOrdered => 1,
        _ => i128::from(i64::MIN),
    };
    let all = vec![Threshold { op: ThresholdOp::Gte, number: Number::Int(least) }];
    match &mut observer.condition {
        CorrelationCondition::Thresholds { thresholds, .. } => *thresholds = all,
        CorrelationCondition::Extended { .. } => {
            // Which rules were seen together is what there is to say.
            observer.kind = CorrelationType::Temporal;
            observer.condition = CorrelationCondition::Thresholds {
                thresholds: all,
                fields: Vec::new(),
                fields_are_list: false,
                percentile: None,
            };
        }
    }
    observer
}

/// How far a value lies from what a condition asks for.
fn gap(correlation: &Correlation, value: f64) -> f64 {
    let CorrelationCondition::Thresholds { thresholds, .. } = &correlation.condition else { return -value };
    let gaps = thresholds.iter().map(|threshold| {
        let wanted = threshold.number.as_f64();
        match threshold.op {
            ThresholdOp::Gte | ThresholdOp::Gt => (wanted - value).max(0.0),
            ThresholdOp::Lte | ThresholdOp::Lt => (value - wanted).max(0.0),
            ThresholdOp::Eq => (wanted - value).abs(),
            ThresholdOp::Neq => f64::from(u8::from((wanted - value).abs() < f64::EPSILON)),
        }
    });
    gaps.sum()
}
