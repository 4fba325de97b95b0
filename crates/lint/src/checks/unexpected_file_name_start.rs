//! The file name does not start as those of its log source do.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8704,
        name: "unexpected-file-name-start",
        summary: "The file name does not start as those of its log source do at SigmaHQ.",
        help: "Rename the file.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_filename_prefix", "SigmahqFilenamePrefixIssue")),
    why: "Files of one log source stand together in lists.",
    example: Example {
        flagged: "# path: rules/win_process_tool.yml",
        clean: "# path: rules/proc_creation_win_tool.yml",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let Some(start) = cx.facts.file_name_start(&rule.logsource) else { return };
    if !cx.file_name().starts_with(start) && !is_combined(cx.text) {
        let message = format!("the file name `{}` does not start with `{start}`", cx.file_name());
        report.at(cx.title_place(), message);
    }
}

/// Files that hold a correlation with its rules may have several log sources.
fn is_combined(text: &str) -> bool {
    (text.starts_with("---\n") || text.contains("\n---\n"))
        && text.contains("correlation:")
        && text.contains("logsource:")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: a/image_load_win_x.yml", &["Suspicious Tool"]);
        check(&super::CHECK, "# path: x.yml\nlogsource:\n    product: acme", &[]);
    }
}
