//! Wildcards say what `contains` says.

use sigyn_ir::Modifier;

use crate::wildcards::{instead_of, modify};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8405,
        name: "wildcards-instead-of-contains",
        summary: "Every value has a wildcard where `contains` says it better.",
        help: "Use `contains` and leave the wildcards out.",
    },
    severity: Severity::Note,
    like: Some(Like::core("wildcards_instead_of_modifiers", "WildcardsInsteadOfContainsModifierIssue")),
    why: "The modifier is easier to read, and nothing has to be escaped.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image: '*a*'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image|contains: a\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        if instead_of(cx, item) == Some(Modifier::Contains) {
            let place = cx.item_key_place(item);
            report.with(place, "the wildcards of the values say `contains`", |found| modify(cx, item, Modifier::Contains, found));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a:\n            - '*b*'\n            - '*c*'\n        d:\n            - '*e*'\n            - f\n    condition: selection\n", &["a"]);
        check(&super::CHECK, "detection:\n    selection:\n        a: '*'\n    condition: selection\n", &[]);
    }
}
