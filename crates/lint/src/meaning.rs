//! What a rule means, as a text that two rules share exactly if they say the same in the same words and order: log
//! source, condition and values, without places, names of identifiers or what modifiers they were written with.

use std::fmt::Write;

use sigyn_diagnostics::SourceId;
use sigyn_ir::{
    Compat, ConditionExpr, Correlation, Detection, DetectionEntry, DetectionItem, LoadOptions, Lowered, Rule,
    read_text,
};

/// Whether two texts hold rules that mean the same, document by document. Rules that cannot be used mean nothing.
pub fn same_meaning(before: &str, after: &str) -> bool {
    meanings(before) == meanings(after)
}

/// The meaning of each document that can be used, and how many cannot.
fn meanings(text: &str) -> (Vec<String>, usize) {
    let parsed = read_text(SourceId::default(), text, &LoadOptions::new(Compat::Spec));
    let (mut meanings, mut broken) = (Vec::new(), 0);
    for document in parsed.documents() {
        match document.lowered() {
            _ if !document.is_usable() => broken += 1,
            Lowered::Rule(rule) => meanings.push(of_rule(rule)),
            Lowered::Correlation(correlation) => meanings.push(of_correlation(correlation)),
            Lowered::Filter | Lowered::Nothing => {}
        }
    }
    (meanings, broken)
}

/// The meaning of a detection rule.
pub(crate) fn of_rule(rule: &Rule) -> String {
    let source = &rule.logsource;
    let mut out = format!("{:?} {:?} {:?}", source.product, source.category, source.service);
    for condition in &rule.conditions {
        out.push('\n');
        expression(&condition.expr, rule, &mut out);
    }
    out
}

fn of_correlation(correlation: &Correlation) -> String {
    let rules: Vec<&str> = correlation.rules.iter().map(|rule| rule.text.as_str()).collect();
    let condition = match &correlation.condition {
        sigyn_ir::CorrelationCondition::Extended { text, .. } => text.clone(),
        thresholds @ sigyn_ir::CorrelationCondition::Thresholds { .. } => format!("{thresholds:?}"),
    };
    format!(
        "{} {rules:?} {} {:?} {condition} {}",
        correlation.kind, correlation.timespan.seconds, correlation.group_by, correlation.generate
    )
}

fn expression(expr: &ConditionExpr, rule: &Rule, out: &mut String) {
    let mut list = |name: &str, args: &[ConditionExpr]| {
        out.push_str(name);
        out.push('(');
        for arg in args {
            expression(arg, rule, out);
            out.push(';');
        }
        out.push(')');
    };
    match expr {
        ConditionExpr::Or(args) => list("or", args),
        ConditionExpr::And(args) => list("and", args),
        ConditionExpr::Not(arg) => list("not", std::slice::from_ref(arg)),
        ConditionExpr::AtLeast { count, of } => list(&format!("{count} of"), of),
        ConditionExpr::Detection(id) => {
            if let Some((_, detection)) = rule.detection(*id) {
                group(detection, out);
            }
        }
        ConditionExpr::False => out.push_str("false"),
        ConditionExpr::Nothing => out.push_str("nothing"),
    }
}

fn group(detection: &Detection, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{:?}[", detection.linking);
    for entry in &detection.entries {
        match entry {
            DetectionEntry::Item(entry) => item(entry, out),
            DetectionEntry::Group(inner) => group(inner, out),
        }
        out.push(';');
    }
    out.push(']');
}

pub(crate) fn item(item: &DetectionItem, out: &mut String) {
    // One value is the same however it is linked.
    let linking = if item.values.len() > 1 { Some(item.linking) } else { None };
    let _ = write!(out, "{:?} {} {linking:?} {:?}", item.field, item.is_negated, item.values);
}

#[cfg(test)]
mod tests {
    use super::same_meaning;

    #[test]
    fn words_do_not_matter_but_logic_does() {
        let rule = |detection: &str, condition: &str| {
            format!(
                "title: A\nlogsource:\n    product: x\ndetection:\n    {detection}\n    condition: {condition}\n"
            )
        };
        let check = |(one, first): (&str, &str), (other, second): (&str, &str), expect: bool| {
            assert_eq!(same_meaning(&rule(one, first), &rule(other, second)), expect, "{one} {other}");
        };
        check(("a: {b: '*c*'}", "a"), ("x: {b|contains: c}", "x"), true);
        check(("a: {b|contains|all: c}", "a"), ("a: {b|contains: c}", "a"), true);
        check(("a: {b: [c, d]}", "a"), ("a: {b: [c]}", "a"), false);
        check(("a: {b: c}", "a"), ("a: {b: c}", "not a"), false);
        check(("a: {b: c}", "a"), ("a: {b: c}", "x"), false);
    }
}
