//! A tag is no label of any version of the traffic light protocol.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8204,
        name: "unknown-tlp-tag",
        summary: "A tag is no label of any version of the traffic light protocol.",
        help: "Use one of `tlp.amber`, `tlp.amber-strict`, `tlp.clear`, `tlp.green`, `tlp.red`, `tlp.white`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("tlptag", "InvalidTLPTagIssue")),
    why: "The label says to whom the rule may be given; an unknown one says nothing.",
    example: Example {
        flagged: "tags:\n    - tlp.blue",
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

const KNOWN: &[&str] = &["amber", "amber-strict", "clear", "green", "red", "white"];

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - tlp.red\n    - tlp.blue", &["tlp.blue"]);
        check(&super::CHECK, "tags:\n    - tlp.amber", &[]);
    }
}
