//! A related rule is not there.

use std::collections::HashSet;

use crate::SetContext;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8803,
        name: "broken-related-link",
        summary: "`related` names a rule that is not among those checked.",
        help: "Correct the id, or check all folders of the rule set at once.",
    },
    severity: Severity::Note,
    like: None,
    why: "Who follows the link finds nothing. Rules that were merged, renamed or made obsolete are expected to be gone and not reported.",
    example: Example {
        flagged: "related:\n    - id: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1\n      type: similar",
        clean: "# path: a.yml\nrelated:\n    - id: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1\n      type: similar\n...\n# path: b.yml\nid: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1",
    },
    options: &[],
    run: Run::Set(run),
};

fn run(cx: &SetContext<'_>, report: &mut Report<'_>) {
    let ids: HashSet<&str> = cx.rules.iter().filter_map(|rule| rule.id.as_ref()).map(|id| id.value.as_str()).collect();
    for rule in cx.rules {
        for related in &rule.related {
            let is_gone = matches!(related.value.kind.as_str(), "obsolete" | "obsoletes" | "merged" | "renamed");
            if !is_gone && !ids.contains(related.value.id.as_str()) {
                report.about(rule).at(related.span, "no rule among those checked has this id");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_files;

    #[test]
    fn cases() {
        check_files(&super::CHECK, &["related:\n    - id: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1\n      type: derived", "id: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a12\nrelated:\n    - id: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1\n      type: obsolete"], &["0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1"]);
    }
}
