//! The condition says nothing.

use crate::logic::{Truth, truth};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8511,
        name: "condition-always-true",
        summary: "The condition is true whatever the search identifiers are.",
        help: "Correct it; most often an `and` is meant.",
    },
    severity: Severity::Warning,
    like: None,
    why: "The rule matches every event of its log source.",
    example: Example {
        flagged: "detection:\n    a:\n        a: a\n    condition: a or not a\n",
        clean: "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: a or not b\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (at, condition) in rule.conditions.iter().enumerate() {
        if truth(&condition.expr) == Truth::Always {
            report.at(cx.condition_place(at), "this is always true");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    condition: not (a and not a)\n", &["not (a and not a)"]);
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: 1 of them\n", &[]);
    }
}
