//! Detections written in pipelines.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, Detection, DetectionEntry, DetectionItem, Linking, SigmaString, Value};

use crate::{
    node::{Kind, Node, key_text},
    values::sigma_value,
};

/// Reads a detection: a map of fields to values, a list of maps, values alone for keywords.
pub(crate) fn read(node: &Node) -> Result<Detection, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let detection = detection(node, &mut errors);
    if errors.is_empty() { Ok(detection) } else { Err(errors) }
}

fn detection(node: &Node, errors: &mut Vec<Diagnostic>) -> Detection {
    let mut entries = Vec::new();
    let mut linking = Linking::And;
    match &node.kind {
        Kind::Map(pairs) => {
            for pair in pairs {
                entries.push(DetectionEntry::Item(item(&key(&pair.key), &pair.value, errors)));
            }
        }
        Kind::List(items) if items.iter().any(|item| !matches!(item.kind, Kind::Scalar(_))) => {
            linking = Linking::Or;
            entries.extend(items.iter().map(|item| DetectionEntry::Group(detection(item, errors))));
        }
        Kind::List(_) | Kind::Scalar(_) => entries.push(DetectionEntry::Item(item("", node, errors))),
    }
    if entries.is_empty() {
        errors.push(Diagnostic::error(&codes::BAD_PARAMETER, "the detection is empty").at(node.span));
    }
    Detection::new(entries, linking, node.span)
}

/// The key null stands for keywords.
fn key(data: &Data) -> String {
    if *data == Data::Null { String::new() } else { key_text(data) }
}

fn item(key: &str, node: &Node, errors: &mut Vec<Diagnostic>) -> DetectionItem {
    let mut parts = key.split('|');
    let field = parts.next().filter(|field| !field.is_empty()).map(str::to_owned);
    let mut values = Vec::new();
    let nodes = match &node.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for node in nodes {
        match &node.kind {
            Kind::Scalar(data) => values.extend(sigma_value(data)),
            _ => errors.push(
                Diagnostic::error(
                    &codes::BAD_PARAMETER,
                    format!("a value must be a single one, not {}", node.describe()),
                )
                .at(node.span),
            ),
        }
    }
    let mut item = DetectionItem::new(field, values, node.span);
    for modifier in parts {
        if !apply_modifier(modifier, &mut item) {
            let message = format!("the modifier `{modifier}` cannot be used in a pipeline's detection");
            errors.push(Diagnostic::error(&codes::BAD_PARAMETER, message).at(node.span).with_help(
                "it takes: contains, startswith, endswith, all, neq, cased, exists, fieldref, expand",
            ));
        }
    }
    item
}

fn apply_modifier(name: &str, item: &mut DetectionItem) -> bool {
    let strings = |item: &mut DetectionItem, map: &dyn Fn(SigmaString) -> SigmaString| {
        let mut all = true;
        for value in &mut item.values {
            match value {
                Value::Str(text) | Value::Cased(text) => *text = map(std::mem::take(text)),
                Value::Number(number) => {
                    *value = Value::Str(map(SigmaString::parse(&number.to_string())));
                }
                _ => all = false,
            }
        }
        all
    };
    match name {
        "contains" => strings(item, &SigmaString::contained),
        "startswith" => strings(item, &SigmaString::starting),
        "endswith" => strings(item, &SigmaString::ending),
        "expand" => strings(item, &|text| crate::values::insert_placeholders(&text)),
        "all" => {
            item.linking = Linking::And;
            true
        }
        "neq" => {
            item.is_negated = true;
            true
        }
        "cased" | "exists" | "fieldref" => item.values.iter_mut().all(|value| {
            let new = match (name, &*value) {
                ("cased", Value::Str(text)) => Value::Cased(text.clone()),
                ("exists", Value::Bool(exists)) => Value::Exists(*exists),
                ("fieldref", Value::Str(text)) => {
                    Value::FieldRef { field: text.to_plain(), starts_with: false, ends_with: false }
                }
                _ => return false,
            };
            *value = new;
            true
        }),
        _ => false,
    }
}
