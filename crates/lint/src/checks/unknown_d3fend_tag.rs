//! A tag names nothing that D3FEND knows.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8203,
        name: "unknown-d3fend-tag",
        summary: "A tag names nothing that D3FEND knows.",
        help: "Look it up at d3fend.mitre.org.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("d3_fendtag", "InvalidD3FENDagIssue")),
    why: "A tag that nobody knows is found by nobody.",
    example: Example {
        flagged: "tags:\n    - d3fend.d3-xyzzy",
        clean: "tags:\n    - d3fend.d3-ba",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "d3fend" && !cx.facts.knows_d3fend(&tag.name) {
            report.at(cx.entry_place("tags", at), format!("D3FEND has no `{}`", tag.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - d3fend.isolate\n    - d3fend.d3-zzz", &["d3fend.d3-zzz"]);
        check(&super::CHECK, "tags:\n    - d3f.x", &[]);
    }
}
