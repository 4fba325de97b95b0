//! A wildcard is escaped.

use crate::text::as_string;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8401,
        name: "escaped-wildcard",
        summary: "A `*` or `?` stands behind a backslash and so is no wildcard.",
        help: "If a backslash and then a wildcard is meant, as in a path, write `\\\\*`.",
    },
    severity: Severity::Note,
    like: Some(Like::core("escaped_wildcard", "EscapedWildcardIssue")),
    why: "`C:\\Windows\\*` looks for a star; who writes it means everything below the folder.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image: 'C:\\Temp\\*'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image: 'C:\\Temp\\\\*'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            if as_string(value).is_some_and(|text| text.has_ascii(|byte| matches!(byte, b'*' | b'?'))) {
                report.at(cx.value_place(item, at), "the wildcard is escaped: this character is looked for");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        Image:\n            - 'a\\?b'\n            - 'a?b'\n    condition: selection\n", &["'a\\?b'"]);
        check(&super::CHECK, "detection:\n    selection:\n        Image|re: 'a\\*b'\n    condition: selection\n", &[]);
    }
}
