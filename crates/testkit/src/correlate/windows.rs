//! Windows and firing: what the inputs of one group become (E15–E22, E29, E32).

use std::collections::BTreeSet;

use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, ThresholdOp};

use super::negative::{self, Conjunct};
use super::options::{Mode, Options, Side, Window};
use super::predicate::measure;
use super::world::Input;
use super::{Anchor, Id, Num, Time};

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
    pub(crate) revisions: Vec<(Time, Id)>,
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
    last_seen: Time,
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
    if options.mode == Mode::Reset && matches!(options.window, Window::Pivot { .. }) {
        return Err("`reset` with a pivot".to_owned());
    }
    if options.mode == Mode::Consume
        && (has_negation
            || options.window != Window::Sliding
            || correlation.kind != CorrelationType::TemporalOrdered)
    {
        return Err("nothing to consume".to_owned());
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
        Window::Sliding if options.mode == Mode::Consume => rule.consume(),
        Window::Sliding => rule.fire(rule.truths()),
        Window::Pivot { rule: pivot, side } => rule.fire(rule.truths_at_pivots(pivot, side)),
        Window::Buckets { offset } => rule.buckets(offset, horizon),
        Window::Days { offset } => rule.days(offset, horizon)?,
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
                truths.push(Truth { instant, input, window, last_seen: self.ts(input), value });
            }
        }
        truths.sort_by_key(|truth| (truth.instant, truth.input));
        truths
    }

    /// The pivots at which the predicate is true, in the order of their instants (E18, D25).
    fn truths_at_pivots(&self, pivot: usize, side: Side) -> Vec<Truth> {
        let span = self.options.span;
        let pivots = (0..self.inputs.len()).filter(|input| self.inputs[*input].rules.contains(&pivot));
        let between = |from: Time, to: Time| -> Vec<usize> {
            (0..self.inputs.len()).filter(|input| (from..=to).contains(&self.ts(*input))).collect()
        };
        let truth = |input: usize, instant: Time, window: Vec<usize>| {
            let value = self.value_of(&window)?;
            let last_seen = self.ts(*window.last()?);
            Some(Truth { instant, input, window, last_seen, value })
        };
        let of = |input: usize| {
            let ts = self.ts(input);
            match side {
                Side::Before => truth(input, ts, between(ts - span, ts)),
                Side::After if self.is_monotone() => {
                    let all = between(ts, ts + span);
                    let ends = (0..all.len()).filter(|end| all[*end] >= input);
                    ends.filter_map(|end| truth(input, self.ts(all[end]), all[..=end].to_vec())).next()
                }
                Side::After => truth(input, ts + span, between(ts, ts + span)),
            }
        };
        let mut truths: Vec<Truth> = pivots.filter_map(of).collect();
        truths.sort_by_key(|truth| (truth.instant, truth.input));
        truths
    }

    /// E29: whether more inputs can only keep the predicate true.
    fn is_monotone(&self) -> bool {
        let grows = matches!(
            self.correlation.kind,
            CorrelationType::EventCount
                | CorrelationType::ValueCount
                | CorrelationType::Temporal
                | CorrelationType::TemporalOrdered
        );
        match &self.correlation.condition {
            CorrelationCondition::Thresholds { thresholds, .. } => {
                grows && thresholds.iter().all(|it| matches!(it.op, ThresholdOp::Gt | ThresholdOp::Gte))
            }
            CorrelationCondition::Extended { .. } => {
                self.alternatives.iter().all(|one| one.negative.is_empty())
            }
        }
    }

    /// E32: what is told there step by step.
    fn consume(&self) -> Vec<Finding> {
        let stages: Vec<usize> = match self.alternatives.first() {
            Some(one) => one.positive.iter().copied().collect(),
            None => (0..self.correlation.rules.len()).collect(),
        };
        let mut partials: Vec<Option<Vec<usize>>> = vec![None; stages.len()];
        let mut found = Vec::new();
        for (place, input) in self.inputs.iter().enumerate() {
            for stage in (0..stages.len()).rev() {
                if !input.rules.contains(&stages[stage]) {
                    continue;
                }
                let mut partial = match stage {
                    0 => Vec::new(),
                    _ => match partials[stage - 1].take() {
                        Some(partial) if input.ts() - self.ts(partial[0]) <= self.options.span => partial,
                        _ => continue,
                    },
                };
                partial.push(place);
                partials[stage] = Some(partial);
            }
            let Some(sequence) = partials.last_mut().and_then(Option::take) else { continue };
            found.push(Finding {
                ts: input.ts(),
                anchor: Anchor::Event(input.id()),
                value: Num::Int(stages.len() as i128),
                contributing: sequence.iter().copied().collect(),
                at_anchor: sequence,
                last_seen: input.ts(),
                closes: input.ts(),
                revisions: vec![(input.ts(), input.id())],
                cell: input.ts(),
                suppressed: 0,
            });
        }
        found
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
                Mode::Every | Mode::Reset | Mode::Consume => truth.instant,
            };
            match found.last_mut() {
                Some(open) if continues => {
                    open.contributing.extend(truth.window);
                    open.last_seen = open.last_seen.max(truth.last_seen);
                    open.closes = closes;
                    open.revisions.push((truth.instant, self.inputs[truth.input].id()));
                }
                _ => found.push(Finding {
                    ts: truth.instant,
                    anchor: Anchor::Event(self.inputs[truth.input].id()),
                    value: truth.value,
                    contributing: truth.window.iter().copied().collect(),
                    at_anchor: truth.window,
                    last_seen: truth.last_seen,
                    closes,
                    revisions: vec![(truth.instant, self.inputs[truth.input].id())],
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

    /// E16, D27: all days that can matter, one by one.
    fn days(&self, offset: Time, horizon: Option<(Time, Time)>) -> Result<Vec<Finding>, String> {
        let mut instants: Vec<Time> = (0..self.inputs.len()).map(|place| self.ts(place)).collect();
        instants.extend(horizon.into_iter().flat_map(|(from, to)| [from - 1, to]));
        let (Some(first), Some(last)) = (instants.iter().min(), instants.iter().max()) else {
            return Ok(Vec::new());
        };
        let length = self.options.span;
        let mut starts = Vec::new();
        for number in first.div_euclid(length) - 3..=last.div_euclid(length) + 3 {
            starts.push(day_start(&self.options.zone, number * length, offset)?);
        }
        let mut found = Vec::new();
        for (start, end) in starts.iter().zip(&starts[1..]) {
            let places: Vec<usize> =
                (0..self.inputs.len()).filter(|place| (*start..*end).contains(&self.ts(*place))).collect();
            // A day that the clocks leave out is none.
            let is_due = start < end && horizon.is_some_and(|(from, to)| (from..=to).contains(end));
            if !places.is_empty() || is_due {
                found.extend(self.at_close(&places, *start, *end, *end));
            }
        }
        Ok(found)
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

    /// What a window as a whole amounts to, if the predicate holds over its inputs.
    fn value_of(&self, places: &[usize]) -> Option<Num> {
        let window = self.window(places);
        match &self.correlation.condition {
            CorrelationCondition::Thresholds { thresholds, .. } => {
                let measure = measure(self.correlation, self.options, &window, None)?;
                measure.holds(thresholds).then(|| measure.value())
            }
            CorrelationCondition::Extended { .. } => {
                let holds = negative::holds(self.correlation, &self.alternatives, &window);
                holds.then(|| self.extended_value(&window))
            }
        }
    }

    /// The detection of a bucket or a session, if the predicate holds over its inputs.
    fn at_close(&self, places: &[usize], start: Time, end: Time, cell: Time) -> Option<Finding> {
        let value = self.value_of(places)?;
        Some(Finding {
            ts: end,
            anchor: Anchor::Window(start, end),
            value,
            at_anchor: places.to_vec(),
            contributing: places.iter().copied().collect(),
            last_seen: places.last().map_or(end, |last| self.ts(*last)),
            closes: end,
            revisions: Vec::new(),
            cell,
            suppressed: 0,
        })
    }
}

/// The instant at which the clocks of a zone show midnight so long after the first of January 1970, and `offset` more.
fn day_start(zone: &str, since: Time, offset: Time) -> Result<Time, String> {
    let wrong = |error: jiff::Error| format!("{zone}: {error}");
    let zone = jiff::tz::db().get(zone).map_err(wrong)?;
    let shown = i64::try_from(since + offset).map(jiff::SignedDuration::from_nanos);
    let shown = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0) + shown.map_err(|error| error.to_string())?;
    Ok(shown.to_zoned(zone).map_err(wrong)?.timestamp().as_nanosecond())
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
