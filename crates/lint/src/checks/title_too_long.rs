//! The title is too long.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8103,
        name: "title-too-long",
        summary: "The title is longer than a title should be.",
        help: "Shorten it; the description has room for the rest.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_title_length", "SigmahqTitleLengthIssue")),
    why: "Long titles are cut in lists of alerts, and then rules look alike.",
    example: Example {
        flagged: "title: Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long Long ",
        clean: "title: Short",
    },
    options: &[OptionSpec { name: "max_length", default: Default::Int(120), summary: "How many characters a title may have." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let (chars, max) = (cx.meta().title.chars().count(), report.int("max_length"));
    if i64::try_from(chars).is_ok_and(|chars| chars > max) {
        report.at(cx.place("title"), format!("the title has {chars} characters, more than {max}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "title: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
        check(&super::CHECK, "title: ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", &[]);
    }
}
