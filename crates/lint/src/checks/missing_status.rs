//! The rule has no status.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8114,
        name: "missing-status",
        summary: "The rule has no `status`.",
        help: "Add `status:`; a new rule is `experimental`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_status_existence", "SigmahqStatusExistenceIssue")),
    why: "The status says whether a rule was tried in earnest; many set-ups leave experimental rules out.",
    example: Example {
        flagged: "status:",
        clean: "status: experimental",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().status.is_none() {
        report.at(cx.title_place(), "the rule has no `status`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "status:", &["Suspicious Tool"]);
        check(&super::CHECK, "status: null", &["Suspicious Tool"]);
        check(&super::CHECK, "title: X", &[]);
    }
}
