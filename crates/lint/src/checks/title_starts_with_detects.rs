//! The title starts with "Detect".

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8101,
        name: "title-starts-with-detects",
        summary: "The title starts with `Detect` or `Detects`.",
        help: "Name what is found: `Suspicious Child of Word`, not `Detects a Suspicious Child of Word`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_title_start", "SigmahqTitleStartIssue")),
    why: "Every rule detects; the word pushes what matters to the right in every list of alerts.",
    example: Example {
        flagged: "title: Detects Mimikatz",
        clean: "title: Mimikatz",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let title = &cx.meta().title;
    if title.starts_with("Detect ") || title.starts_with("Detects ") {
        report.at(cx.place("title"), "the title starts with a word that every title could start with");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "title: Detect Foo", &["Detect Foo"]);
        check(&super::CHECK, "title: Detection of Foo", &[]);
    }
}
