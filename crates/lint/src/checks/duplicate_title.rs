//! Two rules have one title.

use std::collections::HashMap;

use crate::{RuleFacts, SetContext};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8802,
        name: "duplicate-title",
        summary: "Two rules have one title.",
        help: "Say in the titles what tells the rules apart.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("duplicate_title", "DuplicateTitleIssue")),
    why: "Alerts of the two cannot be told apart in lists.",
    example: Example {
        flagged: "# path: a.yml\n...\n# path: b.yml",
        clean: "title: A\n...\ntitle: B",
    },
    options: &[],
    run: Run::Set(run),
};

fn run(cx: &SetContext<'_>, report: &mut Report<'_>) {
    let mut seen: HashMap<&str, Vec<&RuleFacts>> = HashMap::new();
    for rule in cx.rules {
        let key = rule.title.value.as_str();
        seen.entry(key).or_default().push(rule);
    }
    for rule in cx.rules {
        let key = rule.title.value.as_str();
        if let Some(other) = seen[key].iter().find(|other| !std::ptr::eq(**other, *rule)) {
            report.about(rule).with(rule.title.span, "another rule has this title", |found| {
                found.with_related(other.title.span, format!("this rule in `{}`", other.path))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check_files;

    #[test]
    fn cases() {
        check_files(&super::CHECK, &["title: A", "title: B", "title: A"], &["A", "A"]);
    }
}
