//! A tag is no label of version 2 of the traffic light protocol.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8206,
        name: "unknown-tlp-v2-tag",
        summary: "A tag is no label of version 2 of the traffic light protocol.",
        help: "Use one of `tlp.clear`, `tlp.green`, `tlp.amber`, `tlp.amber-strict`, `tlp.red`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("tlpv2_tag", "InvalidTLPTagIssue")),
    why: "The label says to whom the rule may be given; an unknown one says nothing.",
    example: Example {
        flagged: "tags:\n    - tlp.white",
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

const KNOWN: &[&str] = &["clear", "green", "amber", "amber-strict", "red"];

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - tlp.red\n    - tlp.white", &["tlp.white"]);
        check(&super::CHECK, "tags:\n    - tlp.clear", &[]);
    }
}
