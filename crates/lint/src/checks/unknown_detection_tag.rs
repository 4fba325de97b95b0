//! A `detection` tag is unknown.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8211,
        name: "unknown-detection-tag",
        summary: "A `detection` tag is unknown.",
        help: "Use `detection.dfir`, `detection.emerging-threats` or `detection.threat-hunting`.",
    },
    severity: Severity::Note,
    like: Some(Like::core("detection_tag", "InvalidPatternTagIssue")),
    why: "Rule packages are put together by these tags.",
    example: Example {
        flagged: "tags:\n    - detection.hunting",
        clean: "tags:\n    - detection.threat-hunting",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "detection" && !KNOWN.iter().any(|known| tag.name.starts_with(known)) {
            report.at(cx.entry_place("tags", at), format!("`{tag}` is unknown"));
        }
    }
}

/// What the names begin with: the reference does not look at what follows.
const KNOWN: &[&str] = &["dfir", "emerging-threats", "threat-hunting"];

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - detection.dfir\n    - detection.x", &["detection.x"]);
        check(&super::CHECK, "tags:\n    - detection.dfir2", &[]);
    }
}
