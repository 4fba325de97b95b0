//! What the reference implementation refuses, as sigma-cli's `check` counts it.

use sigyn_diagnostics::{Code, Diagnostic, codes};
use sigyn_ir::{CorrelationType, Lowered, ParsedDocument, ParsedFile, Rank, pysigma_class, pysigma_rank};
use sigyn_syntax::{DocumentKind, Reading, Value};

use crate::RuleContext;

/// Other tools refuse what we read.
pub(crate) static NOT_PORTABLE: Code = Code {
    number: 8001,
    name: "refused-by-pysigma",
    summary: "pySigma, and so sigma-cli, refuses the rule or a whole run because of it.",
    help: "Write it in a form that both read, or leave it if only Sigyn is to use the rule.",
};

/// A document that the reference refuses.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// What is wrong, by the reference's reading.
    pub(crate) diagnostic: Diagnostic,
    /// The class that sigma-cli reports; `None` where it stops with a traceback instead of reporting.
    pub(crate) class: Option<&'static str>,
}

/// Whether reading the file stops the reference altogether.
pub(crate) fn is_crash(file: &ParsedFile) -> bool {
    file.diagnostics().any(|found| found.is_error() && stage(found.code) == Stage::Crash)
}

/// What the reference refuses about a document: everything that is wrong with its attributes, the first thing of
/// each further part, and only then the first thing about its conditions.
pub(crate) fn of_document(kind: DocumentKind, document: &ParsedDocument, is_crash: bool) -> Vec<Refusal> {
    // It never looks at what is wrong with filters.
    if kind == DocumentKind::Filter {
        return Vec::new();
    }
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut seen = Vec::new();
    let mut condition = None;
    for found in document.diagnostics().iter().filter(|found| found.is_error()) {
        let stage = stage(found.code);
        match stage {
            Stage::Condition => {
                condition.get_or_insert(found);
                continue;
            }
            Stage::Attribute => {}
            Stage::Once(_) if seen.contains(&stage) => continue,
            _ => seen.push(stage),
        }
        // What is wrong with the collection belongs to no rule, and only rules are looked at.
        let is_reported = !is_crash && found.code.number != codes::collection::UNKNOWN_ACTION.number;
        let class = pysigma_class(found.code).filter(|_| is_reported);
        refusals.push(Refusal { diagnostic: found.clone(), class });
    }
    let empty = empty_condition(document);
    if let (true, Some(found)) = (refusals.is_empty(), condition.or(empty.as_ref())) {
        // Conditions that are no text make it stop with a TypeError.
        let class = pysigma_class(found.code).filter(|class| !is_crash && *class == "SigmaConditionError");
        refusals.push(Refusal { diagnostic: found.clone(), class });
    }
    refusals
}

/// An empty condition is read without an error, because a pipeline may fill it; checked by itself it is refused.
fn empty_condition(document: &ParsedDocument) -> Option<Diagnostic> {
    let Lowered::Rule(rule) = document.lowered() else { return None };
    let empty = rule.conditions.iter().find(|condition| condition.text.trim().is_empty())?;
    Some(Diagnostic::error(&codes::condition::SYNTAX, "the condition is empty").at(empty.span))
}

/// Whether sigma-cli stops with a traceback where it validates the rule: it then reports nothing about it.
pub(crate) fn stops_validators(cx: &RuleContext<'_>) -> bool {
    let is_temporal = cx.correlation().is_some_and(|correlation| {
        matches!(correlation.kind, CorrelationType::Temporal | CorrelationType::TemporalOrdered)
    });
    // It counts the rules that such a correlation names without looking whether there is a list of them.
    let has_rules = cx.tree.get("correlation").is_some_and(|map| map.get_some("rules").is_some());
    // It subtracts the date from today, which cannot be done with a time of day in it.
    let date = cx.tree.get("date").and_then(Value::as_scalar);
    let has_time =
        date.is_some_and(|date| date.reading == Reading::Date && date.text.len() > "YYYY-MM-DD".len());
    (is_temporal && !has_rules) || (has_time && cx.meta().status.is_some())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The whole run stops.
    Crash,
    /// Each error counts.
    Attribute,
    /// Only the first error of the part counts.
    Once(Part),
    /// Looked at only in rules without other errors.
    Condition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Related,
    LogSource,
    Detection,
}

fn stage(code: &Code) -> Stage {
    use codes::rule::{
        BAD_DETECTION, BAD_LOGSOURCE, BAD_RELATED, BAD_VALUE, EMPTY_SEARCH, ENCODED_WILDCARD, EXISTS_MISUSED,
        FIELDREF_WILDCARD, MISSING_DETECTION, MISSING_LOGSOURCE, MODIFIER_CHAIN, MODIFIER_TYPE,
        UNKNOWN_MODIFIER,
    };
    match pysigma_rank(code) {
        Some(Rank::Yaml | Rank::Raised | Rank::Resolve) => return Stage::Crash,
        Some(Rank::Convert) => return Stage::Condition,
        Some(Rank::Collected) | None => {}
    }
    let is = |list: &[&Code]| list.iter().any(|known| known.number == code.number);
    if is(&[&BAD_RELATED]) {
        Stage::Once(Part::Related)
    } else if is(&[&MISSING_LOGSOURCE, &BAD_LOGSOURCE]) {
        Stage::Once(Part::LogSource)
    } else if is(&[
        &MISSING_DETECTION,
        &BAD_DETECTION,
        &EMPTY_SEARCH,
        &BAD_VALUE,
        &UNKNOWN_MODIFIER,
        &MODIFIER_CHAIN,
        &MODIFIER_TYPE,
        &codes::rule::BAD_REGEX,
        &codes::rule::BAD_CIDR,
        &codes::rule::BAD_NUMBER,
        &ENCODED_WILDCARD,
        &codes::rule::NOT_ENCODABLE,
        &FIELDREF_WILDCARD,
        &EXISTS_MISUSED,
        &codes::condition::MISSING,
    ]) {
        Stage::Once(Part::Detection)
    } else {
        Stage::Attribute
    }
}
