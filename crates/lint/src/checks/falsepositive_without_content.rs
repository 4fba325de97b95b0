//! A false positive says nothing.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8119,
        name: "falsepositive-without-content",
        summary: "An entry of `falsepositives` holds a word that says nothing, such as `none`.",
        help: "Name what sets the rule off without harm, or write `Unknown`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_falsepositives_banned_word", "SigmahqFalsepositivesBannedWordIssue")),
    why: "No rule has none; and a penetration test is a true positive.",
    example: Example {
        flagged: "falsepositives:\n    - None",
        clean: "falsepositives:\n    - Backup software",
    },
    options: &[OptionSpec { name: "word_list", default: Default::Texts(&["none", "pentest", "penetration"]), summary: "The words, in lower case." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let banned = report.texts("word_list");
    for (at, entry) in cx.meta().falsepositives.iter().enumerate() {
        for word in entry.split(' ').filter(|word| banned.iter().any(|other| word.to_lowercase().trim() == *other)) {
            report.at(cx.entry_place("falsepositives", at), format!("`{word}` says nothing"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "falsepositives:\n    - Some Pentest", &["Some Pentest"]);
        check(&super::CHECK, "falsepositives:\n    - Nonexistent", &[]);
    }
}
