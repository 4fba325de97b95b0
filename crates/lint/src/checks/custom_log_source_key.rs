//! The log source has a key that Sigma does not define.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8302,
        name: "custom-log-source-key",
        summary: "The log source has a key that Sigma does not define.",
        help: "Use category, product, service and definition.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("fieldname_logsource", "FieldnameLogsourceIssue")),
    why: "No tool reads the key, so the rule applies to more than was meant.",
    example: Example {
        flagged: "logsource:\n    product: windows\n    categories: process_creation\n",
        clean: "logsource:\n    product: windows\n    category: process_creation\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (key, _) in &rule.logsource.custom {
        let pair = cx.tree.get("logsource").and_then(|map| map.pair(key));
        let place = pair.map_or_else(|| cx.place("logsource"), |(key, _)| key.span);
        report.at(place, format!("a log source has no `{key}`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "logsource:\n    product: windows\n    x: 1\n    y: 2\n", &["x", "y"]);
        check(&super::CHECK, "logsource:\n    product: windows\n    definition: x\n", &[]);
    }
}
