//! How far results depend on inputs (E40, E42). Intervals are half-open here: `[a, e)`.

use std::collections::HashMap;
use std::ops::Range;

use sigyn_ir::{ItemId, OnMatch};

use super::{Node, NodeKind, Operator, Plan, Shape};

impl Plan {
    /// Inputs from here on decide all detections of a rule with `ts ≥ t` (E42).
    pub fn back(&self, rule: ItemId, t: i64) -> i64 {
        self.operator(rule).map_or(t, |operator| operator.back(t))
    }

    /// Inputs before this can change detections of a rule with `ts < t` (E42).
    pub fn settle(&self, rule: ItemId, t: i64) -> i64 {
        self.operator(rule).map_or(t, |operator| operator.settle(t))
    }

    /// The times of detections of a rule that inputs in an interval can change (E42).
    pub fn reach(&self, rule: ItemId, inputs: Range<i64>) -> Range<i64> {
        match self.operator(rule) {
            Some(operator) => operator.reach(inputs),
            None => inputs,
        }
    }

    /// Events from here on decide all detections of a rule with `ts ≥ t`: its own and its children's, down to raw
    /// events (E42).
    pub fn need(&self, rule: ItemId, t: i64) -> i64 {
        let Some(node) = self.node(rule) else { return t };
        // Parents before children, each with the earliest instant that any of its parents asks for.
        let mut asked: HashMap<ItemId, i64> = HashMap::from([(rule, t)]);
        let mut need = t;
        let below = self.order.iter().rev().skip_while(|item| **item != node.item);
        for node in below.filter_map(|item| self.node(*item)) {
            let Some(t) = asked.get(&node.item) else { continue };
            let back = self.back(node.item, *t);
            need = need.min(back);
            for child in node.children() {
                let asked = asked.entry(*child).or_insert(back);
                *asked = (*asked).min(back);
            }
        }
        need
    }

    /// For each rule the times of its detections that raw events in the intervals can change (E40), given for each
    /// rule on events; by [`ItemId`]. Rules that nothing reaches are missing.
    pub fn affected(&self, events: &[(ItemId, Range<i64>)]) -> Vec<(ItemId, Range<i64>)> {
        let mut intervals: HashMap<ItemId, Range<i64>> = HashMap::new();
        let join = |into: &mut Option<Range<i64>>, more: &Range<i64>| match into {
            Some(range) => *range = range.start.min(more.start)..range.end.max(more.end),
            None => *into = Some(more.clone()),
        };
        let mut affected = Vec::new();
        for node in self.order.iter().filter_map(|item| self.node(*item)) {
            let mut inputs = None;
            for (_, range) in events.iter().filter(|(rule, _)| *rule == node.item) {
                join(&mut inputs, range);
            }
            for range in node.children().iter().filter_map(|child| intervals.get(child)) {
                join(&mut inputs, range);
            }
            if let Some(inputs) = inputs {
                let range = self.reach(node.item, inputs);
                intervals.insert(node.item, range.clone());
                affected.push((node.item, range));
            }
        }
        affected
    }

    fn operator(&self, rule: ItemId) -> Option<&Operator> {
        match self.node(rule) {
            Some(Node { kind: NodeKind::Correlation(operator), .. }) => Some(operator),
            _ => None,
        }
    }
}

impl Operator {
    /// Whether results hang on the start of a cell.
    fn has_cells(&self) -> bool {
        self.suppress > 0
            || match self.shape {
                shape if shape.is_at_inputs() => self.on_match != OnMatch::Every,
                _ => false,
            }
    }

    fn back(&self, t: i64) -> i64 {
        let back = |t: i64| t.saturating_sub(self.depth);
        match self.shape {
            Shape::Session { .. } => self.cell.start(t.saturating_sub(1)),
            _ if self.has_cells() => back(self.cell.start(t)),
            _ => back(t),
        }
    }

    fn settle(&self, t: i64) -> i64 {
        let grows = self.suppress > 0 || (self.shape.is_at_inputs() && self.on_match == OnMatch::Episode);
        if grows { self.cell.end(t.saturating_sub(1)) } else { t }
    }

    fn reach(&self, inputs: Range<i64>) -> Range<i64> {
        let last = inputs.end.saturating_sub(1);
        if let Shape::Session { .. } = self.shape {
            return self.cell.start(inputs.start)..self.cell.end(last).saturating_add(1);
        }
        if !self.has_cells() {
            return inputs.start..inputs.end.saturating_add(self.depth);
        }
        self.cell.start(inputs.start)..self.cell.end(last.saturating_add(self.depth))
    }
}
