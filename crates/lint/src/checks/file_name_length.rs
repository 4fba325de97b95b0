//! The file name is too short or too long.

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8702,
        name: "file-name-length",
        summary: "The file name is too short or too long.",
        help: "Rename the file.",
    },
    severity: Severity::Note,
    like: Some(Like::core("filename_length", "FilenameLengthIssue")),
    why: "A short name says nothing; a long one is cut in lists and not possible on every system.",
    example: Example {
        flagged: "# path: rules/a.yml",
        clean: "# path: rules/proc_creation_win_a.yml",
    },
    options: &[OptionSpec { name: "min_size", default: Default::Int(10), summary: "How many characters a file name has at least." }, OptionSpec { name: "max_size", default: Default::Int(90), summary: "How many characters a file name may have." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let (name, min, max) = (cx.file_name(), report.int("min_size"), report.int("max_size"));
    let chars = name.chars().count();
    if !i64::try_from(chars).is_ok_and(|chars| (min..=max).contains(&chars)) {
        let message = format!("the file name `{name}` has {chars} characters, not {min} to {max}");
        report.at(cx.title_place(), message);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: a/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.yml", &["Suspicious Tool"]);
        check(&super::CHECK, "# path: abcdef.yml", &[]);
    }
}
