//! Which fields are read of whom (E14).

use std::sync::Arc;

use sigyn_ir::{Aggregate, ItemId, RuleItem, RuleSet};

use super::{ChildSlots, Node, NodeKind, Operator, selecting};
use crate::own::is_own;

/// Tells each rule which of its fields are read, and each correlation where it finds them.
///
/// A correlation's detection has its own fields and those of its group. What is read of it beyond these is read of
/// the events that contributed, so its children must bring it: consumers are asked before their children.
pub(super) fn plan(set: &RuleSet, nodes: &mut [Option<Node>], order: &[ItemId]) {
    for item in order.iter().rev() {
        let Some(Some(node)) = nodes.get_mut(item.0 as usize) else { continue };
        let is_on_detections = matches!(node.kind, NodeKind::Selecting { .. });
        let mut asked: Vec<(ItemId, Vec<Arc<str>>)> = Vec::new();
        match &mut node.kind {
            NodeKind::Plain => add_outcomes(node),
            NodeKind::Selecting { producers } => {
                let mut names = match set.get(*item) {
                    Some(RuleItem::Rule(rule)) => selecting::fields(rule),
                    _ => Vec::new(),
                };
                let producers = producers.clone();
                add_outcomes(node);
                names.extend(node.reads.iter().cloned());
                asked.extend(producers.into_iter().map(|producer| (producer, names.clone())));
            }
            NodeKind::Correlation(operator) => {
                let is_known =
                    |name: &Arc<str>| is_own(name, &node.outcomes) || operator.group.contains(name);
                operator.extras = node.reads.iter().filter(|name| !is_known(name)).cloned().collect();
                for (place, child) in operator.children.iter().enumerate() {
                    asked.push((*child, operator.names(place)));
                }
            }
        }
        for (child, names) in asked {
            let Some(Some(child)) = nodes.get_mut(child.0 as usize) else { continue };
            for name in names {
                // A rule's own fields are no fields of its events, unless a correlation reads the events.
                if !is_on_detections || !is_own(&name, &child.outcomes) {
                    add(&mut child.reads, name);
                }
            }
        }
    }
    place(nodes, order);
}

/// Outcomes of single-event rules are read of the event.
fn add_outcomes(node: &mut Node) {
    for outcome in &node.outcomes {
        if outcome.aggregate != Aggregate::Count {
            add(&mut node.reads, outcome.field.as_str().into());
        }
    }
}

fn add(reads: &mut Vec<Arc<str>>, name: Arc<str>) {
    if !reads.contains(&name) {
        reads.push(name);
    }
}

/// Where a field stands among those read; all that are looked for were added.
fn slot(reads: &[Arc<str>], name: &str) -> usize {
    reads.iter().position(|read| &**read == name).unwrap_or(usize::MAX)
}

fn place(nodes: &mut [Option<Node>], order: &[ItemId]) {
    for item in order {
        let Some(Some(node)) = nodes.get(item.0 as usize) else { continue };
        let slots: Vec<ChildSlots> = match &node.kind {
            NodeKind::Correlation(operator) => (0..operator.children.len())
                .map(|place| {
                    let reads = operator
                        .children
                        .get(place)
                        .and_then(|child| nodes.get(child.0 as usize)?.as_ref())
                        .map_or(&[][..], |child| &child.reads);
                    let find = |name: &Arc<str>| slot(reads, &operator.field_of(place, name));
                    ChildSlots {
                        group: operator.group.iter().map(find).collect(),
                        measured: operator.measured.iter().map(find).collect(),
                        gathered: operator.gathered().map(|name| find(&name)).collect(),
                        names: operator
                            .measured
                            .iter()
                            .cloned()
                            .chain(operator.gathered())
                            .map(|name| operator.field_of(place, &name))
                            .collect(),
                    }
                })
                .collect(),
            _ => Vec::new(),
        };
        let Some(Some(node)) = nodes.get_mut(item.0 as usize) else { continue };
        node.outcome_slots = node.outcomes.iter().map(|outcome| slot(&node.reads, &outcome.field)).collect();
        if let NodeKind::Correlation(operator) = &mut node.kind {
            operator.slots = slots;
        }
    }
}

impl Operator {
    /// The name of a field in what a child brings: an alias names a field for each rule; a rule that it does not
    /// list has the alias itself as a field (E14).
    pub(super) fn field_of(&self, place: usize, name: &Arc<str>) -> Arc<str> {
        let child = self.children.get(place);
        let alias = self.aliases.iter().find(|(alias, _)| alias == name);
        let field = alias.and_then(|(_, fields)| fields.iter().find(|(rule, _)| Some(rule) == child));
        field.map_or_else(|| name.clone(), |(_, field)| field.clone())
    }

    /// Fields whose values are gathered: those of the outcomes, then those read of detections beyond their own.
    pub(super) fn gathered(&self) -> impl Iterator<Item = Arc<str>> {
        let outcomes = self.outcomes.iter().filter(|outcome| outcome.aggregate != Aggregate::Count);
        outcomes.map(|outcome| outcome.field.as_str().into()).chain(self.extras.iter().cloned())
    }

    /// All fields that are read of a child, by their names in it.
    pub(super) fn names(&self, place: usize) -> Vec<Arc<str>> {
        let names = self.group.iter().chain(&self.measured).cloned().chain(self.gathered());
        names.map(|name| self.field_of(place, &name)).collect()
    }
}
