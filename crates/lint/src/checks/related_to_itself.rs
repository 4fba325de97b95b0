//! A rule is related to itself.

use crate::SetContext;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8804,
        name: "related-to-itself",
        summary: "`related` names the rule itself.",
        help: "Name the other rule, or remove the entry.",
    },
    severity: Severity::Warning,
    like: None,
    why: "The id was most likely copied from the wrong line.",
    example: Example {
        flagged: "related:\n    - id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11\n      type: similar",
        clean: "related:\n    - id: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1\n      type: similar",
    },
    options: &[],
    run: Run::Set(run),
};

fn run(cx: &SetContext<'_>, report: &mut Report<'_>) {
    for rule in cx.rules {
        for related in &rule.related {
            if rule.id.as_ref().is_some_and(|id| id.value == related.value.id) {
                report.about(rule).at(related.span, "this is the rule itself");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_files;

    #[test]
    fn cases() {
        check_files(&super::CHECK, &["related:\n    - id: 5F1ABF38-3b1a-4b7a-8c42-5d5b0f2d0a11\n      type: derived"], &["5F1ABF38-3b1a-4b7a-8c42-5d5b0f2d0a11"]);
        check_files(&super::CHECK, &["related:\n    - id: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1\n      type: derived"], &[]);
    }
}
