//! Who reads whom: links between rules on detections and their producers, cycles, strata (E36, E37).

use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::{ItemId, RuleItem, RuleSet};

use super::{Node, NodeKind, selecting};

fn id(at: usize) -> ItemId {
    ItemId(u32::try_from(at).unwrap_or(u32::MAX))
}

/// Gives each rule on detections its producers, and refuses those that stand in a circle.
///
/// A rule that names its producers (`rule.id`, `rule.name`) is linked to them as written. Any other reference is a wildcard: it
/// reaches the rules whose own inputs contain no wildcard, directly or indirectly, so that it never reaches itself.
pub(super) fn link(set: &RuleSet, nodes: &mut [Option<Node>], findings: &mut Vec<Diagnostic>) {
    let selections: Vec<Option<selecting::Selection>> = set
        .items
        .iter()
        .zip(nodes.iter())
        .map(|(item, node)| match (item, node) {
            (RuleItem::Rule(rule), Some(Node { kind: NodeKind::Selecting { .. }, .. })) => {
                Some(selecting::select(rule, nodes))
            }
            _ => None,
        })
        .collect();
    for (at, selection) in selections.iter().enumerate() {
        if let (Some(selection), Some(node)) = (selection, &mut nodes[at]) {
            node.kind = NodeKind::Selecting { producers: selection.named.clone() };
        }
    }
    refuse_cycles(set, nodes, findings);
    let tainted = tainted(nodes, &selections);
    for (at, selection) in selections.iter().enumerate() {
        let (Some(selection), Some(node)) = (selection, &mut nodes[at]) else { continue };
        let wild = selection.possible.iter().filter(|rule| tainted.get(rule.0 as usize) == Some(&false));
        let mut producers: Vec<ItemId> = selection.named.iter().chain(wild).copied().collect();
        producers.sort_unstable();
        producers.dedup();
        node.kind = NodeKind::Selecting { producers };
    }
    let is_alive: Vec<bool> = nodes.iter().map(Option::is_some).collect();
    for node in nodes.iter_mut().flatten() {
        if let NodeKind::Selecting { producers } = &mut node.kind {
            producers.retain(|producer| is_alive.get(producer.0 as usize) == Some(&true));
        }
    }
}

/// Whether each rule is a wildcard or reads one, by named references alone.
fn tainted(nodes: &[Option<Node>], selections: &[Option<selecting::Selection>]) -> Vec<bool> {
    let mut tainted: Vec<bool> =
        selections.iter().map(|selection| selection.as_ref().is_some_and(|it| it.is_wildcard)).collect();
    loop {
        let mut changed = false;
        for (at, node) in nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            let reads = node.children().iter().any(|child| tainted.get(child.0 as usize) == Some(&true));
            if reads && !tainted[at] {
                tainted[at] = true;
                changed = true;
            }
        }
        if !changed {
            return tainted;
        }
    }
}

fn refuse_cycles(set: &RuleSet, nodes: &mut [Option<Node>], findings: &mut Vec<Diagnostic>) {
    while let Some(path) = cycle(nodes) {
        let titles: Vec<String> = path
            .iter()
            .chain(path.first())
            .map(|item| {
                let meta = set.get(*item).map(RuleItem::meta);
                meta.map_or_else(String::new, |meta| meta.name.clone().unwrap_or_else(|| meta.title.clone()))
            })
            .collect();
        for item in &path {
            let message = format!("rules read each other's detections: {}", titles.join(" → "));
            let mut found = Diagnostic::error(&codes::correlate::CHAIN_CYCLE, message);
            if let Some(item) = set.get(*item) {
                found = found.at(item.span());
            }
            findings.push(found);
        }
        for item in path {
            if let Some(node) = nodes.get_mut(item.0 as usize) {
                *node = None;
            }
        }
    }
}

/// A circle, from a rule to what it reads; none if there is none left. Without recursion: chains may be long.
fn cycle(nodes: &[Option<Node>]) -> Option<Vec<ItemId>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; nodes.len()];
    for start in 0..nodes.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::Open;
            path.push((start, 0));
        }
        while let Some((at, next)) = path.last_mut() {
            let child = nodes[*at].as_ref().and_then(|node| node.children().get(*next));
            *next += 1;
            let Some(child) = child.map(|child| child.0 as usize) else {
                marks[*at] = Mark::Done;
                path.pop();
                continue;
            };
            match marks.get(child) {
                Some(Mark::Open) => {
                    let from = path.iter().position(|(at, _)| *at == child).unwrap_or(0);
                    return Some(path[from..].iter().map(|(at, _)| id(*at)).collect());
                }
                Some(Mark::New) => {
                    marks[child] = Mark::Open;
                    path.push((child, 0));
                }
                _ => {}
            }
        }
    }
    None
}

/// Gives each rule its stratum.
pub(super) fn strata(nodes: &mut [Option<Node>]) {
    // Each round settles at least one more level.
    loop {
        let mut changed = false;
        for at in 0..nodes.len() {
            let Some(node) = &nodes[at] else { continue };
            let below = |child: &ItemId| nodes.get(child.0 as usize)?.as_ref().map(|node| node.stratum);
            let highest = node.children().iter().filter_map(below).max();
            let stratum = match node.kind {
                // A rule on detections stands above events even if no rule's detections can match.
                NodeKind::Plain => 1,
                _ => highest.unwrap_or(1) + 1,
            };
            if let Some(node) = &mut nodes[at]
                && node.stratum != stratum
            {
                node.stratum = stratum;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Gives each rule the place of its uid.
pub(super) fn rank(nodes: &mut [Option<Node>]) {
    let mut uids: Vec<(String, usize)> =
        nodes.iter().enumerate().filter_map(|(at, node)| Some((node.as_ref()?.uid.clone(), at))).collect();
    uids.sort();
    for (rank, (_, at)) in uids.iter().enumerate() {
        if let Some(node) = &mut nodes[*at] {
            node.uid_rank = u32::try_from(rank).unwrap_or(u32::MAX);
        }
    }
}

/// Tells each rule who reads it.
pub(super) fn consumers(nodes: &mut [Option<Node>], order: &[ItemId]) {
    for item in order {
        let Some(Some(node)) = nodes.get(item.0 as usize) else { continue };
        let is_correlation = matches!(node.kind, NodeKind::Correlation(_));
        for (place, child) in node.children().to_vec().into_iter().enumerate() {
            let Some(Some(child)) = nodes.get_mut(child.0 as usize) else { continue };
            if is_correlation {
                child.consumers.push((*item, u16::try_from(place).unwrap_or(u16::MAX)));
            } else {
                child.watchers.push(*item);
            }
        }
    }
}
