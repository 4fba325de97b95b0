//! A filter takes away all that the selection finds.

use sigyn_ir::{ConditionExpr, DetectionId, Rule};

use crate::logic::{Truth, expr_follows, truth};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8512,
        name: "filter-cancels-selection",
        summary: "A filter matches every event that the selection matches.",
        help: "Narrow the filter, or remove it.",
    },
    severity: Severity::Warning,
    like: None,
    why: "The rule never matches, and nobody notices.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image|endswith: '\\cmd.exe'\n    filter:\n        Image|endswith: '.exe'\n    condition: selection and not filter",
        clean: "detection:\n    selection:\n        Image|endswith: '\\cmd.exe'\n    filter:\n        Image|startswith: 'C:\\'\n    condition: selection and not filter",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (at, condition) in rule.conditions.iter().enumerate() {
        // What `not a` beside `a` says is found by another check.
        if truth(&condition.expr) == Truth::Depends
            && let Some(filter) = cancelling(rule, &condition.expr)
        {
            let name = rule.detection(filter).map_or("", |(name, _)| name);
            let message = format!("`{name}` matches whatever the rest of this matches");
            report.with(cx.condition_place(at), message, |found| {
                found.with_related(cx.identifier_place(name), "the filter")
            });
        }
    }
}

/// The identifier under a `not` that follows from what stands beside it.
fn cancelling(rule: &Rule, expr: &ConditionExpr) -> Option<DetectionId> {
    let ConditionExpr::And(args) = expr else { return None };
    let mut filters = Vec::new();
    for arg in args {
        if let ConditionExpr::Not(inner) = arg {
            match inner.as_ref() {
                ConditionExpr::Or(inner) => filters.extend(inner),
                inner => filters.push(inner),
            }
        }
    }
    let positive = || args.iter().filter(|arg| !matches!(arg, ConditionExpr::Not(_)));
    filters.into_iter().find_map(|filter| match filter {
        ConditionExpr::Detection(id) => {
            positive().any(|arg| expr_follows(rule, arg, filter)).then_some(*id)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    sel1:\n        a|contains:\n            - xby\n            - Ba\n    sel2:\n        c: d\n    filter_1:\n        a|contains: b\n    condition: 1 of sel* and not 1 of filter_*", &[]);
        check(&super::CHECK, "detection:\n    sel1:\n        a|contains:\n            - xby\n            - Ba\n        c: d\n    filter_1:\n        a|contains: b\n    condition: sel1 and not 1 of filter_*", &["sel1 and not 1 of filter_*"]);
    }
}
