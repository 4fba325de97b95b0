//! A tag is no label of version 1 of the traffic light protocol.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8205,
        name: "unknown-tlp-v1-tag",
        summary: "A tag is no label of version 1 of the traffic light protocol.",
        help: "Use one of `tlp.white`, `tlp.green`, `tlp.amber`, `tlp.red`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("tlpv1_tag", "InvalidTLPTagIssue")),
    why: "The label says to whom the rule may be given; an unknown one says nothing.",
    example: Example {
        flagged: "tags:\n    - tlp.clear",
        clean: "tags:\n    - tlp.green",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "tlp" && !KNOWN.contains(&tag.name.as_str()) {
            report.at(cx.entry_place("tags", at), format!("there is no such label as `{tag}`"));
        }
    }
}

const KNOWN: &[&str] = &["white", "green", "amber", "red"];

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - tlp.red\n    - tlp.clear", &["tlp.clear"]);
        check(&super::CHECK, "tags:\n    - tlp.white", &[]);
    }
}
