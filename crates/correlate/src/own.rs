//! The fields of a detection that it has by itself (E36), and reading any field of it (E14).

use sigyn_event::Timestamp;
use sigyn_ir::Outcome;

use crate::plan::{Node, Plan};
use crate::{Detection, FieldValue, ValuesWriter};

/// The names of own fields, beside `outcome.NAME`.
const NAMES: &[&str] = &[
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
    "detection.stratum",
];

/// Before the name of an outcome.
const OUTCOME: &str = "outcome.";

/// Whether detections of a rule with these outcomes have the field by themselves.
pub(crate) fn is_own(name: &str, outcomes: &[Outcome]) -> bool {
    let is_outcome = |name| outcomes.iter().any(|outcome| outcome.name == name);
    NAMES.contains(&name) || name.strip_prefix(OUTCOME).is_some_and(is_outcome)
}

/// What the field says about the rule whatever happens: its metadata. None if it depends on events.
pub(crate) fn metadata(name: &str, node: &Node) -> Option<Vec<FieldValue>> {
    let text = |text: Option<&str>| text.map(|text| FieldValue::Text(text.to_owned())).into_iter().collect();
    let level = || node.level.map(sigyn_ir::Level::as_str);
    Some(match name {
        "rule.id" => text(node.id.as_deref()),
        "rule.name" => text(node.name.as_deref()),
        "rule.title" => text(Some(&node.title)),
        "rule.tags" => node.tags.iter().cloned().map(FieldValue::Text).collect(),
        "rule.level" | "level" => text(level()),
        "risk" => vec![FieldValue::Number(crate::Value::Int(node.risk.into()))],
        _ => return None,
    })
}

/// An own field of a detection.
fn own(name: &str, node: &Node, detection: &Detection) -> Vec<FieldValue> {
    let text = |text: String| vec![FieldValue::Text(text)];
    let count = |count: i128| vec![FieldValue::Number(crate::Value::Int(count))];
    match name {
        "detection.id" => text(detection.id.to_string()),
        "detection.value" => detection.value.map(FieldValue::Number).into_iter().collect(),
        "detection.total" => count(detection.total_at_anchor.into()),
        "detection.first_seen" => text(Timestamp(detection.first_seen).to_string()),
        "detection.stratum" => count(detection.stratum.into()),
        _ => match name.strip_prefix(OUTCOME) {
            Some(name) => detection
                .outcomes_at_anchor
                .iter()
                .find(|outcome| &*outcome.name == name)
                .map(|outcome| outcome.value.field_values())
                .unwrap_or_default(),
            None => metadata(name, node).unwrap_or_default(),
        },
    }
}

/// All fields of a detection, in a fixed order.
pub(crate) fn fields(detection: &Detection, plan: &Plan) -> Vec<(String, Vec<FieldValue>)> {
    let Some(node) = plan.node(detection.rule) else { return Vec::new() };
    let mut fields: Vec<(String, Vec<FieldValue>)> =
        NAMES.iter().map(|name| ((*name).to_owned(), own(name, node, detection))).collect();
    for outcome in &detection.outcomes_at_anchor {
        fields.push((format!("{OUTCOME}{}", outcome.name), outcome.value.field_values()));
    }
    for (name, value) in &detection.group {
        if !is_own(name, &node.outcomes) {
            fields.push((name.to_string(), value.iter().cloned().map(FieldValue::Text).collect()));
        }
    }
    for (name, texts) in node.reads.iter().zip(detection.values.fields()) {
        if !is_own(name, &node.outcomes) && !detection.group.iter().any(|(group, _)| group == name) {
            let values = texts.map(|text| FieldValue::Text(text.to_owned())).collect();
            fields.push((name.to_string(), values));
        }
    }
    fields.retain(|(_, values)| !values.is_empty());
    fields
}

/// Writes what consumers read of a detection, field by field of `reads`. `other` gives the values of fields that
/// are neither own nor of the group.
pub(crate) fn write_reads<'d>(
    writer: &mut ValuesWriter,
    node: &Node,
    detection: &'d Detection,
    mut other: impl FnMut(&str, &mut dyn FnMut(&str)),
) {
    for name in &node.reads {
        writer.field();
        if is_own(name, &node.outcomes) {
            for value in own(name, node, detection) {
                writer.value(&value.text());
            }
        } else if let Some((_, value)) = detection.group.iter().find(|(group, _)| group == name) {
            value.iter().for_each(|text| writer.value(text));
        } else {
            other(name, &mut |text| writer.value(text));
        }
    }
}

/// Writes what a rule's hit on a detection brings: the fields of the event that the detection is.
pub(crate) fn write_read_of(
    writer: &mut ValuesWriter,
    names: &[std::sync::Arc<str>],
    producer: &Node,
    detection: &Detection,
) {
    for name in names {
        writer.field();
        if is_own(name, &producer.outcomes) {
            for value in own(name, producer, detection) {
                writer.value(&value.text());
            }
        } else if let Some((_, value)) = detection.group.iter().find(|(group, _)| group == name) {
            value.iter().for_each(|text| writer.value(text));
        } else if let Some(at) = producer.reads.iter().position(|read| read == name) {
            detection.values.get(at).for_each(|text| writer.value(text));
        }
    }
}
