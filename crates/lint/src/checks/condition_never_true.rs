//! The condition contradicts itself.

use crate::logic::{Truth, truth};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8510,
        name: "condition-never-true",
        summary: "The condition can never be true, whatever the search identifiers are.",
        help: "Correct it; most often an `or` is meant, or another identifier.",
    },
    severity: Severity::Warning,
    like: None,
    why: "The rule never matches, and nobody notices.",
    example: Example {
        flagged: "detection:\n    a:\n        a: a\n    condition: a and not a\n",
        clean: "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: a and not b\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (at, condition) in rule.conditions.iter().enumerate() {
        if truth(&condition.expr) == Truth::Never {
            report.at(cx.condition_place(at), "this is never true");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: (a or b) and not 1 of them\n", &["(a or b) and not 1 of them"]);
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    c:\n        a: c\n    condition: a and not b and c\n", &[]);
    }
}
