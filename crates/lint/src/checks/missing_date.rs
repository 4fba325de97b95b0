//! The rule has no date.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8106,
        name: "missing-date",
        summary: "The rule has no `date`.",
        help: "Add `date: YYYY-MM-DD` with the day on which the rule was written.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_date_existence", "SigmahqDateExistenceIssue")),
    why: "The age of a rule says how far to trust it and when to look at it again.",
    example: Example {
        flagged: "date:",
        clean: "date: 2024-03-01",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().date.is_none() {
        report.at(cx.title_place(), "the rule has no `date`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "date:", &["Suspicious Tool"]);
        check(&super::CHECK, "date: null", &["Suspicious Tool"]);
        check(&super::CHECK, "title: X", &[]);
    }
}
