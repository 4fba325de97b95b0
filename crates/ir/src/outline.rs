//! A rule as lines for people: what it says after lowering, whatever its YAML looked like.
//!
//! Two outlines of one rule, before and after a pipeline, show what the pipeline did. One line holds one fact,
//! so that line differences are differences of meaning.

use crate::{
    Condition, ConditionExpr, Correlation, CorrelationCondition, CorrelationExpr, Data, Detection,
    DetectionEntry, DetectionItem, FieldRef, Linking, LogSource, Rule, RuleItem, Value,
};

impl RuleItem {
    /// The rule's lines, without line breaks; nested facts are indented by two spaces per level.
    pub fn outline(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self {
            RuleItem::Rule(rule) => outline_rule(rule, &mut lines),
            RuleItem::Correlation(correlation) => outline_correlation(correlation, &mut lines),
        }
        let custom = &self.meta().custom;
        lines.extend(custom.iter().map(|(name, value)| format!("attribute {name}: {}", plain(value))));
        lines
    }
}

fn outline_rule(rule: &Rule, lines: &mut Vec<String>) {
    lines.push("logsource:".to_owned());
    outline_logsource(&rule.logsource, lines);
    for (name, detection) in &rule.detections {
        lines.push(format!("detection {name}: {}", linking(detection.linking)));
        outline_detection(detection, 1, lines);
    }
    lines.extend(
        rule.conditions.iter().map(|condition| format!("condition: {}", condition_text(rule, condition))),
    );
    lines.extend(rule.fields.iter().map(|field| format!("shows: {field}")));
}

fn outline_logsource(logsource: &LogSource, lines: &mut Vec<String>) {
    let attributes =
        [("category", &logsource.category), ("product", &logsource.product), ("service", &logsource.service)];
    for (name, value) in attributes {
        lines.extend(value.iter().map(|value| format!("  {name}: {value}")));
    }
    lines.extend(logsource.custom.iter().map(|(name, value)| format!("  {name}: {}", plain(value))));
}

fn outline_detection(detection: &Detection, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for entry in &detection.entries {
        match entry {
            DetectionEntry::Item(item) => outline_item(item, &indent, lines),
            DetectionEntry::Group(group) => {
                lines.push(format!("{indent}{}", linking(group.linking)));
                outline_detection(group, depth + 1, lines);
            }
        }
    }
}

fn outline_item(item: &DetectionItem, indent: &str, lines: &mut Vec<String>) {
    let field = item.field.as_deref().unwrap_or("(anywhere)");
    let not = if item.is_negated { "not " } else { "" };
    match item.values.as_slice() {
        [] => lines.push(format!("{indent}{not}{field}: null")),
        [value] => lines.push(format!("{indent}{not}{field}: {}", value_text(value))),
        values => {
            lines.push(format!("{indent}{not}{field}: {}", linking(item.linking)));
            lines.extend(values.iter().map(|value| format!("{indent}  - {}", value_text(value))));
        }
    }
}

fn linking(linking: Linking) -> &'static str {
    match linking {
        Linking::And => "all of",
        Linking::Or => "any of",
    }
}

/// A value as a rule would write it, with the modifier it needs in front.
fn value_text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_plain(),
        Value::Cased(text) => format!("cased {}", text.to_plain()),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Regex(regex) => format!("re /{}/{}", regex.pattern.to_raw(), regex.flags.letters()),
        Value::Cidr(cidr) => format!("cidr {}", cidr.text),
        Value::Compare { op, number, part: None } => format!("{op} {number}"),
        Value::Compare { op, number, part: Some(part) } => format!("{part} {op} {number}"),
        Value::FieldRef(FieldRef { field, starts_with, ends_with, is_cased }) => {
            let how = match (starts_with, ends_with) {
                (false, false) => "equals",
                (true, false) => "starts with",
                (false, true) => "ends with",
                (true, true) => "contains",
            };
            format!("{}{how} the field {field}", if *is_cased { "cased " } else { "" })
        }
        Value::Exists(exists) => format!("exists {exists}"),
        Value::TimePart { part, number } => format!("{part} {number}"),
        Value::Query { text, .. } => format!("query {text}"),
        Value::Expansion { values, .. } => {
            let values: Vec<String> = values.iter().map(value_text).collect();
            format!("any of [{}]", values.join(", "))
        }
    }
}

fn condition_text(rule: &Rule, condition: &Condition) -> String {
    expr_text(rule, &condition.expr, true)
}

fn expr_text(rule: &Rule, expr: &ConditionExpr, is_outermost: bool) -> String {
    let join = |args: &[ConditionExpr], word: &str| {
        let args: Vec<String> = args.iter().map(|arg| expr_text(rule, arg, false)).collect();
        let text = args.join(word);
        if is_outermost || args.len() < 2 { text } else { format!("({text})") }
    };
    match expr {
        ConditionExpr::Or(args) => join(args, " or "),
        ConditionExpr::And(args) => join(args, " and "),
        ConditionExpr::Not(arg) => format!("not {}", expr_text(rule, arg, false)),
        ConditionExpr::AtLeast { count, of } => {
            let of: Vec<String> = of.iter().map(|arg| expr_text(rule, arg, false)).collect();
            format!("{count} of ({})", of.join(", "))
        }
        ConditionExpr::Detection(id) => rule.detection(*id).map_or("?", |(name, _)| name).to_owned(),
        ConditionExpr::False => "false".to_owned(),
        ConditionExpr::Nothing => "nothing".to_owned(),
    }
}

fn outline_correlation(correlation: &Correlation, lines: &mut Vec<String>) {
    lines.push(format!("correlation: {}", correlation.kind));
    lines.extend(correlation.rules.iter().map(|rule| format!("  rule: {}", rule.text)));
    lines.push(format!("  timespan: {}", correlation.timespan.text));
    lines.extend(correlation.group_by.iter().flatten().map(|field| format!("  group by: {field}")));
    for alias in &correlation.aliases {
        for (rule, field) in &alias.fields {
            lines.push(format!("  alias {}: {field} of {}", alias.name, rule.text));
        }
    }
    match &correlation.condition {
        CorrelationCondition::Thresholds { thresholds, fields, percentile, .. } => {
            lines.extend(thresholds.iter().map(|at| format!("  condition: {} {}", at.op, at.number)));
            lines.extend(fields.iter().map(|field| format!("  of field: {field}")));
            lines.extend(percentile.iter().map(|percentile| format!("  percentile: {percentile}")));
        }
        CorrelationCondition::Extended { expr, .. } => {
            lines.push(format!("  condition: {}", correlation_expr_text(expr, true)));
        }
    }
    lines.extend(correlation.fields.iter().map(|field| format!("shows: {field}")));
}

fn correlation_expr_text(expr: &CorrelationExpr, is_outermost: bool) -> String {
    let join = |args: &[CorrelationExpr], word: &str| {
        let args: Vec<String> = args.iter().map(|arg| correlation_expr_text(arg, false)).collect();
        let text = args.join(word);
        if is_outermost || args.len() < 2 { text } else { format!("({text})") }
    };
    match expr {
        CorrelationExpr::Or(args) => join(args, " or "),
        CorrelationExpr::And(args) => join(args, " and "),
        CorrelationExpr::Not(arg) => format!("not {}", correlation_expr_text(arg, false)),
        CorrelationExpr::Rule(rule) => rule.text.clone(),
    }
}

fn plain(value: &Data) -> String {
    value.as_str().map_or_else(|| value.to_json(None), str::to_owned)
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::Span;

    use super::*;
    use crate::{CompareOp, Meta, Number, SigmaString};

    fn item(field: &str, values: Vec<Value>) -> DetectionItem {
        DetectionItem::new(Some(field.to_owned()), values, Span::default())
    }

    #[test]
    fn a_rule_is_told_fact_by_fact() {
        let text = |text: &str| Value::Str(SigmaString::parse(text));
        let mut negated = item("d", vec![]);
        negated.is_negated = true;
        let limit = Value::Compare { op: CompareOp::Gte, number: Number::Int(3), part: None };
        let group = Detection::new(
            vec![DetectionEntry::Item(item("b", vec![limit])), DetectionEntry::Item(negated)],
            Linking::Or,
            Span::default(),
        );
        let entries = vec![
            DetectionEntry::Item(item("a", vec![text("x*"), text(r"\*")])),
            DetectionEntry::Group(group),
        ];
        let mut rule = Rule {
            meta: Meta::default(),
            logsource: LogSource { product: Some("linux".into()), ..LogSource::default() },
            detections: Vec::new(),
            conditions: Vec::new(),
            fields: vec!["a".into()],
            options: crate::Options::default(),
            marks: Vec::new(),
            span: Span::default(),
        };
        rule.meta.set_custom("n", 1.into());
        let id = rule.add_detection("sel", Detection::new(entries, Linking::And, Span::default()));
        let detection = ConditionExpr::Detection(id);
        let either = ConditionExpr::Or(vec![detection.clone(), ConditionExpr::False]);
        rule.conditions.push(Condition {
            text: String::new(),
            expr: ConditionExpr::And(vec![detection, ConditionExpr::Not(Box::new(either))]),
            marks: Vec::new(),
            lone: Vec::new(),
            span: Span::default(),
        });
        let expect = "\
logsource:
  product: linux
detection sel: all of
  a: any of
    - x*
    - \\*
  any of
    b: gte 3
    not d: null
condition: sel and not (sel or false)
shows: a
attribute n: 1";
        assert_eq!(RuleItem::Rule(rule).outline().join("\n"), expect);
    }
}
