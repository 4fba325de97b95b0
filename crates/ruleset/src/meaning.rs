//! What a rule means, in a form that two rules share if they give the same verdict on every event.
//!
//! Order, names of search identifiers, nesting without effect and modifiers that say what wildcards say too are gone:
//! a condition becomes a tree of sets over single comparisons, negation pushed down to them. The letter case of values
//! stays, although Sigma compares without it: some targets do not.
//!
//! Equal forms give equal verdicts; the reverse is not decided (nobody multiplies conditions out here), so that a
//! rewriting of the logic as a whole is told as a change of meaning.

use std::collections::BTreeSet;

use sigyn_ir::{
    Condition, ConditionExpr, Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, Detection,
    DetectionEntry, DetectionItem, Filter, Linking, LogSource, Lowered, ParsedDocument, Part, Rule, RuleRef,
    SigmaString, Value,
};

/// What a document means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What events it reads; empty for a correlation.
    pub(crate) source: String,
    /// When it matches.
    pub(crate) verdict: Logic,
}

/// A condition without order and names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Logic {
    /// A comparison, or its negation.
    One { text: String, is_negated: bool },
    /// All must hold; without members: always.
    All(BTreeSet<Logic>),
    /// One must hold; without members: never.
    Any(BTreeSet<Logic>),
    /// So many must hold, or not; the same may stand there twice and counts twice.
    AtLeast { count: u32, of: Vec<Logic>, is_negated: bool },
}

/// The meaning of a document; `None` if it cannot be used.
pub(crate) fn of(document: &ParsedDocument) -> Option<Meaning> {
    if !document.is_usable() {
        return None;
    }
    Some(match document.lowered() {
        Lowered::Rule(rule) => of_rule(rule),
        Lowered::Correlation(correlation) => of_correlation(correlation),
        Lowered::Filter => of_filter(document.filter()?),
        Lowered::Nothing => return None,
    })
}

fn of_rule(rule: &Rule) -> Meaning {
    // Each condition is a query of its own: one of them must match.
    let conditions = rule.conditions.iter().map(|condition| logic(condition, &rule.detections));
    Meaning { source: source(&rule.logsource), verdict: any(conditions) }
}

fn of_filter(filter: &Filter) -> Meaning {
    let rules: BTreeSet<String> =
        filter.rules.iter().flatten().map(|rule| rule.to_ascii_lowercase()).collect();
    let rules = if filter.rules.is_some() { format!("{rules:?}") } else { "any".to_owned() };
    let verdict = logic(&filter.condition, &filter.detections);
    Meaning { source: format!("{} rules {rules}", source(&filter.logsource)), verdict }
}

fn source(source: &LogSource) -> String {
    let mut custom: Vec<String> = source.custom.iter().map(|pair| format!("{pair:?}")).collect();
    custom.sort_unstable();
    format!("{:?} {:?} {:?} {custom:?}", source.product, source.category, source.service)
}

fn logic(condition: &Condition, detections: &[(String, Detection)]) -> Logic {
    expression(&condition.expr, detections, false)
}

fn expression(expr: &ConditionExpr, detections: &[(String, Detection)], is_negated: bool) -> Logic {
    let all_of = |args: &[ConditionExpr]| {
        args.iter().map(|arg| expression(arg, detections, is_negated)).collect::<Vec<_>>()
    };
    match expr {
        ConditionExpr::And(args) => linked(Linking::And, is_negated, all_of(args)),
        ConditionExpr::Or(args) => linked(Linking::Or, is_negated, all_of(args)),
        ConditionExpr::Not(arg) => expression(arg, detections, !is_negated),
        ConditionExpr::AtLeast { count: 1, of } => linked(Linking::Or, is_negated, all_of(of)),
        ConditionExpr::AtLeast { count, of } if *count as usize == of.len() => {
            linked(Linking::And, is_negated, all_of(of))
        }
        ConditionExpr::AtLeast { count, of } => {
            let mut of: Vec<Logic> = of.iter().map(|arg| expression(arg, detections, false)).collect();
            of.sort_unstable();
            Logic::AtLeast { count: *count, of, is_negated }
        }
        ConditionExpr::Detection(id) => match detections.get(id.0 as usize) {
            Some((_, detection)) => group(detection, is_negated),
            None => leaf("no such search identifier".to_owned(), is_negated),
        },
        ConditionExpr::False => linked(Linking::Or, is_negated, Vec::new()),
        ConditionExpr::Nothing => leaf("nothing".to_owned(), is_negated),
    }
}

fn group(detection: &Detection, is_negated: bool) -> Logic {
    let entries = detection.entries.iter().map(|entry| match entry {
        DetectionEntry::Item(entry) => item(entry, is_negated),
        DetectionEntry::Group(inner) => group(inner, is_negated),
    });
    linked(detection.linking, is_negated, entries.collect())
}

fn item(item: &DetectionItem, is_negated: bool) -> Logic {
    let is_negated = is_negated != item.is_negated;
    if item.values.is_empty() {
        return value(item, &Value::Null, is_negated);
    }
    let values = item.values.iter().map(|one| value(item, one, is_negated)).collect();
    linked(item.linking, is_negated, values)
}

fn value(item: &DetectionItem, of: &Value, is_negated: bool) -> Logic {
    let text = match of {
        Value::Expansion { values, .. } => {
            let values = values.iter().map(|one| value(item, one, is_negated)).collect();
            return linked(Linking::Or, is_negated, values);
        }
        Value::Str(text) => format!("is {:?}", single_wildcards(text)),
        Value::Cased(text) => format!("is exactly {:?}", single_wildcards(text)),
        Value::Cidr(cidr) => format!("in {}", cidr.network),
        other => format!("{other:?}"),
    };
    leaf(format!("{:?} {text}", item.field), is_negated)
}

/// Two asterisks in a row are one.
fn single_wildcards(text: &SigmaString) -> SigmaString {
    let mut parts: Vec<Part> = text.parts().to_vec();
    parts.dedup_by(|one, other| *one == Part::Many && *other == Part::Many);
    SigmaString::from_parts(parts)
}

fn leaf(text: String, is_negated: bool) -> Logic {
    Logic::One { text, is_negated }
}

/// Members as they stand together; under a negation, which the members carry already, the other way round.
fn linked(linking: Linking, is_negated: bool, members: Vec<Logic>) -> Logic {
    match (linking, is_negated) {
        (Linking::And, false) | (Linking::Or, true) => all(members),
        (Linking::Or, false) | (Linking::And, true) => any(members),
    }
}

fn all(members: impl IntoIterator<Item = Logic>) -> Logic {
    let mut set = BTreeSet::new();
    for member in members {
        match member {
            Logic::All(inner) => set.extend(inner),
            other => drop(set.insert(other)),
        }
    }
    lone(set, Logic::All)
}

fn any(members: impl IntoIterator<Item = Logic>) -> Logic {
    let mut set = BTreeSet::new();
    for member in members {
        match member {
            Logic::Any(inner) => set.extend(inner),
            other => drop(set.insert(other)),
        }
    }
    lone(set, Logic::Any)
}

/// A set of one is its member.
fn lone(mut set: BTreeSet<Logic>, many: fn(BTreeSet<Logic>) -> Logic) -> Logic {
    if set.len() == 1
        && let Some(member) = set.pop_first()
    {
        return member;
    }
    many(set)
}

fn of_correlation(correlation: &Correlation) -> Meaning {
    let mut rules: Vec<String> = correlation.rules.iter().map(reference).collect();
    // Only this kind asks for an order.
    if correlation.kind != CorrelationType::TemporalOrdered {
        rules.sort_unstable();
        rules.dedup();
    }
    let groups: BTreeSet<&String> = correlation.group_by.iter().flatten().collect();
    let aliases: BTreeSet<String> = correlation
        .aliases
        .iter()
        .map(|alias| {
            let fields: BTreeSet<_> =
                alias.fields.iter().map(|(rule, field)| (reference(rule), field)).collect();
            format!("{} {fields:?}", alias.name)
        })
        .collect();
    let kind = correlation.kind;
    let head = format!(
        "{kind} {rules:?} {} s by {groups:?} {aliases:?} {}",
        correlation.timespan.seconds, correlation.generate
    );
    let condition = match &correlation.condition {
        CorrelationCondition::Extended { expr, .. } => extended(expr, false),
        CorrelationCondition::Thresholds { thresholds, fields, percentile, .. } => {
            let fields: BTreeSet<&String> = fields.iter().collect();
            let tests = thresholds.iter().map(|test| {
                leaf(format!("{:?} {:?} {fields:?} {percentile:?}", test.op, test.number), false)
            });
            all(tests)
        }
    };
    Meaning { source: String::new(), verdict: all([leaf(head, false), condition]) }
}

fn reference(rule: &RuleRef) -> String {
    rule.text.to_ascii_lowercase()
}

fn extended(expr: &CorrelationExpr, is_negated: bool) -> Logic {
    let all_of = |args: &[CorrelationExpr]| args.iter().map(|arg| extended(arg, is_negated)).collect();
    match expr {
        CorrelationExpr::And(args) => linked(Linking::And, is_negated, all_of(args)),
        CorrelationExpr::Or(args) => linked(Linking::Or, is_negated, all_of(args)),
        CorrelationExpr::Not(arg) => extended(arg, !is_negated),
        CorrelationExpr::Rule(rule) => leaf(reference(rule), is_negated),
    }
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::SourceId;
    use sigyn_ir::{Compat, LoadOptions, read_text};

    fn meaning(detection: &str, condition: &str) -> super::Meaning {
        let text = format!(
            "title: A\nlogsource:\n    product: x\ndetection:\n    {detection}\n    condition: {condition}\n"
        );
        let file = read_text(SourceId::default(), &text, &LoadOptions::new(Compat::Spec));
        super::of(&file.documents()[0]).unwrap()
    }

    #[test]
    fn what_gives_the_same_verdict_has_one_form() {
        let check = |one: (&str, &str), other: (&str, &str), expect: bool| {
            assert_eq!(meaning(one.0, one.1) == meaning(other.0, other.1), expect, "{one:?} {other:?}");
        };
        let ab = "a: {f: 1}\n    b: {g: 2}";
        check(("a: {b: '*c*'}", "a"), ("x: {b|contains: c}", "x"), true);
        check(("a: {b: [c, d]}", "a"), ("a: {b: [d, c, c]}", "a"), true);
        check(("a: {b: [c, d]}", "a"), ("a: [{b: d}, {b: c}]", "1 of a*"), true);
        check(("a: {b: c, d: e}", "a"), ("a: {d: e}\n    z: {b: c}", "all of them"), true);
        check((ab, "not a and not b"), (ab, "not (b or a)"), true);
        check((ab, "not (a and not b)"), (ab, "b or not a"), true);
        check(("a: {b|neq: c}", "a"), ("a: {b: c}", "not a"), true);
        check(("a: {b|contains|all: [c, d]}", "a"), ("a: {b|contains: [c, d]}", "a"), false);
        check(("a: {b|contains|all: [c, d]}", "a"), ("a: {b|all|contains: [d, c]}", "a"), true);
        check(("a: {b: [c, d]}", "a"), ("a: {b: [c]}", "a"), false);
        check(("a: {b: c}", "a"), ("a: {b: C}", "a"), false);
        check(("a: {b: c}", "a"), ("a: {b|cased: c}", "a"), false);
        check(("a: {b: null}", "a"), ("a: {b: ''}", "a"), false);
        check(("a: {b|re: x}", "a"), ("a: {b|re|i: x}", "a"), false);
        check((ab, "a and b"), (ab, "a or b"), false);
        check((ab, "a"), (ab, "not a"), false);
        check(("a: [c, d]", "a"), ("a: [d, c]", "a"), true);
        check(("a: {b: 1}\n    c: {d: 2}\n    e: {f: 3}", "2 of them"), (ab, "a"), false);
    }
}
