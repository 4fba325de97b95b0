//! The description is too short.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8111,
        name: "description-too-short",
        summary: "The description is too short to say anything.",
        help: "Say what is detected and why it is suspicious.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_description_length", "SigmahqDescriptionLengthIssue")),
    why: "An analyst has the title already; a description of two words adds nothing.",
    example: Example {
        flagged: "description: Mimikatz",
        clean: "description: Detects the start of Mimikatz",
    },
    options: &[OptionSpec { name: "description_len", default: Default::Int(16), summary: "How many characters a description has at least." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let (Some(description), min) = (&cx.meta().description, report.int("description_len")) else { return };
    let chars = description.chars().count();
    if i64::try_from(chars).is_ok_and(|chars| chars < min) {
        report.at(cx.place("description"), format!("the description has {chars} characters, fewer than {min}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "description: fifteen letters", &["fifteen letters"]);
        check(&super::CHECK, "description: sixteen letters!", &[]);
        check(&super::CHECK, "description:", &[]);
    }
}
