//! `of them` stands for a single search identifier.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8505,
        name: "of-them-with-single-identifier",
        summary: "`of them` stands for a single search identifier.",
        help: "Name the identifier.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_ofthem_condition", "SigmahqOfthemConditionIssue")),
    why: "The condition is harder to read than need be.",
    example: Example {
        flagged: "detection:\n    selection:\n        a: selection\n    condition: 1 of them\n",
        clean: "detection:\n    selection:\n        a: selection\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let is_of_them = |text: &str| {
        text.match_indices("of").any(|(at, of)| {
            let behind = &text[at + of.len()..];
            text[..at].ends_with(char::is_whitespace)
                && behind.starts_with(char::is_whitespace)
                && behind.trim_start().starts_with("them")
        })
    };
    let found = rule.conditions.iter().position(|condition| is_of_them(&condition.text));
    let found = found.filter(|_| rule.detections.len() == 1);
    if let Some(at) = found {
        report.at(cx.condition_place(at), "`them` is a single search identifier");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    condition: all of them\n", &["all of them"]);
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: all of them\n", &[]);
    }
}
