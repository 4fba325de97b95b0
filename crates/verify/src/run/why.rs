//! Why a rule that should have fired did not.

use std::collections::BTreeSet;

use sigyn_engine::{Explanation, Step};
use sigyn_ir::{Correlation, ItemId, Rule, RuleItem};
use sigyn_runtime::{Fired, explain};

use super::{Detection, Run};
use crate::compare::numbers;
use crate::steps::explained;
use crate::suite::Expectation;

/// Events that are looked at for the one that a rule nearly matches.
const TRIED_MAX: usize = 200;
/// Correlations of correlations that are followed.
const DEPTH_MAX: usize = 8;

impl Run<'_> {
    /// Lines that say why a rule did not fire as often as it should have.
    pub(super) fn why_not(&self, rule: ItemId, wanted: &Expectation, found: &[&Detection]) -> Vec<String> {
        match self.program.set.get(rule) {
            Some(RuleItem::Rule(rule)) => self.why_no_match(rule, wanted, found),
            Some(RuleItem::Correlation(correlation)) => self.children(correlation, 0),
            None => Vec::new(),
        }
    }

    /// What a correlation reads, and how often each of it fired; of what did not, what that reads in turn.
    fn children(&self, correlation: &Correlation, depth: usize) -> Vec<String> {
        let mut lines = vec!["it reads:".to_owned()];
        for child in correlation.reads() {
            let fired: Vec<&Fired> = self.replayed.fired.iter().filter(|fired| fired.rule == child).collect();
            let events = fired.iter().flat_map(|fired| &fired.evidence);
            let events: BTreeSet<usize> = events.map(|event| self.number(event.log, event.record)).collect();
            let times = if fired.len() == 1 { "once".to_owned() } else { format!("{} times", fired.len()) };
            let on = match events.len() {
                0 => String::new(),
                1 => format!(", on event {}", numbers(&events)),
                _ => format!(", on events {}", numbers(&events)),
            };
            lines.push(format!("  `{}`, which fired {times}{on}", self.title(child)));
            let below = match self.program.set.get(child) {
                Some(RuleItem::Rule(rule)) if fired.is_empty() => self.nearest(rule, &[]),
                Some(RuleItem::Correlation(correlation)) if fired.is_empty() && depth < DEPTH_MAX => {
                    self.children(correlation, depth + 1)
                }
                _ => Vec::new(),
            };
            lines.extend(below.into_iter().map(|line| format!("    {line}")));
        }
        lines
    }

    fn why_no_match(&self, rule: &Rule, wanted: &Expectation, found: &[&Detection]) -> Vec<String> {
        let is_found = |number: &usize| found.iter().any(|detection| detection.events.contains(number));
        let missed: Vec<usize> =
            wanted.wanted.events.iter().flatten().copied().filter(|number| !is_found(number)).collect();
        let matched: Vec<usize> = found.iter().flat_map(|detection| &detection.events).copied().collect();
        match missed.first().and_then(|number| self.explained(rule, *number)) {
            Some((number, explanation)) => self.lines(rule, number, &explanation),
            None => self.nearest(rule, &matched),
        }
    }

    /// The explanation of the event that comes nearest to a match.
    fn nearest(&self, rule: &Rule, matched: &[usize]) -> Vec<String> {
        let count = self.replayed.records.iter().sum::<u64>();
        let numbers = (1..=usize::try_from(count).unwrap_or(usize::MAX)).filter(|at| !matched.contains(at));
        let explained = numbers.take(TRIED_MAX).filter_map(|number| self.explained(rule, number));
        // Of equals the first: `max_by_key` would give the last.
        let mut best: Option<((bool, usize), usize, Explanation)> = None;
        for (number, explanation) in explained.filter(|(_, explanation)| !explanation.matches) {
            let score = (explanation.is_tried, explanation.conditions.iter().map(holding).sum());
            if best.as_ref().is_none_or(|(other, _, _)| score > *other) {
                best = Some((score, number, explanation));
            }
        }
        best.map_or(Vec::new(), |(_, number, explanation)| self.lines(rule, number, &explanation))
    }

    fn lines(&self, rule: &Rule, number: usize, explanation: &Explanation) -> Vec<String> {
        let mut lines = vec![format!("on event {number}:")];
        lines.extend(explained(&rule.meta.title, explanation).into_iter().map(|line| format!("  {line}")));
        if !explanation.is_tried && self.replayed.unknown.contains(&number) {
            lines.push(
                "  the event's content names no log source: add the fields that tell it (Channel, Provider …), or say `logsource`"
                    .to_owned(),
            );
        }
        lines
    }

    fn explained(&self, rule: &Rule, number: usize) -> Option<(usize, Explanation)> {
        let mut before = 0;
        for (log, records) in self.logs.iter().zip(&self.replayed.records) {
            let records = usize::try_from(*records).unwrap_or(usize::MAX);
            if number <= before + records {
                let record = log.first + u64::try_from(number - before - 1).unwrap_or(0);
                return explain(self.program, log, record, rule).map(|explanation| (number, explanation));
            }
            before += records;
        }
        None
    }
}

/// How many parts of a condition hold.
fn holding(step: &Step) -> usize {
    usize::from(step.holds && step.parts.is_empty()) + step.parts.iter().map(holding).sum::<usize>()
}
