//! The description holds a link, and there are no references.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8112,
        name: "link-in-description",
        summary: "The description holds a link or speaks of internal research, and the rule has no references.",
        help: "Move the link to `references`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_link_in_description", "SigmahqLinkInDescriptionIssue")),
    why: "Tools show references as links and check them; a link in a text is lost.",
    example: Example {
        flagged: "description: Detects the tool of https://example.org/x\nreferences:",
        clean: "description: Detects the tool\nreferences:\n    - https://example.org/x",
    },
    options: &[OptionSpec { name: "word_list", default: Default::Texts(&["http://", "https://", "internal research"]), summary: "What marks a reference, in lower case." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let meta = cx.meta();
    let Some(description) = meta.description.as_ref().filter(|_| meta.references.is_empty()) else { return };
    let description = description.to_lowercase();
    let word = report.texts("word_list").into_iter().find(|word| description.contains(*word));
    if let Some(word) = word {
        report.at(cx.place("description"), format!("`{word}` stands in the description, and there are no references"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "description: see Internal Research of x\nreferences: []", &["see Internal Research of x"]);
        check(&super::CHECK, "description: see http://x", &[]);
    }
}
