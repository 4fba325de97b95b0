//! Two files have one name.

use std::collections::HashMap;

use crate::{RuleFacts, SetContext};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8701,
        name: "duplicate-file-name",
        summary: "Two files have one name.",
        help: "Rename one of them.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("duplicate_filename", "DuplicateFilenameIssue")),
    why: "Tools that name their output after the rule file overwrite one with the other.",
    example: Example {
        flagged: "# path: a/x.yml\n...\n# path: b/x.yml",
        clean: "# path: a/x.yml\n...\n# path: a/y.yml",
    },
    options: &[],
    run: Run::Set(run),
};

fn run(cx: &SetContext<'_>, report: &mut Report<'_>) {
    let mut by_name: HashMap<&str, Vec<&RuleFacts>> = HashMap::new();
    for rule in cx.rules {
        by_name.entry(rule.file_name()).or_default().push(rule);
    }
    for rule in cx.rules {
        let same = &by_name[rule.file_name()];
        if let Some(other) = same.iter().find(|other| other.path != rule.path) {
            let message = format!("`{}` has the same name", other.path);
            report.about(rule).with(rule.title.span, message, |found| {
                found.with_related(other.title.span, "the other rule")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_files;

    #[test]
    fn cases() {
        check_files(&super::CHECK, &["# path: a/x.yml\ntitle: A", "# path: b/x.yml\ntitle: B", "# path: y.yml"], &["A", "B"]);
    }
}
