//! Windows and firing: what the inputs of one group become (E15–E22, E29).

use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType};

use super::negative::{self, Conjunct};
use super::options::{Mode, Options, Window};
use super::predicate::measure;
use super::world::Input;
use super::{Anchor, Num, Time};

/// A detection in the making; inputs by their places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) ts: Time,
    pub(crate) anchor: Anchor,
    pub(crate) value: Num,
    pub(crate) at_anchor: Vec<usize>,
    pub(crate) contributing: BTreeSet<usize>,
    pub(crate) last_seen: Time,
    pub(crate) closes: Time,
    pub(crate) revisions: Vec<Time>,
    /// An instant in the cell that suppression looks at (D13).
    pub(crate) cell: Time,
    pub(crate) suppressed: usize,
}

/// An input at which the predicate holds.
#[derive(Clone, Debug)]
struct Truth {
    instant: Time,
    input: usize,
    window: Vec<usize>,
    value: Num,
}

/// Everything about one correlation.
struct Rule<'c> {
    correlation: &'c Correlation,
    options: &'c Options,
    alternatives: Vec<Conjunct>,
    inputs: &'c [Input],
}

/// The alternatives of an extended condition.
///
/// # Errors
/// The condition has no meaning, or none together with the options.
pub(crate) fn checked(correlation: &Correlation, options: &Options) -> Result<Vec<Conjunct>, String> {
    let alternatives = match &correlation.condition {
        CorrelationCondition::Extended { expr, .. } => negative::alternatives(correlation, expr)?,
        CorrelationCondition::Thresholds { .. } => Vec::new(),
    };
    let has_negation = alternatives.iter().any(|one| !one.negative.is_empty());
    if has_negation && options.mode == Mode::Reset && options.window == Window::Sliding {
        return Err("`reset` with a negation".to_owned());
    }
    Ok(alternatives)
}

/// What the inputs of a group become. With a horizon the buckets that end within it are judged even if they are empty.
pub(crate) fn findings(
    correlation: &Correlation,
    options: &Options,
    inputs: &[Input],
    horizon: Option<(Time, Time)>,
) -> Result<Vec<Finding>, String> {
    let alternatives = checked(correlation, options)?;
    let rule = Rule { correlation, options, alternatives, inputs };
    let mut found = match options.window {
        Window::Sliding => rule.fire(rule.truths()),
        Window::Buckets { offset } => rule.buckets(offset, horizon),
        Window::Session { gap } => rule.sessions(gap),
    };
    found.sort_by_key(|finding| finding.ts);
    if let Some(length) = options.suppress {
        found = suppressed(found, length, options);
    }
    Ok(found)
}

impl Rule<'_> {
    fn ts(&self, input: usize) -> Time {
        self.inputs[input].ts()
    }

    fn window(&self, places: &[usize]) -> Vec<&Input> {
        places.iter().map(|place| &self.inputs[*place]).collect()
    }

    /// The inputs at which the predicate is true, in the order of their instants (E15, D8).
    fn truths(&self) -> Vec<Truth> {
        let mut truths: Vec<Truth> = Vec::new();
        for input in 0..self.inputs.len() {
            let mut window: Vec<usize> = (0..=input)
                .filter(|earlier| self.ts(input) - self.ts(*earlier) <= self.options.span)
                .collect();
            if self.options.mode == Mode::Reset {
                // What fired in this cell is consumed (E21).
                let cell = self.options.cell_of(self.ts(input));
                let of_cell = truths.iter().filter(|truth| self.options.cell_of(truth.instant) == cell);
                let consumed: BTreeSet<usize> = of_cell.flat_map(|truth| truth.window.clone()).collect();
                window.retain(|place| !consumed.contains(place));
            }
            if let Some((instant, since, value)) = self.judge(&window) {
                window.retain(|place| self.ts(*place) >= since);
                truths.push(Truth { instant, input, window, value });
            }
        }
        truths.sort_by_key(|truth| (truth.instant, truth.input));
        truths
    }

    /// If the predicate holds at the last input of a window: when that is decided, since when inputs contribute to it, and
    /// the value.
    fn judge(&self, places: &[usize]) -> Option<(Time, Time, Num)> {
        let window = self.window(places);
        let last = window.last()?;
        match &self.correlation.condition {
            CorrelationCondition::Thresholds { thresholds, .. } => {
                let measure = measure(self.correlation, self.options, &window, Some(last))?;
                measure.holds(thresholds).then(|| (last.ts(), window[0].ts(), measure.value()))
            }
            CorrelationCondition::Extended { .. } => {
                let (instant, since) = negative::instant(
                    self.correlation,
                    self.options,
                    &self.alternatives,
                    &window,
                    self.inputs,
                )?;
                let contributing: Vec<&Input> =
                    window.into_iter().filter(|input| input.ts() >= since).collect();
                Some((instant, since, self.extended_value(&contributing)))
            }
        }
    }

    /// D10.
    fn extended_value(&self, window: &[&Input]) -> Num {
        let rules: BTreeSet<usize> = match self.correlation.kind {
            CorrelationType::TemporalOrdered => {
                self.alternatives.iter().flat_map(|one| one.positive.clone()).collect()
            }
            _ => window.iter().flat_map(|input| input.rules.clone()).collect(),
        };
        Num::Int(rules.len() as i128)
    }

    /// E20, E21.
    fn fire(&self, truths: Vec<Truth>) -> Vec<Finding> {
        let (span, cell) = (self.options.span, self.options.cell());
        let mut found: Vec<Finding> = Vec::new();
        let mut previous: Option<Time> = None;
        for truth in truths {
            let cell_start = self.options.cell_of(truth.instant);
            let continues = self.options.mode == Mode::Episode
                && previous.is_some_and(|previous| {
                    truth.instant - previous <= span && self.options.cell_of(previous) == cell_start
                });
            previous = Some(truth.instant);
            let closes = match self.options.mode {
                Mode::Episode => (truth.instant + span).min(cell_start + cell),
                Mode::Every | Mode::Reset => truth.instant,
            };
            match found.last_mut() {
                Some(open) if continues => {
                    open.contributing.extend(truth.window);
                    open.last_seen = open.last_seen.max(self.ts(truth.input));
                    open.closes = closes;
                    open.revisions.push(truth.instant);
                }
                _ => found.push(Finding {
                    ts: truth.instant,
                    anchor: Anchor::Event(self.inputs[truth.input].id()),
                    value: truth.value,
                    contributing: truth.window.iter().copied().collect(),
                    at_anchor: truth.window,
                    last_seen: self.ts(truth.input),
                    closes,
                    revisions: vec![truth.instant],
                    cell: truth.instant,
                    suppressed: 0,
                }),
            }
        }
        found
    }

    /// E16, E29.
    fn buckets(&self, offset: Time, horizon: Option<(Time, Time)>) -> Vec<Finding> {
        let span = self.options.span;
        let number = |ts: Time| (ts - offset).div_euclid(span);
        let mut numbers: BTreeSet<Time> = self.inputs.iter().map(|input| number(input.ts())).collect();
        if let Some((from, to)) = horizon {
            // The first that ends at or behind `from`, up to the last that ends at or before `to`.
            numbers.extend(number(from - 1)..number(to));
        }
        let bucket = |bucket: Time| {
            let (start, end) = (bucket * span + offset, (bucket + 1) * span + offset);
            let places: Vec<usize> =
                (0..self.inputs.len()).filter(|place| number(self.ts(*place)) == bucket).collect();
            self.at_close(&places, start, end, end)
        };
        numbers.into_iter().filter_map(bucket).collect()
    }

    /// E17.
    fn sessions(&self, gap: Time) -> Vec<Finding> {
        let mut sessions: Vec<Vec<usize>> = Vec::new();
        for input in 0..self.inputs.len() {
            let ts = self.ts(input);
            match sessions.last_mut() {
                Some(session)
                    if ts - self.ts(session[session.len() - 1]) <= gap
                        && ts - self.ts(session[0]) <= self.options.span
                        && self.options.cell_of(ts) == self.options.cell_of(self.ts(session[0])) =>
                {
                    session.push(input);
                }
                _ => sessions.push(vec![input]),
            }
        }
        let close = |places: &Vec<usize>| {
            let (first, last) = (self.ts(places[0]), self.ts(places[places.len() - 1]));
            let cell_end = self.options.cell_of(first) + self.options.cell();
            let end = (last + gap).min(first + self.options.span).min(cell_end);
            self.at_close(places, first, end, first)
        };
        sessions.iter().filter_map(close).collect()
    }

    /// The detection of a bucket or a session, if the predicate holds over its inputs.
    fn at_close(&self, places: &[usize], start: Time, end: Time, cell: Time) -> Option<Finding> {
        let window = self.window(places);
        let value = match &self.correlation.condition {
            CorrelationCondition::Thresholds { thresholds, .. } => {
                let measure = measure(self.correlation, self.options, &window, None)?;
                measure.holds(thresholds).then(|| measure.value())?
            }
            CorrelationCondition::Extended { .. } => {
                let holds = negative::holds(self.correlation, &self.alternatives, &window);
                holds.then(|| self.extended_value(&window))?
            }
        };
        Some(Finding {
            ts: end,
            anchor: Anchor::Window(start, end),
            value,
            at_anchor: places.to_vec(),
            contributing: places.iter().copied().collect(),
            last_seen: places.last().map_or(end, |last| self.ts(*last)),
            closes: end,
            revisions: vec![end],
            cell,
            suppressed: 0,
        })
    }
}

/// E22, D13.
fn suppressed(found: Vec<Finding>, length: Time, options: &Options) -> Vec<Finding> {
    let mut emitted: Vec<Finding> = Vec::new();
    for finding in found {
        let is_near = |earlier: &&mut Finding| {
            options.cell_of(earlier.cell) == options.cell_of(finding.cell)
                && finding.ts <= earlier.closes + length
        };
        match emitted.last_mut().filter(is_near) {
            Some(earlier) => earlier.suppressed += 1,
            None => emitted.push(finding),
        }
    }
    emitted
}
