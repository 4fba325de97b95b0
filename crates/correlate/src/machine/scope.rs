//! What late hits can change: which rules, when, and of whom (E39, E40).

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use sigyn_ir::ItemId;

use super::Machine;
use crate::group;
use crate::input::Waiting;
use crate::plan::{Division, NodeKind, Operator, Plan};
use crate::{Hit, Values};

/// What late hits can change, and which hits tell how: what [`Machine::repair_scope`] needs of the past.
///
/// Where rules have a value in common that divides all they see, such as an address that each of their groups has, only
/// hits with the values of late ones are needed.
#[derive(Debug)]
pub struct Scope {
    plan: Arc<Plan>,
    pub(super) late: Vec<Hit>,
    /// When detections of which rules can change, in the order in which rules run.
    affected: Vec<(ItemId, Range<i64>)>,
    touched: HashMap<usize, Touched>,
    interval: Range<i64>,
}

/// What of an island late hits touch.
#[derive(Debug)]
enum Touched {
    All,
    /// What has one of these values; none stands for those without.
    Values(HashSet<Option<Box<str>>>),
}

impl Machine {
    /// What late hits can change. Hits that are not late are left out.
    pub fn scope(&self, late: Vec<Hit>) -> Scope {
        let (plan, now) = (self.plan.clone(), self.watermark);
        let late: Vec<Hit> = late.into_iter().filter(|hit| hit.at.ts < now).collect();
        let mut touched: HashMap<usize, Touched> = HashMap::new();
        for hit in &late {
            for reader in plan.islands.readers(hit.rule) {
                match plan.islands.division(reader.island) {
                    None => _ = touched.insert(reader.island, Touched::All),
                    Some(division) => {
                        let all =
                            touched.entry(reader.island).or_insert_with(|| Touched::Values(HashSet::new()));
                        if let Touched::Values(all) = all {
                            all.extend(values(division, &reader.slots, &hit.values));
                        }
                    }
                }
            }
        }
        // An event without the value is no correlation's input.
        touched.retain(|_, touched| match touched {
            Touched::All => true,
            Touched::Values(all) => !all.is_empty(),
        });
        let events: Vec<(ItemId, Range<i64>)> =
            late.iter().map(|hit| (hit.rule, hit.at.ts..hit.at.ts.saturating_add(1))).collect();
        let mut affected = plan.affected(&events);
        affected.retain(|(rule, _)| match plan.islands.of(*rule) {
            // A rule on detections says something of each that it reads, whatever groups it lies in.
            Some(island) => touched.contains_key(&island) || plan.is_on_detections(*rule),
            None => true,
        });
        let needs = affected.iter().map(|(rule, range)| plan.need(*rule, range.start.min(now)));
        let from = needs.min().unwrap_or(now);
        Scope { plan, late, affected, touched, interval: from..now }
    }
}

impl Scope {
    /// Whether nothing can change.
    pub fn is_empty(&self) -> bool {
        self.affected.is_empty()
    }

    /// When detections of which rules can change, in the order in which rules run; rules on events among them.
    pub fn affected(&self) -> &[(ItemId, Range<i64>)] {
        &self.affected
    }

    /// The hits in this interval are needed, as far as they are [`wanted`](Self::wants).
    pub fn interval(&self) -> Range<i64> {
        self.interval.clone()
    }

    /// Whether a hit from the past is needed.
    pub fn wants(&self, rule: ItemId, values: &Values) -> bool {
        self.plan.islands.readers(rule).iter().any(|reader| match self.touched.get(&reader.island) {
            None => false,
            Some(Touched::All) => true,
            Some(Touched::Values(touched)) => {
                let division = self.plan.islands.division(reader.island);
                division.is_some_and(|division| {
                    self::values(division, &reader.slots, values).any(|value| touched.contains(&value))
                })
            }
        })
    }

    /// Whether a detection can change, by its group. Of rules on detections, whose detections have none, any can.
    pub fn concerns(&self, rule: ItemId, group: &[(Arc<str>, Option<String>)]) -> bool {
        match self.touched_of(rule) {
            None => self.plan.is_on_detections(rule),
            Some((Touched::All, _) | (_, None)) => true,
            Some((Touched::Values(values), Some(component))) => {
                let value = group.get(component).map(|(_, value)| value.as_deref().map(Into::into));
                value.is_some_and(|value| values.contains(&value))
            }
        }
    }

    pub(super) fn is_on_detections(&self, rule: ItemId) -> bool {
        self.plan.is_on_detections(rule)
    }

    /// Whether all of a rule's groups can change.
    pub(super) fn is_whole(&self, rule: ItemId) -> bool {
        matches!(self.touched_of(rule), Some((Touched::All, _)))
    }

    /// Whether a group of a correlation can change, by its key.
    pub(super) fn concerns_key(&self, operator: &Operator, rule: ItemId, key: &[u8]) -> bool {
        self.concerns(rule, &group::read(key, &operator.group))
    }

    /// Whether an input of a correlation goes to a group that can change.
    pub(super) fn concerns_input(&self, operator: &Operator, rule: ItemId, waiting: &Waiting) -> bool {
        let mut groups = group::Tuples::default();
        let Some(slots) = operator.slots.get(usize::from(waiting.at.child)) else { return false };
        groups.make(&waiting.values, &slots.group, operator.missing, self.plan.limits.memberships_max);
        groups.iter().any(|key| self.concerns_key(operator, rule, key))
    }

    /// The correlations that must run: those that can change, and those below them.
    pub(super) fn running(&self) -> HashSet<ItemId> {
        let mut running: HashSet<ItemId> = HashSet::new();
        let island = |rule: ItemId| self.plan.islands.of(rule);
        let is_in = |rule: ItemId| island(rule).is_some_and(|island| self.touched.contains_key(&island));
        let mut to_see: Vec<ItemId> =
            self.affected.iter().map(|(rule, _)| *rule).filter(|rule| is_in(*rule)).collect();
        while let Some(rule) = to_see.pop() {
            // What a rule that joins nothing reads of other islands is as it was.
            if running.insert(rule) {
                to_see
                    .extend(self.plan.children(rule).iter().filter(|child| island(**child) == island(rule)));
            }
        }
        running
    }

    fn touched_of(&self, rule: ItemId) -> Option<(&Touched, Option<usize>)> {
        let island = self.plan.islands.of(rule)?;
        let component = self.plan.islands.division(island).and_then(|division| division.component(rule));
        Some((self.touched.get(&island)?, component))
    }
}

/// The values of a hit that divide an island.
fn values<'v>(
    division: &'v Division,
    slots: &'v [usize],
    values: &'v Values,
) -> impl Iterator<Item = Option<Box<str>>> {
    slots.iter().flat_map(move |slot| {
        let mut texts = values.get(*slot).map(|text| Some(text.into())).peekable();
        let missing = (texts.peek().is_none() && division.takes_missing()).then_some(None);
        texts.chain(missing)
    })
}

impl Plan {
    /// The operator of a rule, if it is a correlation.
    pub(super) fn correlation(&self, rule: ItemId) -> Option<&Operator> {
        match &self.node(rule)?.kind {
            NodeKind::Correlation(operator) => Some(operator),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, base, correlation};
    use crate::{Machine, NoMatcher};

    #[test]
    fn late_events_ask_for_what_they_touch() {
        let by_user = "type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 2}";
        let of_all = "type: event_count, rules: [c], timespan: 60s, condition: {gte: 2}";
        let one = Bench::new(&(base(&["a"]) + &correlation("c", by_user, "")));
        let both =
            Bench::new(&(base(&["a"]) + &correlation("c", by_user, "") + &correlation("d", of_all, "")));
        for (it, others) in [(one, false), (both, true)] {
            let mut machine = Machine::new(it.plan.clone());
            machine.advance(50_000_000_000, &mut NoMatcher, &mut Vec::new());
            let scope = machine.scope(vec![it.hit("a@4 u=x,z"), it.hit("a@60 u=y")]);
            for (hit, expect) in
                [("a@5 u=x", true), ("a@5 u=w,z", true), ("a@5 u=y", others), ("a@5 u=", others)]
            {
                let hit = it.hit(hit);
                assert_eq!(scope.wants(hit.rule, &hit.values), expect, "{hit:?}");
            }
            let group = |user: &str| [("u".into(), Some(user.to_owned()))];
            assert!(scope.concerns(it.item("c"), &group("z")));
            assert_eq!(scope.concerns(it.item("c"), &group("y")), others);
            // Events without the field are nobody's input.
            assert!(
                machine
                    .scope(vec![it.hit("a@4 u=")])
                    .affected()
                    .iter()
                    .all(|(rule, _)| others || *rule == it.item("a"))
            );
        }
    }
}
