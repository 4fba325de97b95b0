//! The condition is `all of them`.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8504,
        name: "all-of-them",
        summary: "The condition has `all of them`.",
        help: "Write `all of selection_*`.",
    },
    severity: Severity::Note,
    like: Some(Like::core("all_of_them_condition", "AllOfThemConditionIssue")),
    why: "A filter that is added later would be required instead of excluded.",
    example: Example {
        flagged: "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: all of them\n",
        clean: "detection:\n    selection_a:\n        a: selection_a\n    selection_b:\n        a: selection_b\n    condition: all of selection_*\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let found = rule.conditions.iter().position(|condition| has_words(&condition.text, &["all", "of", "them"]));
    if let Some(at) = found {
        report.at(cx.condition_place(at), "a filter that is added later would be required");
    }
}

/// Whether the words stand in a row with white space between; the ends of the first and last do not matter.
fn has_words(text: &str, words: &[&str]) -> bool {
    text.match_indices(words[0]).any(|(at, first)| {
        words[1..].iter().try_fold(&text[at + first.len()..], |rest, word| {
            let behind = rest.trim_start();
            if behind.len() == rest.len() { None } else { behind.strip_prefix(word) }
        })
        .is_some()
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: all  of them\n", &["all  of them"]);
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: 1 of them\n", &[]);
    }
}
