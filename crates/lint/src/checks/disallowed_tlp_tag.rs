//! The traffic light label does not allow that the rule is published.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8216,
        name: "disallowed-tlp-tag",
        summary: "The traffic light label does not allow that the rule is published.",
        help: "Remove the rule from the public set, or correct the label.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_tags_tlp", "SigmahqTagsTlpIssue")),
    why: "A rule in a public repository is public.",
    example: Example {
        flagged: "tags:\n    - tlp.red",
        clean: "tags:\n    - tlp.clear",
    },
    options: &[OptionSpec { name: "allowed_tlp", default: Default::Texts(&["clear"]), summary: "Labels that may be published." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let allowed = report.texts("allowed_tlp");
    let is_wrong = |name: &str| !allowed.contains(&name);
    let tags = cx.meta().tags.iter().enumerate();
    let wrong = tags.filter(|(_, tag)| tag.namespace == "tlp").find(|(_, tag)| is_wrong(&tag.name));
    if let Some((at, tag)) = wrong {
        report.at(cx.entry_place("tags", at), format!("`{tag}` is not among the labels allowed"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - tlp.clear\n    - tlp.red\n    - tlp.amber", &["tlp.red"]);
        check(&super::CHECK, "tags:\n    - tlp.clear", &[]);
    }
}
