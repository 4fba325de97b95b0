//! Wildcards say what `endswith` says.

use sigyn_ir::Modifier;

use crate::wildcards::{instead_of, modify};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8407,
        name: "wildcard-instead-of-endswith",
        summary: "Every value has a wildcard where `endswith` says it better.",
        help: "Use `endswith` and leave the wildcards out.",
    },
    severity: Severity::Note,
    like: Some(Like::core("wildcards_instead_of_modifiers", "WildcardInsteadOfEndswithIssue")),
    why: "The modifier is easier to read, and nothing has to be escaped.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image: '*a'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image|endswith: a\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        if instead_of(cx, item) == Some(Modifier::Endswith) {
            let place = cx.item_key_place(item);
            report.with(place, "the wildcards of the values say `endswith`", |found| modify(cx, item, Modifier::Endswith, found));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a:\n            - '*b'\n            - '*c'\n    condition: selection\n", &["a"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|contains: '*b?'\n    condition: selection\n", &[]);
    }
}
