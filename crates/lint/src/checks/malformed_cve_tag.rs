//! A tag is no CVE number.

use crate::text::digits_between_hyphens;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8210,
        name: "malformed-cve-tag",
        summary: "A `cve` tag is no CVE number.",
        help: "Write `cve.YYYY-NNNN`, without another `cve-`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("cvetag", "InvalidPatternTagIssue")),
    why: "Nothing is found under it.",
    example: Example {
        flagged: "tags:\n    - cve.cve-2021-44228",
        clean: "tags:\n    - cve.2021-44228",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "cve" && !digits_between_hyphens(&tag.name, &[0, 0]) {
            report.at(cx.entry_place("tags", at), format!("`{tag}` is not of the form `cve.YYYY-NNNN`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - cve.2021.44228\n    - cve.2021-44228", &["cve.2021.44228"]);
        check(&super::CHECK, "tags:\n    - cve.1-2", &[]);
    }
}
