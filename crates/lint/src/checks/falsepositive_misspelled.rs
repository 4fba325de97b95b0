//! A false positive has a frequent spelling mistake.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8120,
        name: "falsepositive-misspelled",
        summary: "An entry of `falsepositives` has a frequent spelling mistake.",
        help: "Correct the word.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_falsepositives_typo_word", "SigmahqFalsepositivesTypoWordIssue")),
    why: "Searches for `Unknown` or `Legitimate` miss the entry.",
    example: Example {
        flagged: "falsepositives:\n    - Unkown",
        clean: "falsepositives:\n    - Unknown",
    },
    options: &[OptionSpec { name: "word_list", default: Default::Texts(&["unkown", "ligitimate", "legitimeate"]), summary: "The misspelled words, in lower case." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let typos = report.texts("word_list");
    for (at, entry) in cx.meta().falsepositives.iter().enumerate() {
        for word in entry.split(' ').filter(|word| typos.iter().any(|typo| word.to_lowercase().trim() == *typo)) {
            report.at(cx.entry_place("falsepositives", at), format!("`{word}` is misspelled"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "falsepositives:\n    - Ligitimate use", &["Ligitimate use"]);
        check(&super::CHECK, "falsepositives:\n    - Legitimate use", &[]);
    }
}
