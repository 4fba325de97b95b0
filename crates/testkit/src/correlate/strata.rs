//! Who reads whom, and how deep a rule lies (E36, E37).

use std::collections::BTreeSet;

use sigyn_ir::{ConditionExpr, DetectionEntry, ItemId, Linking, Part, Rule, RuleItem, RuleSet, Value};

/// Whether a rule reads detections: its log source is `product: sigyn, service: detection`.
pub(crate) fn reads_detections(rule: &Rule) -> bool {
    let source = &rule.logsource;
    source.product.as_deref() == Some("sigyn")
        && source.category.is_none()
        && source.service.as_deref().is_none_or(|service| service == "detection")
}

/// For each rule, the rules whose detections it reads, and its depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Strata {
    /// The rules that a rule reads: those that a correlation lists, in its order; all that a rule over detections may see.
    pub inputs: Vec<Vec<usize>>,
    /// 1 for a rule over events, else one more than the deepest of its inputs.
    pub depth: Vec<usize>,
}

impl Strata {
    /// Resolves all references.
    ///
    /// # Errors
    /// The titles of rules that read each other in a circle.
    pub fn of(set: &RuleSet) -> Result<Self, String> {
        let count = set.items.len();
        let mut inputs: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut wildcards = BTreeSet::new();
        for (at, item) in set.items.iter().enumerate() {
            match item {
                RuleItem::Correlation(correlation) => {
                    inputs[at] = correlation.rules.iter().map(|rule| rule.target.0 as usize).collect();
                }
                RuleItem::Rule(rule) if reads_detections(rule) => match named(rule, set) {
                    Some(named) => inputs[at] = named,
                    None => {
                        wildcards.insert(at);
                    }
                },
                RuleItem::Rule(_) => {}
            }
        }
        // What reads a wildcard rule, directly or not, is out of reach of wildcards.
        let mut tainted = wildcards.clone();
        loop {
            let more: Vec<usize> = (0..count)
                .filter(|at| !tainted.contains(at) && inputs[*at].iter().any(|input| tainted.contains(input)))
                .collect();
            if more.is_empty() {
                break;
            }
            tainted.extend(more);
        }
        for at in &wildcards {
            inputs[*at] = (0..count).filter(|other| !tainted.contains(other)).collect();
        }
        let depth = depths(&inputs).ok_or_else(|| "rules read each other in a circle".to_owned())?;
        Ok(Self { inputs, depth })
    }

    /// The rules in an order in which all inputs come before their readers.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.depth.len()).collect();
        order.sort_by_key(|at| self.depth[*at]);
        order
    }

    /// The depth of a rule.
    pub fn depth_of(&self, item: ItemId) -> usize {
        self.depth.get(item.0 as usize).copied().unwrap_or(1)
    }
}

fn depths(inputs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut depth: Vec<Option<usize>> = vec![None; inputs.len()];
    // Each round settles at least one rule, unless there is a circle.
    for _ in 0..=inputs.len() {
        for at in 0..inputs.len() {
            let below: Option<Vec<usize>> = inputs[at].iter().map(|input| depth[*input]).collect();
            depth[at] = below.map(|below| 1 + below.into_iter().max().unwrap_or(0));
        }
    }
    depth.into_iter().collect()
}

/// The rules that a rule over detections names (D19): every condition is a conjunction with a selection that asks for
/// `rule.name` or `rule.id` in plain texts.
fn named(rule: &Rule, set: &RuleSet) -> Option<Vec<usize>> {
    let mut rules = BTreeSet::new();
    for condition in &rule.conditions {
        rules.extend(of_condition(&condition.expr, rule, set)?);
    }
    Some(rules.into_iter().collect())
}

fn of_condition(expr: &ConditionExpr, rule: &Rule, set: &RuleSet) -> Option<BTreeSet<usize>> {
    match expr {
        ConditionExpr::And(args) => args.iter().find_map(|arg| of_condition(arg, rule, set)),
        ConditionExpr::Detection(id) => {
            let (_, detection) = rule.detection(*id)?;
            if detection.linking != Linking::And {
                return None;
            }
            detection.entries.iter().find_map(|entry| match entry {
                DetectionEntry::Item(item) if item.linking == Linking::Or && !item.is_negated => {
                    let is_id = match item.field.as_deref() {
                        Some("rule.id") => true,
                        Some("rule.name") => false,
                        _ => return None,
                    };
                    let texts: Option<Vec<String>> = item.values.iter().map(plain).collect();
                    Some(lookup(&texts?, is_id, set))
                }
                _ => None,
            })
        }
        _ => None,
    }
}

fn plain(value: &Value) -> Option<String> {
    let Value::Str(text) = value else { return None };
    text.parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn lookup(texts: &[String], is_id: bool, set: &RuleSet) -> BTreeSet<usize> {
    let fits = |at: &usize| {
        let meta = set.items[*at].meta();
        let own = if is_id { &meta.id } else { &meta.name };
        own.as_ref().is_some_and(|own| texts.iter().any(|text| text.eq_ignore_ascii_case(own)))
    };
    (0..set.items.len()).filter(fits).collect()
}
