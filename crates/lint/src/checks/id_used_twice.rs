//! Two rules have one id.

use std::collections::HashMap;

use crate::{RuleFacts, SetContext};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8801,
        name: "id-used-twice",
        summary: "Two rules have one id.",
        help: "Give one of them a new random UUID.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("identifier_uniqueness", "IdentifierCollisionIssue")),
    why: "Whoever refers to the rule gets one of the two, and updates overwrite one with the other.",
    example: Example {
        flagged: "# path: a.yml\n...\n# path: b.yml",
        clean: "# path: a.yml\n...\n# path: b.yml\nid: 0c5ef0c3-6a8a-4a9f-9a62-55c5de0ac3b1",
    },
    options: &[],
    run: Run::Set(run),
};

fn run(cx: &SetContext<'_>, report: &mut Report<'_>) {
    let mut seen: HashMap<&str, Vec<&RuleFacts>> = HashMap::new();
    for rule in cx.rules {
        let Some(key) = rule.id.as_ref().map(|id| id.value.as_str()) else { continue };
        seen.entry(key).or_default().push(rule);
    }
    for rule in cx.rules {
        let Some(key) = rule.id.as_ref().map(|id| id.value.as_str()) else { continue };
        if let Some(other) = seen[key].iter().find(|other| !std::ptr::eq(**other, *rule)) {
            report.about(rule).with(rule.id.as_ref().map_or(rule.title.span, |id| id.span), "another rule has this id", |found| {
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
        check_files(&super::CHECK, &["title: A", "title: B"], &["5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11", "5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11"]);
        check_files(&super::CHECK, &["id:", "id:"], &[]);
    }
}
