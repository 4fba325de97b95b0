//! What inputs say: fields (E14), groups (E11–E13), counted values, outcomes, and detections as events (E36).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sigyn_ir::{Correlation, CorrelationCondition, CorrelationType, ItemId, Rule, RuleItem};

use super::options::{self, Options};
use super::world::{Counted, Input, Of};
use super::{Component, Detection, Num, Outcome, World, hex};
use crate::evaluator;

/// Names that are a detection's own, whether it has a value or not (D17).
const OWN: [&str; 11] = [
    "rule.id",
    "rule.name",
    "rule.title",
    "rule.tags",
    "rule.level",
    "level",
    "risk",
    "detection.id",
    "detection.value",
    "detection.total",
    "detection.first_seen",
];

/// Memberships of one hit, and tuples of one input (E13).
const FAN_OUT_MAX: usize = 64;

impl World<'_> {
    /// The texts of a field (E14).
    pub(crate) fn read(&self, of: Of, field: &str) -> Vec<String> {
        match of {
            Of::Event(place) => evaluator::texts(self.bufs[place].event(""), field),
            Of::Detection(place) => {
                // Chains lead to one detection on many ways: without a memory that takes exponentially long.
                let known = (place, field.to_owned());
                if let Some(texts) = self.read.borrow().get(&known) {
                    return texts.clone();
                }
                let texts = self.read_detection(&self.found[place], field);
                self.read.borrow_mut().insert(known, texts.clone());
                texts
            }
        }
    }

    fn read_detection(&self, detection: &Detection, field: &str) -> Vec<String> {
        if let Some(own) = self.own(detection, field) {
            return own;
        }
        let inputs = detection.at_anchor.iter();
        distinct(inputs.flat_map(|input| self.read(input.of, field)).collect())
    }

    /// Clauses 2a and 2b.
    fn own(&self, detection: &Detection, field: &str) -> Option<Vec<String>> {
        if let Some(value) = self.rule_fields(detection).get(field) {
            return Some(texts_of(value));
        }
        if OWN.contains(&field) {
            return Some(Vec::new());
        }
        let RuleItem::Correlation(correlation) = &self.set.items[detection.rule.0 as usize] else {
            return None;
        };
        let names = correlation.group_by.as_deref().unwrap_or(&[]);
        if let Some(place) = names.iter().position(|name| name == field) {
            return Some(detection.group[place].iter().cloned().collect());
        }
        correlation.aliases.iter().find(|alias| alias.name == field)?;
        let of_input = |input: &Input| -> Vec<String> {
            let fields = input.rules.iter().map(|place| resolve(correlation, *place, field));
            distinct(fields.collect()).iter().flat_map(|field| self.read(input.of, field)).collect()
        };
        Some(distinct(detection.at_anchor.iter().flat_map(|input| of_input(input)).collect()))
    }

    /// What a detection says of its rule, its risk and its outcomes.
    fn rule_fields(&self, detection: &Detection) -> Map<String, Value> {
        let meta = self.set.items[detection.rule.0 as usize].meta();
        let mut fields = Map::new();
        let mut text = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                fields.insert(key.to_owned(), Value::from(value));
            }
        };
        text("rule.id", meta.id.clone());
        text("rule.name", meta.name.clone());
        text("rule.title", Some(meta.title.clone()));
        text("rule.level", meta.level.map(|level| level.to_string()));
        text("level", meta.level.map(|level| level.to_string()));
        if !meta.tags.is_empty() {
            let tags: Vec<String> = meta.tags.iter().map(ToString::to_string).collect();
            fields.insert("rule.tags".to_owned(), json!(tags));
        }
        fields.insert("risk".to_owned(), json!(options::risk(meta)));
        if matches!(self.set.items[detection.rule.0 as usize], RuleItem::Correlation(_)) {
            fields.insert("detection.value".to_owned(), Value::from(detection.value.to_string()));
        }
        fields.insert("detection.total".to_owned(), json!(detection.at_anchor.len()));
        fields.insert("detection.stratum".to_owned(), json!(detection.stratum));
        fields.insert("detection.id".to_owned(), json!(hex(&detection.id)));
        if let Ok(first) = jiff::Timestamp::from_nanosecond(detection.first_seen) {
            fields.insert("detection.first_seen".to_owned(), json!(first.to_string()));
        }
        for (name, outcome) in &detection.outcomes_at_anchor {
            fields.insert(format!("outcome.{name}"), json!(outcome.texts()));
        }
        fields
    }

    /// A detection as the event that a rule sees: what it says of itself, and what it has of the fields that the rule
    /// names.
    pub(crate) fn fields(&self, place: usize, rule: &Rule) -> Map<String, Value> {
        let detection = &self.found[place];
        let mut fields = self.rule_fields(detection);
        for (_, selection) in &rule.detections {
            selection.for_each_item(&mut |item| {
                let Some(name) = item.field.as_deref().filter(|name| !fields.contains_key(*name)) else {
                    return;
                };
                let texts = self.read(Of::Detection(place), name);
                if !texts.is_empty() {
                    fields.insert(name.to_owned(), json!(texts));
                }
            });
        }
        fields
    }

    /// The groups of a hit (E11–E13), and whether there would be more.
    pub(crate) fn memberships(
        &self,
        correlation: &Correlation,
        options: &Options,
        rule: usize,
        of: Of,
    ) -> (Vec<Vec<Component>>, bool) {
        let names = correlation.group_by.iter().flatten();
        let components = names.map(|name| {
            let texts = distinct(self.read(of, &resolve(correlation, rule, name)));
            match texts.is_empty() && options.groups_missing {
                true => vec![None],
                false => texts.into_iter().map(Some).collect(),
            }
        });
        combinations(&components.collect::<Vec<Vec<Component>>>())
    }

    /// What is counted or measured of a hit, with the fields that were read, and whether there would be more than the limit
    /// (E26); nothing if it is no input.
    pub(crate) fn counted(&self, correlation: &Correlation, rule: usize, of: Of) -> Option<(Counted, bool)> {
        let names: &[String] = match (&correlation.condition, correlation.kind) {
            (
                _,
                CorrelationType::EventCount | CorrelationType::Temporal | CorrelationType::TemporalOrdered,
            ) => &[],
            (CorrelationCondition::Thresholds { fields, .. }, _) => fields,
            (CorrelationCondition::Extended { .. }, _) => &[],
        };
        let fields: Vec<String> = names.iter().map(|name| resolve(correlation, rule, name)).collect();
        if fields.is_empty() {
            return Some(((fields, Vec::new()), false));
        }
        let (tuples, is_cut): (Vec<Vec<String>>, bool) = if correlation.kind == CorrelationType::ValueCount {
            let components: Vec<Vec<String>> =
                fields.iter().map(|field| distinct(self.read(of, field))).collect();
            combinations(&components)
        } else {
            let texts = self.read(of, &fields[0]).into_iter();
            (texts.filter(|text| Num::parse(text).is_some()).map(|text| vec![text]).collect(), false)
        };
        (!tuples.is_empty()).then_some(((fields, tuples), is_cut))
    }

    /// The outcomes that a rule declares (D15).
    pub(crate) fn outcomes(&self, rule: usize, inputs: &[&Input]) -> BTreeMap<String, Outcome> {
        let item = &self.set.items[rule];
        let read = |input: &Input, field: &str| -> Vec<String> {
            let RuleItem::Correlation(correlation) = item else { return self.read(input.of, field) };
            let fields = input.rules.iter().map(|place| resolve(correlation, *place, field));
            distinct(fields.collect()).iter().flat_map(|field| self.read(input.of, field)).collect()
        };
        let mut outcomes = BTreeMap::new();
        for (name, function, field) in options::outcomes(item.meta()) {
            let texts: Vec<String> =
                field.iter().flat_map(|field| inputs.iter().flat_map(|input| read(input, field))).collect();
            let numbers: Vec<Num> = texts.iter().filter_map(|text| Num::parse(text)).collect();
            let count = |count: usize| Some(Outcome::Number(Num::Int(count as i128)));
            let outcome = match function {
                "count" => count(inputs.len()),
                "distinct" => count(distinct(texts).len()),
                "sum" => (!numbers.is_empty()).then(|| Outcome::Number(Num::sum(&numbers))),
                "min" => numbers.into_iter().min_by(|a, b| a.compare(*b)).map(Outcome::Number),
                "max" => numbers.into_iter().max_by(|a, b| a.compare(*b)).map(Outcome::Number),
                "first" => texts.first().cloned().map(Outcome::Text),
                "last" => texts.last().cloned().map(Outcome::Text),
                "values" => (!texts.is_empty()).then(|| Outcome::Texts(distinct(texts))),
                _ => None,
            };
            if let Some(outcome) = outcome {
                outcomes.insert(name.to_owned(), outcome);
            }
        }
        outcomes
    }
}

/// The field that a name means for one of the listed rules (E14.3).
fn resolve(correlation: &Correlation, rule: usize, name: &str) -> String {
    let target: ItemId = correlation.rules[rule].target;
    let alias = correlation.aliases.iter().find(|alias| alias.name == name);
    let field = alias.and_then(|alias| alias.fields.iter().find(|(rule, _)| rule.target == target));
    field.map_or_else(|| name.to_owned(), |(_, field)| field.clone())
}

/// One of each, in the order of first occurrence.
fn distinct(texts: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

/// All tuples, the last component changing fastest, up to the limit (D3), and whether there are more.
fn combinations<T: Clone>(components: &[Vec<T>]) -> (Vec<Vec<T>>, bool) {
    let count = components.iter().fold(1_usize, |count, component| count.saturating_mul(component.len()));
    let mut tuples = vec![Vec::new()];
    for component in components {
        let longer = tuples.iter().flat_map(|tuple: &Vec<T>| {
            component.iter().map(move |element| {
                let mut longer = tuple.clone();
                longer.push(element.clone());
                longer
            })
        });
        // What is cut here could only lead to tuples behind the limit.
        let longer: Vec<Vec<T>> = longer.take(FAN_OUT_MAX).collect();
        tuples = longer;
    }
    (tuples, count > FAN_OUT_MAX)
}

fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts_of).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}
