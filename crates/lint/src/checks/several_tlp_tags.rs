//! The rule has several `tlp` tags.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8215,
        name: "several-tlp-tags",
        summary: "The rule has several `tlp` tags.",
        help: "Keep one of them.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_tags_unique_tlp", "SigmahqTagsUniqueTlpIssue")),
    why: "The two contradict each other.",
    example: Example {
        flagged: "tags:\n    - tlp.green\n    - tlp.red",
        clean: "tags:\n    - tlp.green",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let tags = cx.meta().tags.iter().enumerate().filter(|(_, tag)| tag.namespace == "tlp");
    if let Some((second, _)) = tags.clone().nth(1) {
        let first = tags.map(|(at, _)| at).next().unwrap_or(second);
        report.with(cx.entry_place("tags", second), "the rule has another `tlp` tag", |found| {
            found.with_related(cx.entry_place("tags", first), "the first one")
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.x\n    - tlp.a\n    - tlp.b\n    - tlp.c", &["tlp.b"]);
        check(&super::CHECK, "tags:\n    - tlp.a\n    - attack.b", &[]);
    }
}
