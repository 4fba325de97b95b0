//! A modifier stands twice.

use sigyn_ir::Modifier;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8411,
        name: "modifier-twice",
        summary: "A modifier stands twice in a chain.",
        help: "Remove one of the two.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("invalid_modifier_combinations", "ModifierAppliedMultipleIssue")),
    why: "The second changes nothing or encodes twice; another modifier was meant.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|contains|contains: b\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains: b\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        let is_again = |(at, modifier): (usize, &Modifier)| {
            // Text is encoded twice on purpose by some attackers.
            *modifier != Modifier::Base64 && item.modifiers[..at].contains(modifier)
        };
        if item.modifiers.iter().enumerate().any(is_again) {
            report.at(cx.item_key_place(item), "a modifier stands twice");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|endswith|endswith: b\n    condition: selection\n", &["a|endswith|endswith"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|base64|base64: b\n    condition: selection\n", &[]);
    }
}
