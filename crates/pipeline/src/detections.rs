//! Detections written in pipelines.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{
    Compat, Data, Detection, DetectionEntry, DetectionItem, Linking, LoadOptions, RuleItem, read_text,
    resolve,
};

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
    if parts.next().is_some() && errors.is_empty() {
        return match modified(key, node) {
            Ok(item) => item,
            Err(error) => {
                errors.push(error);
                DetectionItem::new(field, values, node.span)
            }
        };
    }
    DetectionItem::new(field, values, node.span)
}

/// Modifiers have one reading, the loader's: the item is loaded as a rule's.
fn modified(key: &str, node: &Node) -> Result<DetectionItem, Diagnostic> {
    let definition = Data::map([(key, node.to_data())]);
    let text = Data::map([
        ("title", "detection".into()),
        ("logsource", Data::map([("category", "any".into())])),
        ("detection", Data::map([("item", definition), ("condition", "item".into())])),
    ])
    .to_json(None);
    let options = LoadOptions::new(Compat::Spec);
    let loaded = resolve(vec![read_text(node.span.source, &text, &options)], &options);
    let entry = match loaded.set.items.into_iter().next() {
        Some(RuleItem::Rule(mut rule)) => {
            rule.detections.pop().and_then(|(_, mut detection)| detection.entries.pop())
        }
        _ => None,
    };
    match entry {
        Some(DetectionEntry::Item(item)) => Ok(DetectionItem { span: node.span, ..item }),
        _ => {
            let error = loaded.failed.into_iter().next().map(|failed| failed.error);
            let reason = error.map_or_else(|| "it makes no detection item".to_owned(), |error| error.message);
            Err(Diagnostic::error(&codes::BAD_PARAMETER, format!("`{key}`: {reason}")).at(node.span))
        }
    }
}
