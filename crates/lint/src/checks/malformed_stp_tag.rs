//! A tag is no step of the pyramid of pain.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8212,
        name: "malformed-stp-tag",
        summary: "An `stp` tag is none of the summiting the pyramid project.",
        help: "Write `stp.` with a digit from 1 to 5 and perhaps a, u or k.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("stptag", "InvalidPatternTagIssue")),
    why: "Nothing is found under it.",
    example: Example {
        flagged: "tags:\n    - stp.6a",
        clean: "tags:\n    - stp.4a",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "stp" && !is_step(&tag.name) {
            report.at(cx.entry_place("tags", at), format!("`{tag}` is not of the form `stp.4a`"));
        }
    }
}

fn is_step(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|digit| ('1'..='5').contains(&digit))
        && chars.next().is_none_or(|letter| matches!(letter, 'a' | 'u' | 'k'))
        && chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - stp.1\n    - stp.5k\n    - stp.1x\n    - stp.12", &["stp.1x", "stp.12"]);
    }
}
