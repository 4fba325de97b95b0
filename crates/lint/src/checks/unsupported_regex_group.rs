//! A regular expression has a group that many targets do not have.

use sigyn_ir::Value;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8412,
        name: "unsupported-regex-group",
        summary: "A regular expression has look-around or an atomic group.",
        help: "Write it without: two search identifiers joined by `and not` say what a look-ahead says.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_unsupported_regex_group_construct", "SigmahqUnsupportedRegexGroupConstructIssue")),
    why: "Linear-time engines, among them those of most targets and ours, cannot evaluate it.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|re: '(?>foo)'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|re: '(?:foo)'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// How such groups begin.
const GROUPS: &[&str] = &["(?=", "(?!", "(?<=", "(?<!", "(?>"];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            let Value::Regex(regex) = value else { continue };
            let pattern = regex.pattern.to_raw();
            if let Some(group) = GROUPS.iter().find(|group| pattern.contains(**group)) {
                report.at(cx.value_place(item, at), format!("many targets have no groups like `{group}…)`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|re:\n            - 'x(?!y)'\n            - '(?i)x'\n    condition: selection\n", &["'x(?!y)'"]);
        check(&super::CHECK, "detection:\n    selection:\n        a: '(?!x)'\n    condition: selection\n", &[]);
    }
}
