//! The rule has no description.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8110,
        name: "missing-description",
        summary: "The rule has no `description`.",
        help: "Add `description:` that says what is detected and why it is suspicious.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_description_existence", "SigmahqDescriptionExistenceIssue")),
    why: "An analyst at night needs to know what the alert means; the title cannot hold it.",
    example: Example {
        flagged: "description:",
        clean: "description: Detects the start of a tool",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().description.is_none() {
        report.at(cx.title_place(), "the rule has no `description`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "description:", &["Suspicious Tool"]);
        check(&super::CHECK, "description: null", &["Suspicious Tool"]);
        check(&super::CHECK, "title: X", &[]);
    }
}
