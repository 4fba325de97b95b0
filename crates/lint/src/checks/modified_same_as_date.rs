//! The rule was modified on the day it was written.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8109,
        name: "modified-same-as-date",
        summary: "`modified` is the same day as `date`.",
        help: "Remove `modified`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_redundant_modified", "SigmahqRedundantModifiedIssue")),
    why: "A new rule is not modified; the key says nothing and costs a line.",
    example: Example {
        flagged: "date: 2024-03-01\nmodified: 2024-03-01",
        clean: "date: 2024-03-01",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let meta = cx.meta();
    if meta.date.is_some() && meta.date == meta.modified {
        let place = cx.place("modified");
        report.with(place, "`modified` is the same day as `date`", |found| {
            found.fixed_by("remove the line", cx.lines(cx.key_place("modified").to(place)), "")
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "date: 2024-03-01\nmodified: 2024/03/01", &["2024/03/01"]);
        check(&super::CHECK, "date: 2024-03-01\nmodified: 2024-03-02", &[]);
    }
}
