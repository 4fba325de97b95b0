//! A key is a known misspelling of another.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8123,
        name: "misspelled-key",
        summary: "A key is a known misspelling of another.",
        help: "Correct the spelling: `related`, `references`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("custom_attributes", "CustomAttributesIssue")),
    why: "The key is ignored without a word.",
    example: Example {
        flagged: "reference: https://example.org",
        clean: "references:\n    - https://example.org",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Misspellings with what was meant.
const TYPOS: &[(&str, &str)] = &[
    ("realted", "related"),
    ("relatde", "related"),
    ("relted", "related"),
    ("rlated", "related"),
    ("reference", "references"),
];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let found = cx.meta().custom.iter().find_map(|(key, _)| TYPOS.iter().find(|(typo, _)| typo == key));
    let Some((typo, meant)) = found else { return };
    let place = cx.key_place(typo);
    report.with(place, format!("`{typo}` is not `{meant}`"), |found| {
        found.with_help(format!("write `{meant}`"))
    });
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "rlated: []", &["rlated"]);
        check(&super::CHECK, "related: []", &[]);
    }
}
