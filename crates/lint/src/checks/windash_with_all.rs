//! `windash` stands with `all`.

use sigyn_ir::Modifier;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8410,
        name: "windash-with-all",
        summary: "`windash` stands with `all`.",
        help: "Write one search identifier for each value and join them with `all of`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("invalid_modifier_combinations", "WindowsDashCombinedWithAllModifierIssue")),
    why: "pySigma wants every variant of the dash at once, so its queries never match; Sigyn reads each value with any dash.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|contains|windash|all:\n            - '-b'\n            - '-c'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains|windash: '-b'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        let has = |modifier| item.modifiers.contains(&modifier);
        if has(Modifier::Windash) && has(Modifier::All) {
            report.at(cx.item_key_place(item), "other tools want every variant of the dash at once");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|windash|contains|all:\n            - '-b'\n            - '-c'\n    condition: selection\n", &["a|windash|contains|all"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|contains|all:\n            - b\n            - c\n    condition: selection\n", &[]);
    }
}
