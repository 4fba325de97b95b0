//! The `detection` map: search identifiers and conditions.

use std::borrow::Cow;

use sigyn_diagnostics::{Diagnostic, Span, codes};

use crate::{Compat, Reading, Spanned, Value};

/// What `detection` (or `filter`) holds.
#[derive(Clone, Debug)]
pub struct Detections<'s> {
    /// Search identifiers in order.
    pub identifiers: Vec<SearchIdentifier<'s>>,
    /// The conditions, each a query of its own.
    pub conditions: Vec<Spanned<Cow<'s, str>>>,
    /// `timeframe` of old aggregation rules; no search identifier (the reference takes it for one).
    pub timeframe: Option<Value<'s>>,
    /// Where it stands.
    pub span: Span,
}

/// A search identifier.
#[derive(Clone, Debug)]
pub struct SearchIdentifier<'s> {
    /// Its name.
    pub name: Spanned<Cow<'s, str>>,
    /// What it stands for.
    pub definition: Value<'s>,
}

/// Reads `detection` of a document; what is wrong with its shape is reported.
pub fn read_detections<'s>(
    document: &Value<'s>,
    compat: Compat,
    findings: &mut Vec<Diagnostic>,
) -> Option<Detections<'s>> {
    let Some((key, value)) = document.pair("detection") else {
        let message = "the rule has no detection";
        findings.push(Diagnostic::error(&codes::rule::MISSING_DETECTION, message).at(document.span));
        return None;
    };
    let Some(pairs) = value.as_map() else {
        let message = "the detection is not a map";
        findings.push(Diagnostic::error(&codes::rule::BAD_DETECTION, message).at(key.span.to(value.span)));
        return None;
    };
    let conditions = read_conditions(value, key.span, findings);
    let mut detections =
        Detections { identifiers: Vec::new(), conditions, timeframe: None, span: value.span };
    for (name, definition) in pairs {
        let Some(text) = name.source_text() else {
            let message = "the name of a search identifier is no text";
            findings.push(Diagnostic::error(&codes::rule::BAD_DETECTION, message).at(name.span));
            continue;
        };
        match (text.as_ref(), compat) {
            ("condition", _) => {}
            ("timeframe", Compat::Spec) => detections.timeframe = Some(definition.clone()),
            _ => detections.identifiers.push(SearchIdentifier {
                name: Spanned::new(text.clone(), name.span),
                definition: definition.clone(),
            }),
        }
    }
    Some(detections)
}

/// Reports a detection that has no search identifier; the reference does so after it read them all.
pub(crate) fn read_conditions<'s>(
    detection: &Value<'s>,
    key_span: Span,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Spanned<Cow<'s, str>>> {
    let Some(condition) = detection.get("condition") else {
        let message = "the detection has no condition";
        findings.push(Diagnostic::error(&codes::condition::MISSING, message).at(key_span));
        return Vec::new();
    };
    let items = condition.as_list().unwrap_or(std::slice::from_ref(condition));
    if items.is_empty() {
        let message = "the list of conditions is empty";
        findings.push(Diagnostic::error(&codes::condition::MISSING, message).at(condition.span));
    }
    let mut conditions = Vec::with_capacity(items.len());
    for item in items {
        match item.as_scalar() {
            Some(scalar) if scalar.reading == Reading::Text => {
                conditions.push(Spanned::new(scalar.text.clone(), item.span));
            }
            _ => {
                let message = "the condition is no text";
                findings.push(Diagnostic::error(&codes::condition::NOT_TEXT, message).at(item.span));
            }
        }
    }
    conditions
}
