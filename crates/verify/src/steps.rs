//! Why a rule matches an event or does not, as lines for people.

use sigyn_engine::{Explanation, Step};

/// Values of the event that a line shows.
const SEEN_MAX: usize = 4;
/// Characters of a value that a line shows.
const CHARS_MAX: usize = 120;

/// A verdict with its reasons: one line for each part of the conditions, indented; an arrow marks those that decide.
pub fn explained(title: &str, explanation: &Explanation) -> Vec<String> {
    let verdict = match (explanation.matches, explanation.is_tried) {
        (true, _) => "matches",
        (false, true) => "does not match",
        (false, false) => "is not tried: the event is not of its log source",
    };
    let mut out = vec![format!("{} {verdict}", shown(title))];
    explanation.conditions.iter().for_each(|step| tree(&mut out, step, 0));
    out
}

fn tree(out: &mut Vec<String>, step: &Step, depth: usize) {
    let mark = if step.holds { "yes" } else { "no " };
    let arrow = if step.decides { "→" } else { " " };
    let mut line = format!("{arrow} {mark} {}{}", "  ".repeat(depth), shown(&step.label));
    if !step.seen.is_empty() {
        let mut seen: Vec<String> = step.seen.iter().take(SEEN_MAX).map(|value| cut(value)).collect();
        if step.seen.len() > SEEN_MAX {
            seen.push(format!("+{}", step.seen.len() - SEEN_MAX));
        }
        line.push_str(&format!("   [{}]", seen.join(", ")));
    }
    out.push(line);
    step.parts.iter().for_each(|part| tree(out, part, depth + 1));
}

fn cut(value: &str) -> String {
    let text = shown(value);
    if text.chars().count() <= CHARS_MAX {
        return text;
    }
    text.chars().take(CHARS_MAX).chain(['…']).collect()
}

/// Text from a rule or a log without what a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let is_harmful =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}
