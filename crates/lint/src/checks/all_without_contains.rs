//! A field is to equal several values at once.

use sigyn_ir::Modifier;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8408,
        name: "all-without-contains",
        summary: "`all` stands without `contains`.",
        help: "Add `contains`, or remove `all`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("invalid_modifier_combinations", "AllWithoutContainsModifierIssue")),
    why: "A field equals one value: it cannot equal all of several, so the rule never matches.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|all:\n            - b\n            - c\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains|all:\n            - b\n            - c\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        let has = |modifier| item.modifiers.contains(&modifier);
        if item.field.is_some() && has(Modifier::All) && !has(Modifier::Contains) {
            report.at(cx.item_key_place(item), "a field cannot equal several values at once");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|endswith|all:\n            - b\n            - c\n    condition: selection\n", &["a|endswith|all"]);
        check(&super::CHECK, "detection:\n    selection:\n        '|all':\n            - b\n            - c\n    condition: selection\n", &[]);
    }
}
