//! A selector matches no search identifier.

use sigyn_syntax::Compat;
use sigyn_syntax::condition::{Expr, ExprKind, Pattern, parse_condition};

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8502,
        name: "selector-without-match",
        summary: "A selector matches no search identifier.",
        help: "Correct the pattern, or define what it is to match.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("dangling_condition", "DanglingConditionIssue")),
    why: "Targets and tools disagree about what it means; under `not` it filters nothing.",
    example: Example {
        flagged: "detection:\n    selection:\n        a: selection\n    condition: selection and not 1 of filter_*\n",
        clean: "detection:\n    selection:\n        a: selection\n    filter_a:\n        a: filter_a\n    condition: selection and not 1 of filter_*\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let mut seen: Vec<Pattern> = Vec::new();
    for (at, condition) in rule.conditions.iter().enumerate() {
        let Ok(ast) = parse_condition(&condition.text, Compat::PySigma) else { continue };
        selectors(&ast.root, &mut |pattern, range| {
            if seen.contains(pattern) || rule.detections.iter().any(|(name, _)| pattern.selects(name)) {
                return;
            }
            seen.push(pattern.clone());
            report.at(cx.condition_part(at, range), "this selects no search identifier");
        });
    }
}

fn selectors(expr: &Expr, visit: &mut impl FnMut(&Pattern, std::ops::Range<usize>)) {
    match &expr.kind {
        ExprKind::Or(args) | ExprKind::And(args) => args.iter().for_each(|arg| selectors(arg, visit)),
        ExprKind::Not(arg) => selectors(arg, visit),
        ExprKind::Identifier(_) => {}
        ExprKind::Selector { pattern, .. } => visit(pattern, expr.range.clone()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    condition: a and not 1 of b_* and not 1 of b_*\n", &["1 of b_*"]);
        check(&super::CHECK, "detection:\n    ab:\n        a: ab\n    condition: 1 of a*\n", &[]);
    }
}
