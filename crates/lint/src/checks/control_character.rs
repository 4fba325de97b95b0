//! A value holds a control character.

use crate::text::as_string;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8404,
        name: "control-character",
        summary: "A value holds a control character.",
        help: "In double quotes write `\\\\` for a backslash, or use single quotes.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("control_character", "ControlCharacterIssue")),
    why: "`\"C:\\temp\"` holds a tab, not a backslash and a t: the rule never matches.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image: \"C:\\temp\"\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image: 'C:\\temp'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            if as_string(value).is_some_and(|text| text.has_ascii(|byte| byte < 32)) {
                report.at(cx.value_place(item, at), "this holds a control character");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|contains: \"x\\ny\"\n    condition: selection\n", &["\"x\\ny\""]);
        check(&super::CHECK, "detection:\n    selection:\n        a: 'x\\ny'\n    condition: selection\n", &[]);
    }
}
