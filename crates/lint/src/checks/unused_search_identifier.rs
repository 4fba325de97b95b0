//! A search identifier is not used.

use sigyn_ir::ConditionExpr;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8501,
        name: "unused-search-identifier",
        summary: "The condition does not use a search identifier.",
        help: "Use it in the condition, or remove it.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("dangling_detection", "DanglingDetectionIssue")),
    why: "A filter that nobody uses filters nothing, and a selection that nobody uses selects nothing.",
    example: Example {
        flagged: "detection:\n    selection:\n        a: selection\n    filter:\n        a: filter\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a: selection\n    filter:\n        a: filter\n    condition: selection and not filter\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let mut used = vec![false; rule.detections.len()];
    for condition in &rule.conditions {
        mark(&condition.expr, &mut used);
    }
    for ((name, _), _) in rule.detections.iter().zip(&used).filter(|(_, used)| !**used) {
        report.at(cx.identifier_place(name), format!("no condition uses `{name}`"));
    }
}

fn mark(expr: &ConditionExpr, used: &mut [bool]) {
    match expr {
        ConditionExpr::Or(args) | ConditionExpr::And(args) | ConditionExpr::AtLeast { of: args, .. } => {
            args.iter().for_each(|arg| mark(arg, used));
        }
        ConditionExpr::Not(arg) => mark(arg, used),
        ConditionExpr::Detection(id) => {
            if let Some(used) = used.get_mut(id.0 as usize) {
                *used = true;
            }
        }
        ConditionExpr::False | ConditionExpr::Nothing => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    sel1:\n        a: sel1\n    sel2:\n        a: sel2\n    fil:\n        a: fil\n    _x:\n        a: _x\n    condition: 1 of sel*\n", &["fil", "_x"]);
        check(&super::CHECK, "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: all of them\n", &[]);
    }
}
