//! The rule is deprecated or unsupported.

use sigyn_ir::Status;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8115,
        name: "retired-status",
        summary: "The rule is deprecated or unsupported and stands among rules in use.",
        help: "Move it to a folder for such rules, or give it another status.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_status", "SigmahqStatusIssue")),
    why: "A retired rule among others is loaded, matched and alerts as if it were in use.",
    example: Example {
        flagged: "status: deprecated",
        clean: "status: stable",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if let Some(status @ (Status::Deprecated | Status::Unsupported)) = cx.meta().status {
        report.at(cx.place("status"), format!("the rule is {status}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "status: unsupported", &["unsupported"]);
        check(&super::CHECK, "status: Experimental", &[]);
    }
}
