//! A selector stands for a single search identifier.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8506,
        name: "selector-of-single-identifier",
        summary: "A selector `1 of NAME_*` stands for a single search identifier.",
        help: "Name the identifier.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_ofselection_condition", "SigmahqOfselectionConditionIssue")),
    why: "The condition is harder to read than need be.",
    example: Example {
        flagged: "detection:\n    sel_a:\n        a: sel_a\n    condition: 1 of sel_*\n",
        clean: "detection:\n    sel_a:\n        a: sel_a\n    condition: sel_a\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (at, condition) in rule.conditions.iter().enumerate() {
        for (name, range) in selected(&condition.text) {
            // Names that SigmaHQ's own conventions ask for.
            let is_usual = name.starts_with("filter_") || name.starts_with("selection_");
            let Some(start) = name.strip_suffix("_*").filter(|_| !is_usual) else { continue };
            // The reference reads the name as a pattern in which the underscore repeats.
            let count = rule.detections.iter().filter(|(other, _)| other.starts_with(start)).count();
            if count < 2 {
                return report.at(cx.condition_part(at, range), format!("`{name}` is a single search identifier"));
            }
        }
    }
}

/// What stands behind `NUMBER of` and `all of`, up to the next white space, with its place.
fn selected(text: &str) -> Vec<(&str, std::ops::Range<usize>)> {
    let words: Vec<(usize, &str)> = text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect();
    let is_count = |word: &str| word.ends_with("all") || word.ends_with(char::is_numeric);
    words
        .windows(3)
        .filter(|window| is_count(window[0].1) && window[1].1 == "of")
        .map(|window| (window[2].1, window[2].0..window[2].0 + window[2].1.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a_1:\n        a: a_1\n    a_2:\n        a: a_2\n    b_1:\n        a: b_1\n    condition: all of a_* and not 1 of b_*\n", &["b_*"]);
        check(&super::CHECK, "detection:\n    selection_1:\n        a: selection_1\n    condition: 1 of selection_*\n", &[]);
    }
}
