//! A number is written as text.

use crate::text::as_string;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8403,
        name: "number-as-string",
        summary: "A number is written as text.",
        help: "Remove the quotes.",
    },
    severity: Severity::Note,
    like: Some(Like::core("number_as_string", "NumberAsStringIssue")),
    why: "Some targets tell numbers and texts apart, and then the rule does not match.",
    example: Example {
        flagged: "detection:\n    selection:\n        EventID: '4624'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        EventID: 4624\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            if as_string(value).is_some_and(|text| text.as_literal().is_some_and(is_integer)) {
                report.at(cx.value_place(item, at), "this number is a text");
            }
        }
    }
}

/// Whether Python's `int` reads it: digits of any script, a sign, single underscores between digits. White space
/// around it counts, but for the blank.
fn is_integer(text: &str) -> bool {
    let digits = text.trim();
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    !text.contains(' ')
        && !digits.is_empty()
        && digits.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_numeric() && c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a:\n            - '+5'\n            - '1_000'\n            - '1 '\n            - 'x'\n            - '5.0'\n            - 7\n    condition: selection\n", &["'+5'", "'1_000'"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|contains: '5'\n    condition: selection\n", &[]);
    }
}
