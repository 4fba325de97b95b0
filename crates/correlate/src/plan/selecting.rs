//! Rules on detections: whose detections can they match? (E36, E37)
//!
//! The metadata of a rule is known when rules are loaded. A condition over detections is evaluated with it, and with
//! everything else unknown: what is false then, is false for every detection of the rule.

use std::sync::Arc;

use sigyn_ir::{Expr, ItemId, Number, Part, Rule, SigmaString, Value};

use super::Node;
use crate::FieldValue;
use crate::own::metadata;

/// Whether a rule selects on detections rather than on events.
pub(super) fn is_on_detections(rule: &Rule) -> bool {
    let is = |part: &Option<String>, text| part.as_deref() == Some(text);
    is(&rule.logsource.product, "sigyn") && is(&rule.logsource.service, "detection")
}

/// Whose detections a rule can match.
pub(super) struct Selection {
    /// Rules that it names by `rule.id` or `rule.name`.
    pub(super) named: Vec<ItemId>,
    /// All others.
    pub(super) possible: Vec<ItemId>,
    /// Whether it can match detections of rules that it does not name.
    pub(super) is_wildcard: bool,
}

pub(super) fn select(rule: &Rule, nodes: &[Option<Node>]) -> Selection {
    let exprs: Vec<Expr<'_>> = rule.conditions.iter().map(|condition| rule.expression(condition)).collect();
    let mut selection = Selection { named: Vec::new(), possible: Vec::new(), is_wildcard: false };
    for node in nodes.iter().flatten() {
        let is_possible =
            exprs.iter().any(|expr| evaluate(expr, &|name| Facts::of(name, node)) != Some(false));
        if is_possible {
            match exprs.iter().any(|expr| names(expr, node, true)) {
                true => selection.named.push(node.item),
                false => selection.possible.push(node.item),
            }
        }
    }
    // A rule that nobody has named yet: unlike every id and name that is written, and otherwise unknown.
    let stranger = |name: &str| match name {
        "rule.id" | "rule.name" => Facts::Stranger,
        _ => Facts::Unknown,
    };
    selection.is_wildcard = exprs.iter().any(|expr| evaluate(expr, &stranger) != Some(false));
    selection
}

/// The fields that the conditions of a rule read.
pub(super) fn fields(rule: &Rule) -> Vec<Arc<str>> {
    let mut fields: Vec<Arc<str>> = Vec::new();
    for condition in &rule.conditions {
        collect(&rule.expression(condition), &mut fields);
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}

fn collect(expr: &Expr<'_>, fields: &mut Vec<Arc<str>>) {
    match expr {
        Expr::Or(args) | Expr::And(args) | Expr::AtLeast { of: args, .. } => {
            args.iter().for_each(|arg| collect(arg, fields));
        }
        Expr::Not(arg) => collect(arg, fields),
        Expr::Field { field, value, .. } => {
            fields.push(field.as_ref().into());
            other_field(value, fields);
        }
        Expr::Keyword { .. } | Expr::False | Expr::Nothing => {}
    }
}

fn other_field(value: &Value, fields: &mut Vec<Arc<str>>) {
    match value {
        Value::FieldRef(other) => fields.push(other.field.as_str().into()),
        Value::Expansion { values, .. } => values.iter().for_each(|value| other_field(value, fields)),
        _ => {}
    }
}

/// What is known of a field.
enum Facts {
    Unknown,
    /// A text that no rule writes.
    Stranger,
    Known(Vec<FieldValue>),
}

impl Facts {
    fn of(name: &str, node: &Node) -> Self {
        metadata(name, node).map_or(Facts::Unknown, Facts::Known)
    }
}

/// Three values: none stands for unknown.
fn evaluate(expr: &Expr<'_>, facts: &impl Fn(&str) -> Facts) -> Option<bool> {
    let at_least = |count: usize, args: &[Expr<'_>]| {
        let values: Vec<Option<bool>> = args.iter().map(|arg| evaluate(arg, facts)).collect();
        let sure = values.iter().filter(|value| **value == Some(true)).count();
        let open = values.iter().filter(|value| value.is_none()).count();
        match () {
            () if sure >= count => Some(true),
            () if sure + open < count => Some(false),
            () => None,
        }
    };
    match expr {
        Expr::Or(args) => at_least(1, args),
        Expr::And(args) => at_least(args.len(), args),
        Expr::AtLeast { count, of } => at_least(*count as usize, of),
        Expr::Not(arg) => evaluate(arg, facts).map(|value| !value),
        Expr::Field { field, value, .. } => compare(value, &facts(field)),
        Expr::Keyword { .. } | Expr::Nothing => None,
        Expr::False => Some(false),
    }
}

fn compare(value: &Value, facts: &Facts) -> Option<bool> {
    if let Value::Expansion { values, .. } = value {
        let values: Vec<Option<bool>> = values.iter().map(|value| compare(value, facts)).collect();
        return match () {
            () if values.contains(&Some(true)) => Some(true),
            () if values.contains(&None) => None,
            () => Some(false),
        };
    }
    match (facts, value) {
        (Facts::Unknown, _) => None,
        // Equality with a written text is false; anything with a wildcard may be true.
        (Facts::Stranger, Value::Str(text) | Value::Cased(text)) => text.as_literal().map(|_| false),
        (Facts::Stranger, Value::Number(_) | Value::Bool(_) | Value::Null) => Some(false),
        (Facts::Stranger, _) => None,
        (Facts::Known(known), Value::Str(text)) => {
            Some(known.iter().any(|known| is_like(text, &known.text(), Case::Folded)))
        }
        (Facts::Known(known), Value::Cased(text)) => {
            Some(known.iter().any(|known| is_like(text, &known.text(), Case::Kept)))
        }
        (Facts::Known(known), Value::Null) => Some(known.is_empty()),
        (Facts::Known(known), Value::Exists(is_there)) => Some(known.is_empty() != *is_there),
        (Facts::Known(known), Value::Number(Number::Int(number))) => {
            Some(known.iter().any(|known| known.text() == number.to_string()))
        }
        // Whatever else is compared is left to the event.
        (Facts::Known(known), _) => {
            if known.is_empty() {
                Some(false)
            } else {
                None
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Case {
    Folded,
    Kept,
}

/// Whether a text is like a pattern with wildcards. Placeholders may stand for anything.
fn is_like(pattern: &SigmaString, text: &str, case: Case) -> bool {
    let fold = |text: &str| -> Vec<char> {
        match case {
            Case::Folded => text.chars().flat_map(char::to_lowercase).collect(),
            Case::Kept => text.chars().collect(),
        }
    };
    /// A character, any one, or any number of any.
    #[derive(Clone, Copy, PartialEq)]
    enum Step {
        Char(char),
        One,
        Many,
    }
    let mut steps = Vec::new();
    for part in pattern.parts() {
        match part {
            Part::Text(text) => steps.extend(fold(text).into_iter().map(Step::Char)),
            Part::One => steps.push(Step::One),
            _ => steps.push(Step::Many),
        }
    }
    let text = fold(text);
    // Places in the pattern that the text up to here can have reached.
    let mut reached = vec![false; steps.len() + 1];
    let close = |reached: &mut Vec<bool>| {
        for at in 0..steps.len() {
            if reached[at] && steps[at] == Step::Many {
                reached[at + 1] = true;
            }
        }
    };
    reached[0] = true;
    close(&mut reached);
    for c in text {
        let mut next = vec![false; steps.len() + 1];
        for at in (0..steps.len()).filter(|at| reached[*at]) {
            match steps[at] {
                Step::Many => next[at] = true,
                Step::One => next[at + 1] = true,
                Step::Char(expect) if expect == c => next[at + 1] = true,
                Step::Char(_) => {}
            }
        }
        close(&mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

/// Whether the expression names a rule where naming it helps it to match.
fn names(expr: &Expr<'_>, node: &Node, is_positive: bool) -> bool {
    match expr {
        Expr::Or(args) | Expr::And(args) | Expr::AtLeast { of: args, .. } => {
            args.iter().any(|arg| names(arg, node, is_positive))
        }
        Expr::Not(arg) => names(arg, node, !is_positive),
        Expr::Field { field, value, .. } => {
            is_positive && matches!(field.as_ref(), "rule.id" | "rule.name") && is_literal(value) && {
                let facts = Facts::of(field, node);
                compare(value, &facts) == Some(true)
            }
        }
        Expr::Keyword { .. } | Expr::False | Expr::Nothing => false,
    }
}

fn is_literal(value: &Value) -> bool {
    match value {
        Value::Str(text) | Value::Cased(text) => text.as_literal().is_some(),
        Value::Number(_) => true,
        Value::Expansion { values, .. } => values.iter().all(is_literal),
        _ => false,
    }
}
