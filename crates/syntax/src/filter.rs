//! Filters: conditions that are added to rules.

use std::borrow::Cow;

use sigyn_diagnostics::{Diagnostic, codes};

use crate::{Compat, Detections, SearchIdentifier, Spanned, Value};

/// The `filter` map.
#[derive(Clone, Debug)]
pub struct Filter<'s> {
    /// Which rules it applies to.
    pub rules: FilterRules<'s>,
    /// Its search identifiers and its one condition.
    pub detections: Detections<'s>,
}

/// Which rules a filter applies to.
#[derive(Clone, Debug)]
pub enum FilterRules<'s> {
    /// Every rule with the filter's log source.
    Any,
    /// These, by id or name.
    Listed(Vec<Spanned<Cow<'s, str>>>),
}

/// Reads `filter` of a document; what is wrong with its shape is reported.
pub fn read_filter<'s>(
    document: &Value<'s>,
    compat: Compat,
    findings: &mut Vec<Diagnostic>,
) -> Option<Filter<'s>> {
    let (key, value) = document.pair("filter")?;
    let Some(pairs) = value.as_map() else {
        findings.push(
            Diagnostic::error(&codes::rule::BAD_FILTER, "the filter is not a map")
                .at(key.span.to(value.span)),
        );
        return None;
    };
    let mut conditions = Vec::new();
    match value.get("condition").map(|condition| (condition, condition.as_text())) {
        Some((condition, Some(text))) => conditions.push(Spanned::new(text.clone(), condition.span)),
        Some((condition, None)) => findings.push(
            Diagnostic::error(&codes::rule::BAD_FILTER_CONDITION, "the condition of the filter is no text")
                .at(condition.span),
        ),
        None => findings.push(
            Diagnostic::error(&codes::rule::BAD_FILTER_CONDITION, "the filter has no condition").at(key.span),
        ),
    }
    let rules = read_rules(value, key, findings)?;
    let mut identifiers = Vec::new();
    let mut timeframe = None;
    for (name, definition) in pairs {
        let Some(text) = name.source_text() else { continue };
        match (text.as_ref(), compat) {
            ("condition" | "rules", _) => {}
            ("timeframe", Compat::Spec) => timeframe = Some(definition.clone()),
            _ => identifiers.push(SearchIdentifier {
                name: Spanned::new(text.clone(), name.span),
                definition: definition.clone(),
            }),
        }
    }
    let detections = Detections { identifiers, conditions, timeframe, span: value.span };
    Some(Filter { rules, detections })
}

fn read_rules<'s>(
    filter: &Value<'s>,
    key: &Value<'s>,
    findings: &mut Vec<Diagnostic>,
) -> Option<FilterRules<'s>> {
    let Some(rules) = filter.get("rules") else {
        findings.push(
            Diagnostic::error(&codes::rule::BAD_FILTER_RULES, "the filter does not name rules").at(key.span),
        );
        return None;
    };
    if let Some(text) = rules.as_text() {
        return Some(if text.eq_ignore_ascii_case("any") {
            FilterRules::Any
        } else {
            FilterRules::Listed(vec![Spanned::new(text.clone(), rules.span)])
        });
    }
    match rules.as_list() {
        Some([]) => Some(FilterRules::Any),
        Some(items) => Some(FilterRules::Listed(
            items
                .iter()
                .filter_map(|item| Some(Spanned::new(item.source_text()?.clone(), item.span)))
                .collect(),
        )),
        None => {
            let message = "`rules` of the filter is neither `any` nor a list";
            findings.push(Diagnostic::error(&codes::rule::BAD_FILTER_RULES, message).at(rules.span));
            None
        }
    }
}
