//! The rule has no id.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8117,
        name: "missing-id",
        summary: "The rule has no `id`.",
        help: "Add `id:` with a new random UUID (version 4).",
    },
    severity: Severity::Warning,
    like: Some(Like::core("identifier_existence", "IdentifierExistenceIssue")),
    why: "Correlations, filters, exclusions and updates refer to rules by id; a rule without one cannot be referred to.",
    example: Example {
        flagged: "id:",
        clean: "id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().id.is_none() {
        report.at(cx.title_place(), "the rule has no `id`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "id:", &["Suspicious Tool"]);
        check(&super::CHECK, "id: null", &["Suspicious Tool"]);
        check(&super::CHECK, "title: X", &[]);
    }
}
