//! The rule was modified before it was written.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8107,
        name: "modified-before-date",
        summary: "`modified` lies before `date`.",
        help: "Correct one of the two.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_modified_date_order", "SigmahqModifiedDateOrderIssue")),
    why: "One of the two days is wrong, so neither can be trusted.",
    example: Example {
        flagged: "date: 2024-03-01\nmodified: 2023-03-01",
        clean: "date: 2024-03-01\nmodified: 2024-03-02",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let meta = cx.meta();
    if matches!((&meta.date, &meta.modified), (Some(date), Some(modified)) if modified < date) {
        report.at(cx.place("modified"), "`modified` lies before `date`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "date: 2024-03-01\nmodified: 2023/3/1", &["2023/3/1"]);
        check(&super::CHECK, "date: 2024-03-01\nmodified: 2024-03-01", &[]);
    }
}
