//! A provider is asked for under a category that says it.

use crate::text::as_string;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8312,
        name: "provider-under-category",
        summary: "A provider is asked for under a category that says it.",
        help: "Remove `Provider_Name`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_category_windows_provider_name", "SigmahqCategoryWindowsProviderNameIssue")),
    why: "The rule works with one sensor only.",
    example: Example {
        flagged: "detection:\n    selection:\n        Provider_Name: Microsoft-Windows-Sysmon\n        Image: x\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(source) = cx.rule().map(|rule| &rule.logsource) else { return };
    let category = source.category.as_deref().and_then(|category| cx.facts.windows_category(category));
    let Some(category) = category.filter(|_| source.product.as_deref() == Some("windows")) else { return };
    for (_, item) in cx.items().filter(|(_, item)| item.field.as_deref() == Some("Provider_Name")) {
        let is_said = |value| {
            as_string(value).and_then(|text| text.as_literal()).is_some_and(|text| category.providers.contains(&text))
        };
        if let Some(at) = item.values.iter().position(is_said) {
            report.at(cx.value_place(item, at), "the category says the provider");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        Provider_Name:\n            - a\n            - Microsoft-Windows-Kernel-Process\n    condition: selection\n", &["Microsoft-Windows-Kernel-Process"]);
        check(&super::CHECK, "detection:\n    selection:\n        Provider_Name|contains: Microsoft-Windows-Sysmon\n    condition: selection\n", &[]);
    }
}
