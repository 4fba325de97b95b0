//! A value stands there twice.

use std::collections::HashSet;

use sigyn_ir::Modifier;

use crate::text::plain;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8413,
        name: "duplicate-value",
        summary: "A value stands there twice.",
        help: "Remove one of the two.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_field_duplicate_value", "SigmahqFieldDuplicateValueIssue")),
    why: "It is most likely that another value was meant.",
    example: Example {
        flagged: "detection:\n    selection:\n        a:\n            - b\n            - B\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a:\n            - b\n            - c\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Modifiers under which upper and lower case differ.
const CASED: &[Modifier] = &[
    Modifier::Base64,
    Modifier::Base64Offset,
    Modifier::Re,
    Modifier::IgnoreCase,
    Modifier::Multiline,
    Modifier::Dotall,
    Modifier::Cased,
];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items().filter(|(_, item)| item.field.is_some() && item.values.len() > 1) {
        let is_cased = item.modifiers.iter().any(|modifier| CASED.contains(modifier));
        let folded: Vec<Option<String>> = if is_cased {
            Vec::new()
        } else {
            item.values.iter().map(|value| plain(value).map(|text| text.to_lowercase())).collect()
        };
        let mut seen = HashSet::new();
        for (at, value) in item.values.iter().enumerate() {
            let is_again = if is_cased {
                item.values[..at].contains(value)
            } else {
                folded[at].as_ref().is_some_and(|text| !seen.insert(text))
            };
            if is_again {
                let place = cx.value_place(item, at);
                report.with(place, "this value stands here already", |found| {
                    found.fixed_by("remove it", cx.whole_line(place), "")
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|contains:\n            - b\n            - c\n            - b\n            - b\n    condition: selection\n", &["b", "b"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|re:\n            - b\n            - B\n    condition: selection\n", &[]);
        check(&super::CHECK, "detection:\n    selection:\n        '|contains':\n            - b\n            - b\n    condition: selection\n", &[]);
    }
}
