//! A tag names nothing that ATT&CK knows.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8202,
        name: "unknown-attack-tag",
        summary: "A tag names nothing that ATT&CK knows.",
        help: "Look it up at attack.mitre.org; docs/checks/README.md says which version is bundled, and `--attack-data` takes another.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("attacktag", "InvalidATTACKTagIssue")),
    why: "Coverage counts techniques: one that does not exist counts for nothing.",
    example: Example {
        flagged: "tags:\n    - attack.t9999",
        clean: "tags:\n    - attack.t1059",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "attack" && !cx.facts.attack.knows(&tag.name) {
            report.at(cx.entry_place("tags", at), format!("ATT&CK has no `{}`", tag.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.execution\n    - attack.excecution\n    - attack.g0001\n    - car.x", &["attack.excecution"]);
        check(&super::CHECK, "tags:\n    - attack.s0002", &[]);
    }
}
