//! A tag has a namespace that Sigma does not define.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8208,
        name: "unknown-tag-namespace",
        summary: "A tag has a namespace that Sigma does not define.",
        help: "Use attack, car, cve, d3fend, detection, stp or tlp, or leave it if your own tools read it.",
    },
    severity: Severity::Note,
    like: Some(Like::core("namespace_tag", "InvalidNamespaceTagIssue")),
    why: "Other tools do not know what the tag means.",
    example: Example {
        flagged: "tags:\n    - mitre.t1059",
        clean: "tags:\n    - attack.t1059",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if !KNOWN.contains(&tag.namespace.as_str()) {
            report.at(cx.entry_place("tags", at), format!("`{}` is no namespace of Sigma", tag.namespace));
        }
    }
}

const KNOWN: &[&str] = &["attack", "car", "cve", "d3fend", "detection", "stp", "tlp"];

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.t1\n    - attck.t1", &["attck.t1"]);
        check(&super::CHECK, "tags:\n    - stp.1\n    - cve.2021-1", &[]);
    }
}
