//! The file name is not of the form that SigmaHQ asks for.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8703,
        name: "unconventional-file-name",
        summary: "The file name is not of the form that SigmaHQ asks for.",
        help: "Use 10 to 90 lower-case letters, digits and underscores, at least one underscore, and `.yml`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_filename_convention", "SigmahqFilenameConventionIssue")),
    why: "Names of one form can be sorted and searched, and work on every system.",
    example: Example {
        flagged: "# path: rules/Suspicious-Tool.yml",
        clean: "# path: rules/suspicious_tool.yml",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let name = cx.file_name();
    if !is_conventional(name) {
        report.at(cx.title_place(), format!("the file name `{name}` is not of the usual form"));
    }
}

/// 10 to 90 plain characters, then `.yml`; what follows it is not looked at.
fn is_conventional(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let plain = name.bytes().take_while(|byte| is_plain(*byte)).count();
    (10..=90).contains(&plain) && name[plain..].starts_with(".yml") && name.contains('_')
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: rules/suspicioustool.yml", &["Suspicious Tool"]);
        check(&super::CHECK, "# path: rules/tool_1.yml", &["Suspicious Tool"]);
        check(&super::CHECK, "# path: proc_creation_win_a.yml", &[]);
    }
}
