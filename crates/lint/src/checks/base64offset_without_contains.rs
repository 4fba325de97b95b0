//! `base64offset` stands without `contains`.

use sigyn_ir::Modifier;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8409,
        name: "base64offset-without-contains",
        summary: "`base64offset` stands without `contains`.",
        help: "Write `base64offset|contains`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("invalid_modifier_combinations", "Base64OffsetWithoutContainsModifierIssue")),
    why: "The encoded text stands inside a longer one; compared as a whole it never matches.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|base64offset: foo\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|base64offset|contains: foo\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        let has = |modifier| item.modifiers.contains(&modifier);
        if has(Modifier::Base64Offset) && !has(Modifier::Contains) {
            report.at(cx.item_key_place(item), "the encoded text is compared as a whole");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|base64offset|endswith: foo\n    condition: selection\n", &["a|base64offset|endswith"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|base64: foo\n    condition: selection\n", &[]);
    }
}
