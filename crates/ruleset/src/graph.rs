//! Which rules read which: the chain from events to the topmost detection, for DOT and as SVG.

mod layout;
mod svg;

use std::collections::BTreeMap;
use std::fmt::Write;

use sigyn_ir::{Correlation, CorrelationCondition, ItemId, Level, RuleItem, RuleSet, Threshold};

/// Rules with what they read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The rules.
    pub nodes: Vec<Node>,
    /// From a rule to one that reads it, by place; sorted.
    pub edges: Vec<Edge>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its title.
    pub title: String,
    /// What it does, in a few words.
    pub about: String,
    /// Its severity.
    pub level: Option<Level>,
    /// Whether it is a correlation.
    pub is_correlation: bool,
    /// Whether it stands for itself: false if it is there only to be read.
    pub is_shown: bool,
}

/// One rule reads another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What is read.
    pub from: usize,
    /// What reads.
    pub to: usize,
    /// Whether a condition on detections reads it, and not a reference.
    pub is_selected: bool,
}

/// Which rules a graph has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that read another or are read.
    Chained,
    /// All.
    All,
}

impl Graph {
    /// The graph of a set. `selected` are rules on detections with a rule whose detections they may match, which a set
    /// alone does not say.
    pub fn of(set: &RuleSet, selected: &[(ItemId, ItemId)], scope: Scope) -> Self {
        let mut edges: Vec<Edge> = Vec::new();
        for (at, item) in set.items.iter().enumerate() {
            if let RuleItem::Correlation(correlation) = item {
                let from = |id: ItemId| Edge { from: id.0 as usize, to: at, is_selected: false };
                edges.extend(correlation.reads().map(from));
            }
        }
        for (reader, read) in selected {
            edges.push(Edge { from: read.0 as usize, to: reader.0 as usize, is_selected: true });
        }
        edges.retain(|edge| edge.from < set.items.len() && edge.to < set.items.len());
        edges.sort_unstable();
        edges.dedup();
        let is_chained = |at: usize| edges.iter().any(|edge| edge.from == at || edge.to == at);
        let kept: Vec<usize> =
            (0..set.items.len()).filter(|at| scope == Scope::All || is_chained(*at)).collect();
        let places: BTreeMap<usize, usize> = kept.iter().copied().zip(0..).collect();
        let nodes = kept.iter().filter_map(|at| {
            let is_shown = set.outputs.get(*at).copied().unwrap_or(true);
            set.items.get(*at).map(|item| Node::of(item, is_shown))
        });
        let nodes = nodes.collect();
        let place = |edge: &Edge| {
            let (from, to) = (*places.get(&edge.from)?, *places.get(&edge.to)?);
            Some(Edge { from, to, ..*edge })
        };
        let edges = edges.iter().filter_map(place).collect();
        Self { nodes, edges }
    }

    /// A way through the rules that ends where it began, if there is one: each reads the one before it.
    pub fn cycle(&self) -> Option<Vec<usize>> {
        // 0: not met, 1: on the way, 2: done. With a list instead of recursion: chains may be long.
        let mut state = vec![0_u8; self.nodes.len()];
        for start in 0..self.nodes.len() {
            if state[start] != 0 {
                continue;
            }
            let mut way: Vec<(usize, usize)> = vec![(start, 0)];
            state[start] = 1;
            while let Some((node, next)) = way.last_mut() {
                let node = *node;
                let reader = self.edges.iter().filter(|edge| edge.from == node).nth(*next);
                *next += 1;
                match reader.map(|edge| edge.to) {
                    None => {
                        state[node] = 2;
                        way.pop();
                    }
                    Some(to) if state[to] == 1 => {
                        let from = way.iter().position(|(other, _)| *other == to).unwrap_or(0);
                        return Some(way[from..].iter().map(|(other, _)| *other).collect());
                    }
                    Some(to) if state[to] == 0 => {
                        state[to] = 1;
                        way.push((to, 0));
                    }
                    Some(_) => {}
                }
            }
        }
        None
    }

    /// The graph in DOT, which Graphviz and many others read. What is not shown by itself has a dashed frame, what a
    /// condition on detections reads a dashed line.
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph rules {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
        );
        for (at, node) in self.nodes.iter().enumerate() {
            let style = if node.is_shown { "rounded" } else { "rounded,dashed" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "  r{at} [label=\"{}\\n{}\", style=\"{style}\", color=\"{}\"];",
                quoted(&node.title),
                quoted(&node.about),
                color(node.level),
            );
        }
        for edge in &self.edges {
            let style = if edge.is_selected { " [style=dashed]" } else { "" };
            let _ = writeln!(out, "  r{} -> r{}{style};", edge.from, edge.to);
        }
        out.push_str("}\n");
        out
    }

    /// The graph as a drawing that stands alone: layers from left to right, drawn without another program.
    pub fn svg(&self) -> String {
        svg::draw(self, &layout::layout(self))
    }
}

impl Node {
    fn of(item: &RuleItem, is_shown: bool) -> Self {
        let meta = item.meta();
        let (about, is_correlation) = match item {
            RuleItem::Correlation(correlation) => (about(correlation), true),
            RuleItem::Rule(rule) => {
                let source = &rule.logsource;
                let parts = [&source.product, &source.category, &source.service];
                let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
                (parts.join(" / "), false)
            }
        };
        Self { title: meta.title.clone(), about, level: meta.level, is_correlation, is_shown }
    }
}

/// A correlation in a few words: `event_count ≥ 5 in 5m by user`.
fn about(correlation: &Correlation) -> String {
    let mut out = correlation.kind.as_str().to_owned();
    match &correlation.condition {
        CorrelationCondition::Thresholds { thresholds, fields, .. } => {
            if !fields.is_empty() {
                let _ = write!(out, " of {}", fields.join(", "));
            }
            for Threshold { op, number } in thresholds {
                let op = match op.as_str() {
                    "lt" => "<",
                    "lte" => "≤",
                    "gt" => ">",
                    "gte" => "≥",
                    "eq" => "=",
                    _ => "≠",
                };
                let _ = write!(out, " {op} {number}");
            }
        }
        CorrelationCondition::Extended { text, .. } => {
            let _ = write!(out, ": {text}");
        }
    }
    let _ = write!(out, " in {}", correlation.timespan.text);
    if let Some(fields) = correlation.group_by.as_ref().filter(|fields| !fields.is_empty()) {
        let _ = write!(out, " by {}", fields.join(", "));
    }
    out
}

fn color(level: Option<Level>) -> &'static str {
    match level {
        Some(Level::Critical) => "#b3123f",
        Some(Level::High) => "#d1480c",
        Some(Level::Medium) => "#b07d00",
        Some(Level::Low) => "#2f7d4f",
        Some(Level::Informational) | None => "#66707a",
    }
}

fn quoted(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(count: usize, edges: &[(usize, usize)]) -> Graph {
        let node = |at: usize| Node {
            title: format!("rule {at} <b>\"x\""),
            about: "about".to_owned(),
            level: None,
            is_correlation: at % 2 == 1,
            is_shown: at != 0,
        };
        let edge = |&(from, to): &(usize, usize)| Edge { from, to, is_selected: from == 2 };
        Graph { nodes: (0..count).map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn cycles_are_found_with_their_way() {
        let check = |count, edges: &[(usize, usize)], expect: Option<&[usize]>| {
            assert_eq!(graph(count, edges).cycle().as_deref(), expect, "{edges:?}");
        };
        check(3, &[(0, 1), (1, 2), (0, 2)], None);
        check(4, &[(0, 1), (1, 2), (2, 3), (3, 1)], Some(&[1, 2, 3]));
        check(1, &[(0, 0)], Some(&[0]));
    }

    #[test]
    fn drawings_hold_every_rule_and_every_line() {
        let graph = graph(6, &[(0, 2), (1, 2), (2, 3), (0, 4), (3, 5), (4, 5), (0, 5)]);
        let dot = graph.dot();
        assert_eq!(dot.matches(" -> ").count(), 7);
        assert_eq!(dot.matches("style=dashed").count(), 1);
        assert!(dot.contains(r#"rule 3 <b>\"x\""#));
        let svg = graph.svg();
        assert_eq!(svg.matches("<g class=\"rule").count(), 6);
        assert_eq!(svg.matches("<path class=\"line").count(), 7);
        assert!(!svg.contains("<b>"), "titles are text");
        assert_eq!(svg, graph.svg());
    }

    #[test]
    fn readers_stand_to_the_right_and_nothing_overlaps() {
        let graph = graph(6, &[(0, 2), (1, 2), (2, 3), (0, 4), (3, 5), (4, 5), (0, 5)]);
        let places = layout::layout(&graph);
        for edge in &graph.edges {
            assert!(places[edge.from].layer < places[edge.to].layer);
        }
        for (one, other) in (0..6).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let same = places[one].layer == places[other].layer;
            assert!(!same || places[one].row != places[other].row);
        }
    }
}
