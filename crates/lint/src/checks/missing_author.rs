//! The rule has no author.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8105,
        name: "missing-author",
        summary: "The rule has no `author`.",
        help: "Add `author:` with one or more names, separated by commas.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_author_existence", "SigmahqAuthorExistenceIssue")),
    why: "Whoever tunes the rule later wants to know whom to ask.",
    example: Example {
        flagged: "author:",
        clean: "author: A. Author",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.meta().author.is_none() {
        report.at(cx.title_place(), "the rule has no `author`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "author:", &["Suspicious Tool"]);
        check(&super::CHECK, "author: null", &["Suspicious Tool"]);
        check(&super::CHECK, "title: X", &[]);
    }
}
