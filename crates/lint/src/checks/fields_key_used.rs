//! The rule has the old key `fields`.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8121,
        name: "fields-key-used",
        summary: "The rule has the key `fields`.",
        help: "Remove it, unless your tools show these fields.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_fields_existence", "SigmahqFieldsExistenceIssue")),
    why: "SigmaHQ no longer wants it: what to show is a matter of the tool that shows alerts.",
    example: Example {
        flagged: "fields:\n    - CommandLine",
        clean: "level: high",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if !cx.fields().is_empty() {
        report.at(cx.key_place("fields"), "the rule says which fields to show");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "fields:\n    - a\n    - b", &["fields"]);
        check(&super::CHECK, "fields: []", &[]);
    }
}
