//! A regular expression begins or ends with `.*`.

use sigyn_ir::Value;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8423,
        name: "redundant-regex-wildcard",
        summary: "A regular expression begins or ends with `.*` or `.+`, which a search has already.",
        help: "Remove it: a regular expression is searched for anywhere in the value.",
    },
    severity: Severity::Note,
    like: None,
    why: "It costs time at every position of every value; in some engines the square of the length.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|re: '.*foo[0-9]'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|re: 'foo[0-9]'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            let Value::Regex(regex) = value else { continue };
            let pattern = regex.pattern.to_raw();
            let inner = pattern.trim_start_matches("(?i)");
            let is_escaped = pattern.ends_with("\\.*");
            if inner.starts_with(".*") || (inner.ends_with(".*") && !is_escaped) {
                report.at(cx.value_place(item, at), "the search looks everywhere without `.*`");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|re:\n            - 'x[0-9].*'\n            - '(?i).*y'\n            - 'z\\.*'\n    condition: selection\n", &["'x[0-9].*'", "'(?i).*y'"]);
    }
}
