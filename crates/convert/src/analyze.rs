//! What a rule set needs: field names as a target sees them, log sources with their levels.

use std::collections::{BTreeMap, BTreeSet};

use sigyn_backends::Cx;
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::{Correlation, Detection, DetectionItem, Level, LogSource, Modifier, RuleItem, RuleSet, Value};

use crate::{Converter, Failure, Prepared};

/// Field names that a rule set asks for, as they stand in queries of a target.
#[derive(Debug, Default)]
pub struct Fields {
    /// All of them.
    pub all: BTreeSet<String>,
    /// Those of detection rules by log source, `category|product|service`.
    pub by_logsource: BTreeMap<String, BTreeSet<String>>,
    /// Rules that the pipeline refused (their fields count as far as it came), and placeholders without a value.
    pub findings: Vec<Failure>,
}

/// How many detection rules read a kind of log source, by level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSourceCount {
    /// The category; none if the rules name none.
    pub category: Option<String>,
    /// How many rules.
    pub overall: usize,
    /// How many rules of each level; the last entry counts rules without one.
    pub levels: Vec<(Option<Level>, usize)>,
}

/// The fields of a set after the converter's pipeline.
pub fn fields(converter: &Converter, set: RuleSet) -> Fields {
    let mut fields = Fields::default();
    for prepared in converter.prepare(set) {
        let names = names(converter, &prepared, &mut fields.findings);
        fields.all.extend(names.iter().cloned());
        if let RuleItem::Rule(rule) = &prepared.item {
            fields.by_logsource.entry(logsource_key(&rule.logsource)).or_default().extend(names);
        }
        fields.findings.extend(prepared.failure);
    }
    fields
}

fn names(converter: &Converter, prepared: &Prepared, findings: &mut Vec<Failure>) -> Vec<String> {
    let cx = Cx::new(converter.env(), &prepared.item, prepared.state.clone());
    let printed = |name: &str| converter.target().field_name(&cx, name).into_owned();
    match &prepared.item {
        RuleItem::Rule(rule) => {
            let mut names = Vec::new();
            for (_, detection) in &rule.detections {
                collect(detection, &mut |field, item| {
                    names.push(printed(field));
                    findings.extend(unresolved(item).map(Failure::from));
                });
            }
            names
        }
        RuleItem::Correlation(correlation) => grouped(correlation).into_iter().map(printed).collect(),
    }
}

fn collect(detection: &Detection, visit: &mut impl FnMut(&str, &DetectionItem)) {
    detection.for_each_item(&mut |item| {
        if let Some(field) = &item.field {
            visit(field, item);
        }
    });
}

/// The fields a correlation groups by; an alias stands for the fields behind it.
fn grouped(correlation: &Correlation) -> Vec<&str> {
    let mut names = Vec::new();
    for field in correlation.group_by.iter().flatten() {
        match correlation.aliases.iter().find(|alias| alias.name == *field) {
            Some(alias) => names.extend(alias.fields.iter().map(|(_, field)| field.as_str())),
            None => names.push(field.as_str()),
        }
    }
    names
}

fn unresolved(item: &DetectionItem) -> Option<Diagnostic> {
    if !item.modifiers.contains(&Modifier::Expand) {
        return None;
    }
    let name = item.values.iter().find_map(|value| match value {
        Value::Str(text) | Value::Cased(text) => text.placeholders().next(),
        _ => None,
    })?;
    let message = format!("the placeholder %{name}% has no value");
    Some(Diagnostic::warning(&codes::pipeline::UNRESOLVED_PLACEHOLDER, message).at(item.span))
}

fn logsource_key(logsource: &LogSource) -> String {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{}|{}|{}", text(&logsource.category), text(&logsource.product), text(&logsource.service))
}

/// Detection rules counted by the category of their log source, in the order in which categories first appear.
pub fn logsources(set: &RuleSet) -> Vec<LogSourceCount> {
    let mut counts: Vec<LogSourceCount> = Vec::new();
    for item in &set.items {
        let RuleItem::Rule(rule) = item else { continue };
        let category = &rule.logsource.category;
        let at = counts.iter().position(|count| count.category == *category).unwrap_or_else(|| {
            let levels = Level::ALL.iter().rev().copied().map(Some).chain([None]);
            counts.push(LogSourceCount {
                category: category.clone(),
                overall: 0,
                levels: levels.map(|level| (level, 0)).collect(),
            });
            counts.len() - 1
        });
        counts[at].overall += 1;
        if let Some((_, count)) = counts[at].levels.iter_mut().find(|(level, _)| *level == rule.meta.level) {
            *count += 1;
        }
    }
    counts
}
