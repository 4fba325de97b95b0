//! `them` stands for a single search identifier.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8503,
        name: "them-with-single-identifier",
        summary: "`them` stands for a single search identifier.",
        help: "Name the identifier.",
    },
    severity: Severity::Note,
    like: Some(Like::core("them_condition_with_single_detection", "ThemConditionWithSingleDetectionIssue")),
    why: "The condition is harder to read than need be, and changes its meaning when an identifier is added.",
    example: Example {
        flagged: "detection:\n    selection:\n        a: selection\n    condition: all of them\n",
        clean: "detection:\n    selection:\n        a: selection\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let found = rule.conditions.iter().position(|condition| condition.text.contains("them"));
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
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    condition: 1 of them\n", &["1 of them"]);
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: 1 of them\n", &[]);
    }
}
