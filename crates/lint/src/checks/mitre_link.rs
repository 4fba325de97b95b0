//! A reference is a link to ATT&CK.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8125,
        name: "mitre-link",
        summary: "A reference is a link to ATT&CK.",
        help: "Tag the rule instead, e.g. `attack.t1053.003`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_mitre_link", "SigmahqMitreLinkIssue")),
    why: "Tags can be counted and searched; links cannot.",
    example: Example {
        flagged: "references:\n    - https://attack.mitre.org/techniques/T1053",
        clean: "tags:\n    - attack.t1053",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, link) in cx.meta().references.iter().enumerate() {
        if link.starts_with("https://attack.mitre.org/") {
            report.at(cx.entry_place("references", at), "ATT&CK is referred to by tags");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "references:\n    - https://attack.mitre.org/x", &["https://attack.mitre.org/x"]);
        check(&super::CHECK, "references:\n    - https://mitre.org/", &[]);
    }
}
