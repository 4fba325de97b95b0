//! `all` stands with a single value.

use sigyn_ir::Modifier;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8414,
        name: "all-with-single-value",
        summary: "`all` stands with a single value.",
        help: "Remove `all`, or add the other values.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_invalid_all_modifier", "SigmahqInvalidAllModifierIssue")),
    why: "With one value it changes nothing, and the specification forbids it; perhaps a value is missing.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|contains|all: b\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains: b\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        if item.field.is_some() && item.modifiers.contains(&Modifier::All) && item.values.len() < 2 {
            let place = cx.item_key_place(item);
            report.with(place, "`all` stands with a single value", |found| {
                found.fixed_by("remove `all`", cx.find(place, "|all"), "")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|all|contains:\n            - b\n    condition: selection\n", &["a|all|contains"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|contains|all:\n            - b\n            - c\n    condition: selection\n", &[]);
    }
}
