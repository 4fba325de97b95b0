//! The log source has capitals.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8313,
        name: "upper-case-log-source",
        summary: "The log source has capitals.",
        help: "Write it in lower case.",
    },
    severity: Severity::Warning,
    like: None,
    why: "Log sources are compared exactly: `Windows` is not `windows`, and the rule is never tried.",
    example: Example {
        flagged: "logsource:\n    product: Windows\n    category: process_creation\n",
        clean: "logsource:\n    product: windows\n    category: process_creation\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(source) = cx.rule().map(|rule| &rule.logsource) else { return };
    for (key, value) in [("product", &source.product), ("category", &source.category), ("service", &source.service)] {
        if let Some(value) = value.as_ref().filter(|value| value.chars().any(char::is_uppercase)) {
            let place = cx.inner_place("logsource", key);
            let lower = value.to_lowercase();
            report.with(place, format!("`{value}` is not `{lower}`"), |found| {
                found.with_help(format!("write `{lower}`"))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "logsource:\n    product: windows\n    service: PowerShell\n", &["PowerShell"]);
        check(&super::CHECK, "logsource:\n    product: windows\n    definition: ABC\n", &[]);
    }
}
