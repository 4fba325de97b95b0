//! A field says what the log source says.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8310,
        name: "redundant-field",
        summary: "A field says what the log source says already.",
        help: "Remove it.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_redundant_field", "SigmahqRedundantFieldIssue")),
    why: "It costs a comparison on every event and keeps the rule from events of other sensors of the category.",
    example: Example {
        flagged: "logsource:\n    product: windows\n    category: registry_set\ndetection:\n    selection:\n        EventType: SetValue\n    condition: selection\n",
        clean: "logsource:\n    product: windows\n    category: registry_set\ndetection:\n    selection:\n        Details: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(fields) = cx.rule().and_then(|rule| cx.facts.fields(&rule.logsource)) else { return };
    for (_, item) in cx.items() {
        let Some(field) = &item.field else { continue };
        if fields.redundant.contains(&field.as_str()) {
            report.at(cx.item_key_place(item), format!("the log source says `{field}` already"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "logsource:\n    product: windows\n    category: registry_set\ndetection:\n    selection:\n        EventType|contains: x\n        Details: y\n    condition: selection\n", &["EventType|contains"]);
        check(&super::CHECK, "detection:\n    selection:\n        EventType: x\n    condition: selection\n", &[]);
    }
}
