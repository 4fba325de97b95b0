//! How far results depend (E40, E42, E43), rule by rule, and a hunt that reads no more than that.

use sigyn_ir::{CorrelationCondition, RuleItem, RuleSet};

use super::negative::{alternatives, has_instants};
use super::options::{DAY, Mode, Options, Window};
use super::strata::Strata;
use super::world::{Ids, World};
use super::{Detection, Event, Time};

/// The table of E42 for a set of rules.
#[derive(Clone, Debug)]
pub struct Reaches {
    options: Vec<Option<Options>>,
    /// How far an input is felt: T, or twice that (D8).
    spans: Vec<Time>,
    strata: Strata,
}

/// From which instant a hunt reads, instead of E42: what is known to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// E42.
    ByTable,
    /// T before the range.
    BySpan,
    /// From the start of the cell that contains the range's, the sum of all windows earlier.
    BySumOfSpans,
}

impl Reaches {
    /// Reads the rules.
    ///
    /// # Errors
    /// The rules make no sense.
    pub fn of(set: &RuleSet) -> Result<Self, String> {
        let (mut options, mut spans) = (Vec::new(), Vec::new());
        for item in &set.items {
            let RuleItem::Correlation(correlation) = item else {
                options.push(None);
                spans.push(0);
                continue;
            };
            let own = Options::of(correlation)?;
            let has_instants = match &correlation.condition {
                CorrelationCondition::Extended { expr, .. } => {
                    has_instants(&alternatives(correlation, expr)?)
                }
                CorrelationCondition::Thresholds { .. } => false,
            };
            spans.push(match own.window {
                Window::Sliding if has_instants => 2 * own.span,
                // Clocks are never moved by more than a day.
                Window::Days { .. } => own.span + DAY,
                _ => own.span,
            });
            options.push(Some(own));
        }
        Ok(Self { options, spans, strata: Strata::of(set)? })
    }

    /// Inputs from here decide all detections of a rule with `ts ≥ t`.
    pub fn back(&self, rule: usize, t: Time) -> Time {
        let Some(options) = &self.options[rule] else { return t };
        let span = self.spans[rule];
        let of_mode = match (options.window, options.mode) {
            (Window::Session { .. }, _) => options.cell_of(t - 1),
            (Window::Buckets { .. } | Window::Days { .. }, _) | (_, Mode::Every | Mode::Consume) => t - span,
            (_, Mode::Episode | Mode::Reset) => options.cell_of(t) - span,
        };
        match options.suppress {
            Some(_) => of_mode.min(options.cell_of(t) - span),
            None => of_mode,
        }
    }

    /// Inputs before this can change detections of a rule with `ts < t`.
    pub fn settle(&self, rule: usize, t: Time) -> Time {
        let Some(options) = &self.options[rule] else { return t };
        let is_open =
            options.suppress.is_some() || (options.window.is_at_inputs() && options.mode == Mode::Episode);
        if is_open { options.cell_of(t - 1) + options.cell() } else { t }
    }

    /// Where an input in [a, b] can change detections: `[from, to]`.
    pub fn reach(&self, rule: usize, (a, b): (Time, Time)) -> (Time, Time) {
        let Some(options) = &self.options[rule] else { return (a, b) };
        let span = self.spans[rule];
        let next = |t: Time| options.cell_of(t) + options.cell();
        let by_cells = (options.cell_of(a), next(b + span) - 1);
        match (options.window, options.mode) {
            (window, Mode::Episode | Mode::Reset) if window.is_at_inputs() => by_cells,
            (Window::Session { .. }, _) if options.suppress.is_none() => (options.cell_of(a), next(b)),
            (Window::Session { .. }, _) => (options.cell_of(a), next(b + span)),
            _ if options.suppress.is_some() => by_cells,
            _ => (a, b + span),
        }
    }

    /// From where a rule needs events to know its detections with `ts ≥ t`.
    pub fn need(&self, rule: usize, t: Time) -> Time {
        let back = self.back(rule, t);
        self.strata.inputs[rule].iter().map(|input| self.need(*input, back)).min().unwrap_or(back).min(back)
    }

    /// For each rule, where one event can change detections (E40).
    pub fn reach_of_event(&self, ts: Time) -> Vec<Option<(Time, Time)>> {
        let mut reaches: Vec<Option<(Time, Time)>> = vec![None; self.options.len()];
        for rule in self.strata.order() {
            let mut of_inputs: Vec<(Time, Time)> =
                self.strata.inputs[rule].iter().filter_map(|input| reaches[*input]).collect();
            if self.strata.inputs[rule].is_empty() {
                of_inputs.push((ts, ts));
            }
            let union = of_inputs.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            reaches[rule] = union.map(|union| self.reach(rule, union));
        }
        reaches
    }

    /// The events that a hunt over [from, to) reads: `[w, z)`.
    pub fn range(&self, from: Time, to: Time, warm_up: WarmUp, settles: bool) -> (Time, Time) {
        let rules = 0..self.options.len();
        let spans = || self.options.iter().flatten().map(|options| options.span);
        let w = match warm_up {
            WarmUp::ByTable => rules.clone().map(|rule| self.need(rule, from)).min(),
            WarmUp::BySpan => spans().max().map(|span| from - span),
            WarmUp::BySumOfSpans => {
                let cells = self.options.iter().flatten().map(|options| options.cell_of(from));
                cells.min().map(|cell| cell - spans().sum::<Time>())
            }
        };
        let z = rules.map(|rule| self.settle(rule, to)).max().filter(|_| settles);
        (w.unwrap_or(from).min(from), z.unwrap_or(to).max(to))
    }
}

/// A hunt over [from, to): what the rules find there, reading no more events than needed (E43).
///
/// # Errors
/// The rules make no sense.
pub fn hunt(
    set: &RuleSet,
    events: &[Event],
    (from, to): (Time, Time),
    (warm_up, settles): (WarmUp, bool),
    ids: &dyn Ids,
) -> Result<Vec<Detection>, String> {
    let (w, z) = Reaches::of(set)?.range(from, to, warm_up, settles);
    let read: Vec<Event> =
        events.iter().filter(|event| (w..z).contains(&Time::from(event.ts))).cloned().collect();
    // What lies behind `z` is the deadline of something that began before it.
    let mut found = World::new(set, &read, ids)?.with_horizon(from, to - 1).run()?;
    found.retain(|detection| (from..to).contains(&detection.ts));
    Ok(found)
}
