//! The rule says when it was modified, not when it was written.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8108,
        name: "modified-without-date",
        summary: "The rule has `modified` but no `date`.",
        help: "A new rule has `date` alone; an old one both.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_modified_without_date", "SigmahqModifiedWithoutDateIssue")),
    why: "The age of the rule is unknown.",
    example: Example {
        flagged: "date:\nmodified: 2023-03-01",
        clean: "date: 2023-03-01",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let meta = cx.meta();
    if meta.date.is_none() && meta.modified.is_some() {
        report.at(cx.place("modified"), "there is no `date` beside `modified`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "date:\nmodified: 2023-03-01", &["2023-03-01"]);
        check(&super::CHECK, "modified: 2024-04-01", &[]);
    }
}
