//! A word of the title starts in lower case.

use crate::text::is_lower;
use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8104,
        name: "title-word-in-lower-case",
        summary: "A word of the title starts in lower case.",
        help: "Write titles as headings: `Suspicious Child of Word`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_title_case", "SigmahqTitleCaseIssue")),
    why: "Titles of one form are easier to scan; SigmaHQ asks for it.",
    example: Example {
        flagged: "title: Suspicious tool Started",
        clean: "title: Suspicious Tool Started",
    },
    options: &[OptionSpec { name: "word_list", default: Default::Texts(SMALL), summary: "Words that may start in lower case." }],
    run: Run::Rule(run),
};

/// Small words that stay small, as SigmaHQ lists them.
const SMALL: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "new", "of", "on", "or", "over", "the", "through",
    "to", "via", "with", "without",
];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let small = report.texts("word_list");
    let mut seen = 0;
    for word in cx.meta().title.split(' ') {
        let start = seen;
        seen += word.len() + 1;
        let is_named = word.contains(['.', '/', '_']) || word.starts_with(char::is_numeric);
        if !is_lower(word) || is_named || small.iter().any(|small| *small == word.to_lowercase()) {
            continue;
        }
        let place = cx.part(cx.place("title"), &cx.meta().title, start..start + word.len());
        let Some(first) = word.chars().next() else { continue };
        let fixed: String = first.to_uppercase().chain(word.chars().skip(1)).collect();
        report.with(place, format!("`{word}` starts in lower case"), |found| {
            found.fixed_by("write it with a capital", Some(place), &fixed)
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "title: Suspicious child of word", &["child", "word"]);
        check(&super::CHECK, "title: 'Foo bar'", &["bar"]);
        check(&super::CHECK, "title: Use of cmd.exe via 7zip and a/b", &[]);
    }
}
