//! The rule has no level.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8113,
        name: "missing-level",
        summary: "The rule has no `level`.",
        help: "Add `level:` with informational, low, medium, high or critical.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_level_existence", "SigmahqLevelExistenceIssue")),
    why: "Without a level an alert cannot be sorted by severity.",
    example: Example {
        flagged: "level:",
        clean: "level: high",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().level.is_none() {
        report.at(cx.title_place(), "the rule has no `level`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "level:", &["Suspicious Tool"]);
        check(&super::CHECK, "level: null", &["Suspicious Tool"]);
        check(&super::CHECK, "title: X", &[]);
    }
}
