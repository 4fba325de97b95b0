//! An event id is asked for under a category that says it.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8311,
        name: "event-id-under-category",
        summary: "An event id is asked for under a category that says it.",
        help: "Remove `EventID`.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_category_event_id", "SigmahqCategoryEventIdIssue")),
    why: "The rule works with one sensor only: other sensors have other ids for the same events.",
    example: Example {
        flagged: "detection:\n    selection:\n        EventID: 1\n        Image: x\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(source) = cx.rule().map(|rule| &rule.logsource) else { return };
    let category = source.category.as_deref().and_then(|category| cx.facts.windows_category(category));
    let is_said = source.product.as_deref() == Some("windows") && category.is_some_and(|known| known.says_event_id);
    if !is_said {
        return;
    }
    for (_, item) in cx.items() {
        let Some(field) = &item.field else { continue };
        if field == "EventID" {
            report.at(cx.item_key_place(item), "the category says the event id");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        EventID:\n            - 1\n            - 4688\n    condition: selection\n", &["EventID"]);
        check(&super::CHECK, "logsource:\n    product: windows\n    service: security\ndetection:\n    selection:\n        EventID: 1\n    condition: selection\n", &[]);
    }
}
