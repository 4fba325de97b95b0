//! What a late event can change: rules that hang together, and the value that divides what they see (E39, E40).
//!
//! Correlations that read each other, directly or through rules on detections, make an *island*. In nearly all of them
//! every group has the same component somewhere, an address or an account, and the component of a group is that of all
//! its inputs, down to events. Then groups with different values of it never meet, and a late event changes
//! nothing but what has its values. A repair that looks only at these costs what *they* are, not what the day was: of a
//! log whose lines came in no order, each from an address of its own, next to nothing must be run again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sigyn_ir::{ItemId, Missing};

use super::{Node, NodeKind, Operator};
use crate::own::is_own;

/// The islands of a plan.
#[derive(Debug, Default)]
pub(crate) struct Islands {
    /// By item: the number of its island; none for rules on events.
    of: Vec<Option<usize>>,
    /// By number.
    list: Vec<Island>,
    /// By item, for rules on events: which islands read it.
    readers: Vec<Vec<Reader>>,
}

/// Rules that hang together.
#[derive(Debug)]
struct Island {
    /// None if nothing divides it.
    division: Option<Division>,
}

/// What divides an island.
#[derive(Debug)]
pub(crate) struct Division {
    /// For each of its correlations the place of the component among those of its groups.
    components: HashMap<ItemId, usize>,
    /// Whether events without the value have groups too.
    takes_missing: bool,
}

/// An island that reads a rule on events.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) island: usize,
    /// Where the values that divide it stand among what a hit brings.
    pub(crate) slots: Vec<usize>,
}

impl Islands {
    /// The number of a correlation's island, or of a rule's on detections.
    pub(crate) fn of(&self, rule: ItemId) -> Option<usize> {
        self.of.get(rule.0 as usize).copied().flatten()
    }

    /// What divides an island, if something does.
    pub(crate) fn division(&self, island: usize) -> Option<&Division> {
        self.list.get(island)?.division.as_ref()
    }

    /// The islands that read a rule on events.
    pub(crate) fn readers(&self, rule: ItemId) -> &[Reader] {
        self.readers.get(rule.0 as usize).map_or(&[], Vec::as_slice)
    }
}

impl Division {
    /// The place of the dividing component among those of a correlation's groups.
    pub(crate) fn component(&self, rule: ItemId) -> Option<usize> {
        self.components.get(&rule).copied()
    }

    pub(crate) fn takes_missing(&self) -> bool {
        self.takes_missing
    }
}

/// A component of a correlation's groups: the rule, and its place.
type Part = (ItemId, usize);

/// Sets that are joined.
#[derive(Debug)]
struct Sets<T>(BTreeMap<T, T>);

impl<T: Copy + Ord> Sets<T> {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn root(&self, of: T) -> T {
        let mut at = of;
        while let Some(above) = self.0.get(&at).filter(|above| **above != at) {
            at = *above;
        }
        at
    }

    fn join(&mut self, a: T, b: T) {
        let (a, b) = (self.root(a), self.root(b));
        // The smaller stays: what is found hangs on nothing but the rules.
        self.0.insert(a.max(b), a.min(b));
    }
}

/// Which components must be equal, and what events bring for them.
#[derive(Debug)]
struct Links {
    parts: Sets<Part>,
    /// Components that some input has no value for that its group has too.
    failed: BTreeSet<Part>,
    /// Where a component is read of events: the rule, and the place among what its hits bring.
    read: Vec<(Part, ItemId, usize)>,
}

/// Finds the islands.
pub(super) fn find(nodes: &[Option<Node>], order: &[ItemId]) -> Islands {
    let node = |item: ItemId| nodes.get(item.0 as usize)?.as_ref();
    let followers = followers(nodes, order);
    let mut sets: Sets<ItemId> = Sets::new();
    let mut links = Links { parts: Sets::new(), failed: BTreeSet::new(), read: Vec::new() };
    let is_above = |item: ItemId| node(item).is_some_and(|it| !matches!(it.kind, NodeKind::Plain));
    let above = || order.iter().filter(|item| is_above(**item)).filter_map(|item| node(*item));
    for node in above() {
        if let NodeKind::Correlation(operator) = &node.kind {
            (0..operator.group.len()).for_each(|at| links.follow((node.item, at), operator, nodes));
        }
        if followers.contains(&node.item) {
            continue;
        }
        let below = node.children().iter().filter(|child| is_above(**child));
        below.for_each(|child| sets.join(node.item, *child));
    }
    let mut members: BTreeMap<ItemId, Vec<&Node>> = BTreeMap::new();
    above().for_each(|node| members.entry(sets.root(node.item)).or_default().push(node));
    let mut islands = Islands {
        of: vec![None; nodes.len()],
        list: Vec::new(),
        readers: nodes.iter().map(|_| Vec::new()).collect(),
    };
    for members in members.values() {
        let number = islands.list.len();
        members.iter().for_each(|node| islands.of[node.item.0 as usize] = Some(number));
        let (division, slots) = links.division(members);
        for child in members.iter().flat_map(|node| node.children()) {
            let Some(readers) = islands.readers.get_mut(child.0 as usize) else { continue };
            if !is_above(*child) && readers.iter().all(|reader| reader.island != number) {
                let slots = slots.get(child).cloned().unwrap_or_default();
                readers.push(Reader { island: number, slots });
            }
        }
        islands.list.push(Island { division });
    }
    islands
}

/// Rules on detections that no correlation stands above: each of their detections comes of one event or detection, so they
/// join nothing.
fn followers(nodes: &[Option<Node>], order: &[ItemId]) -> BTreeSet<ItemId> {
    let mut followers = BTreeSet::new();
    // Whoever reads a rule stands behind it.
    for node in order.iter().rev().filter_map(|item| nodes.get(item.0 as usize)?.as_ref()) {
        if matches!(node.kind, NodeKind::Selecting { .. })
            && node.consumers.is_empty()
            && node.watchers.iter().all(|watcher| followers.contains(watcher))
        {
            followers.insert(node.item);
        }
    }
    followers
}

impl Links {
    /// Follows a component of a correlation's groups down to what brings it.
    fn follow(&mut self, part: Part, operator: &Operator, nodes: &[Option<Node>]) {
        self.parts.0.entry(part).or_insert(part);
        let Some(name) = operator.group.get(part.1) else { return };
        for (place, child) in operator.children.iter().enumerate() {
            let name = operator.field_of(place, name);
            // What is there, and whether the correlation itself reads it.
            let mut to_see = vec![(*child, true)];
            let mut seen: BTreeSet<ItemId> = BTreeSet::new();
            while let Some((item, is_direct)) = to_see.pop() {
                let Some(Some(node)) = nodes.get(item.0 as usize) else { continue };
                // Of a hit on an event its own fields are those of the event.
                let is_of_event = is_direct && !matches!(node.kind, NodeKind::Correlation(_));
                if !is_of_event && is_own(&name, &node.outcomes) {
                    self.failed.insert(part);
                    continue;
                }
                match &node.kind {
                    NodeKind::Plain => match node.reads.iter().position(|read| *read == name) {
                        Some(slot) => self.read.push((part, item, slot)),
                        None => _ = self.failed.insert(part),
                    },
                    NodeKind::Correlation(below) => match below.group.iter().position(|known| *known == name)
                    {
                        Some(at) => self.parts.join(part, (item, at)),
                        None => _ = self.failed.insert(part),
                    },
                    NodeKind::Selecting { producers } => {
                        let new = producers.iter().filter(|producer| seen.insert(**producer));
                        to_see.extend(new.map(|producer| (*producer, false)));
                    }
                }
            }
        }
    }

    /// What divides an island, and where each rule on events brings it.
    fn division(&self, members: &[&Node]) -> (Option<Division>, HashMap<ItemId, Vec<usize>>) {
        let operators: Vec<(ItemId, &Operator)> = members
            .iter()
            .filter_map(|node| match &node.kind {
                NodeKind::Correlation(operator) => Some((node.item, &**operator)),
                _ => None,
            })
            .collect();
        // Keys of which nothing came have no event that brings their value.
        if operators.iter().any(|(_, operator)| !operator.inventory.is_empty()) {
            return (None, HashMap::new());
        }
        let Some((first, operator)) = operators.first() else {
            let division = Division { components: HashMap::new(), takes_missing: false };
            return (Some(division), HashMap::new());
        };
        for at in 0..operator.group.len() {
            let root = self.parts.root((*first, at));
            let is_it = |part: &Part| self.parts.root(*part) == root;
            if self.failed.iter().any(is_it) {
                continue;
            }
            let only = |(item, operator): &(ItemId, &Operator)| {
                let mut parts = (0..operator.group.len()).filter(|at| is_it(&(*item, *at)));
                match (parts.next(), parts.next()) {
                    (Some(at), None) => Some((*item, at)),
                    _ => None,
                }
            };
            let Some(components) = operators.iter().map(only).collect() else { continue };
            let mut slots: HashMap<ItemId, Vec<usize>> = HashMap::new();
            for (_, item, slot) in self.read.iter().filter(|(part, ..)| is_it(part)) {
                let slots = slots.entry(*item).or_default();
                if !slots.contains(slot) {
                    slots.push(*slot);
                }
            }
            let takes_missing = operators.iter().any(|(_, it)| it.missing == Missing::Group);
            return (Some(Division { components, takes_missing }), slots);
        }
        (None, HashMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, base, correlation};

    /// What divides the island of a rule: by correlation, the component's name.
    fn division(it: &Bench, rule: &str) -> Option<Vec<String>> {
        let islands = &it.plan.islands;
        let division = islands.division(islands.of(it.item(rule)).unwrap())?;
        let of = |item: &ItemId| {
            let Some(NodeKind::Correlation(operator)) = it.plan.node(*item).map(|node| &node.kind) else {
                return None;
            };
            let at = division.component(*item)?;
            Some(format!("{} by {}", it.set.get(*item).unwrap().meta().title, operator.group[at]))
        };
        Some(it.plan.rules().iter().filter_map(of).collect())
    }

    fn count(rules: &str, by: &str, more: &str) -> String {
        format!(
            "type: event_count, rules: [{rules}], group-by: [{by}], timespan: 1m, condition: {{gte: 2}}{more}"
        )
    }

    fn watcher(name: &str, of: &str) -> String {
        format!(
            "title: {name}\nname: {name}\nlogsource: {{product: sigyn, service: detection}}\ndetection: {{s: {{rule.name: \
             {of}}}, condition: s}}\n---\n"
        )
    }

    fn check(rules: &str, rule: &str, expect: Option<Vec<&str>>) {
        let it = Bench::new(rules);
        let expect = expect.map(|it| it.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(division(&it, rule), expect, "{rules}");
    }

    #[test]
    fn islands_are_divided_by_what_all_groups_have() {
        let text = |parts: &[String]| base(&["a", "b"]) + &parts.concat();
        let alias = ", aliases: {w: {c: u}}";
        for (rules, rule, expect) in [
            (text(&[correlation("c", &count("a", "u", ""), "")]), "c", Some(vec!["c by u"])),
            // The parent has one of the child's, wherever it stands, and by whatever name.
            (
                text(&[
                    correlation("c", &count("a", "h, u", ""), ""),
                    correlation("d", &count("c, b", "x, u", ""), ""),
                ]),
                "c",
                Some(vec!["c by u", "d by u"]),
            ),
            (
                text(&[
                    correlation("c", &count("a", "u", ""), ""),
                    correlation("d", &count("c", "w", alias), ""),
                ]),
                "d",
                Some(vec!["c by u", "d by w"]),
            ),
            // It reads the events below, or has one group.
            (
                text(&[
                    correlation("c", &count("a", "u", ""), ""),
                    correlation("d", &count("c", "h", ""), ""),
                ]),
                "c",
                None,
            ),
            (
                text(&[
                    correlation("c", &count("a", "u", ""), ""),
                    correlation("d", &count("c", "", ""), ""),
                ]),
                "c",
                None,
            ),
            // Rules that read the same events are islands of their own.
            (
                text(&[
                    correlation("c", &count("a", "u", ""), ""),
                    correlation("d", &count("a", "h", ""), ""),
                ]),
                "d",
                Some(vec!["d by h"]),
            ),
        ] {
            check(&rules, rule, expect);
        }
    }

    #[test]
    fn rules_on_detections_hand_fields_on() {
        let text = |parts: &[String]| base(&["a", "b"]) + &parts.concat();
        for (rules, rule, expect) in [
            // A rule on detections hands fields on, but for those that a detection has by itself.
            (
                text(&[watcher("w", "a"), correlation("d", &count("w", "u", ""), "")]),
                "d",
                Some(vec!["d by u"]),
            ),
            (
                text(&[
                    correlation("c", &count("a", "u", ""), ""),
                    watcher("w", "c"),
                    correlation("d", &count("w", "level, u", ""), ""),
                ]),
                "d",
                Some(vec!["c by u", "d by u"]),
            ),
            (text(&[watcher("w", "a"), correlation("d", &count("w", "level", ""), "")]), "d", None),
            // One that nothing stands above joins nothing.
            (
                text(&[correlation("c", &count("a", "u", ""), ""), watcher("w", "c"), watcher("v", "w")]),
                "c",
                Some(vec!["c by u"]),
            ),
            (text(&[watcher("w", "a")]), "w", Some(Vec::new())),
            // Keys of which nothing came.
            (text(&[correlation("c", &count("a", "u", ""), "window: tumbling, inventory: [x]")]), "c", None),
        ] {
            check(&rules, rule, expect);
        }
    }
}
