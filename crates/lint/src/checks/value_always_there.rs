//! A value of a list is in every text.

use sigyn_ir::{Linking, Modifier, Part};

use crate::prelude::*;
use crate::text::as_string;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8428,
        name: "value-always-there",
        summary: "A value under `contains`, `startswith` or `endswith` is in every text.",
        help: "Remove the value, or write what was meant.",
    },
    severity: Severity::Warning,
    like: None,
    why: "The empty text is part of every text, so the whole list matches whatever the field holds.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|contains:\n            - b\n            - ''\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains:\n            - b\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let is_part = |modifier: &Modifier| {
        matches!(modifier, Modifier::Contains | Modifier::Startswith | Modifier::Endswith)
    };
    for (_, item) in cx.items() {
        // Among values that must all be there an empty one does no harm, and a lone `*` asks for the field.
        if item.linking == Linking::And || item.values.len() < 2 || !item.modifiers.iter().any(is_part) {
            continue;
        }
        for (at, value) in item.values.iter().enumerate() {
            let is_empty = |part: &Part| *part == Part::Many;
            if as_string(value).is_some_and(|text| text.parts().iter().all(is_empty)) {
                report.at(cx.value_place(item, at), "this is in every text, so the whole list always matches");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        let rule = |key: &str, second: &str| {
            format!("detection:\n    selection:\n        {key}:\n            - b\n            - {second}\n    condition: selection\n")
        };
        check(&super::CHECK, &rule("a|endswith", "'*'"), &["'*'"]);
        check(&super::CHECK, &rule("a|contains|all", "''"), &[]);
        check(&super::CHECK, &rule("a", "''"), &[]);
    }
}
