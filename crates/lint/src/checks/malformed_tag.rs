//! A tag has characters that tags do not have.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8201,
        name: "malformed-tag",
        summary: "A tag has characters that tags do not have.",
        help: "Write it in lower case with letters, digits, `-`, `_` and dots.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("tag_format", "InvalidTagFormatIssue")),
    why: "Tools compare tags as they are: `attack.T1059` is not found under `attack.t1059`.",
    example: Example {
        flagged: "tags:\n    - attack.T1059",
        clean: "tags:\n    - attack.t1059",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if !is_plain(&tag.namespace, "-_") || !is_plain(&tag.name, "-_.") {
            report.at(cx.entry_place("tags", at), format!("`{tag}` is not of the form of tags"));
        }
    }
}

/// Whether a text is not empty and has lower-case letters, digits and these characters only.
fn is_plain(text: &str, others: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || others.contains(c);
    !text.is_empty() && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.t1059\n    - Foo.bar\n    - a.b c", &["Foo.bar", "a.b c"]);
        check(&super::CHECK, "tags:\n    - a-b_1.c.d-e_f", &[]);
    }
}
