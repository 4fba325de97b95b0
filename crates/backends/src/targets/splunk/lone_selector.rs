//! Selectors of one identifier: the reference takes `1 of x_*` for an `or` even where only one identifier fits.

use sigyn_diagnostics::Span;
use sigyn_ir::{Rule, RuleItem};

use crate::Cx;

/// Whether the item at hand belongs to an identifier that such a selector chooses.
pub(super) fn is_above(cx: &Cx<'_>) -> bool {
    let RuleItem::Rule(rule) = cx.rule else { return false };
    let holds = |outer: Span| {
        outer.source == cx.span.source && outer.start <= cx.span.start && cx.span.end <= outer.end
    };
    let Some((name, _)) = rule.detections.iter().find(|(_, detection)| holds(detection.span)) else {
        return false;
    };
    rule.conditions.iter().any(|condition| chooses_only(rule, &condition.text, name))
}

/// Whether a condition says `1 of` or `any of` with a pattern that fits this identifier alone.
fn chooses_only(rule: &Rule, condition: &str, name: &str) -> bool {
    let words: Vec<&str> = condition
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(3).any(|words| match words {
        [quantifier, "of", pattern] if matches!(*quantifier, "1" | "any") => {
            let pattern = if *pattern == "them" { "*" } else { pattern };
            let mut chosen = rule.detections.iter().filter(|(name, _)| selects(pattern, name));
            chosen.next().is_some_and(|(chosen, _)| chosen == name) && chosen.next().is_none()
        }
        _ => false,
    })
}

fn selects(pattern: &str, name: &str) -> bool {
    (pattern.starts_with('_') || !name.starts_with('_')) && matches(pattern, name)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).any(|at| name.get(at..).is_some_and(|name| matches(rest, name)))
        }),
    }
}
