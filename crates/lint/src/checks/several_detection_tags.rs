//! The rule has several `detection` tags.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8213,
        name: "several-detection-tags",
        summary: "The rule has several `detection` tags.",
        help: "Keep one of them.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_tags_unique_detection", "SigmahqTagsUniqueDetectionIssue")),
    why: "The two contradict each other.",
    example: Example {
        flagged: "tags:\n    - detection.dfir\n    - detection.threat-hunting",
        clean: "tags:\n    - detection.dfir",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let tags = cx.meta().tags.iter().enumerate().filter(|(_, tag)| tag.namespace == "detection");
    if let Some((second, _)) = tags.clone().nth(1) {
        let first = tags.map(|(at, _)| at).next().unwrap_or(second);
        report.with(cx.entry_place("tags", second), "the rule has another `detection` tag", |found| {
            found.with_related(cx.entry_place("tags", first), "the first one")
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.x\n    - detection.a\n    - detection.b\n    - detection.c", &["detection.b"]);
        check(&super::CHECK, "tags:\n    - detection.a\n    - attack.b", &[]);
    }
}
