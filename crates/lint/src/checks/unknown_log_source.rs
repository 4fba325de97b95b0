//! No rule of SigmaHQ reads this log source.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8303,
        name: "unknown-log-source",
        summary: "The log source is none that SigmaHQ knows.",
        help: "Correct its spelling; if it is your own, suppress the check for it.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_logsource_unknown", "SigmahqLogsourceUnknownIssue")),
    why: "A log source with a typing error matches no event, and nobody notices.",
    example: Example {
        flagged: "logsource:\n    product: windows\n    category: proces_creation\n",
        clean: "logsource:\n    product: windows\n    category: process_creation\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    // Detections are events of Sigyn's own, which chains of rules read.
    let source = &rule.logsource;
    let is_detection =
        source.product.as_deref() == Some("sigyn") && source.service.as_deref() == Some("detection");
    if !is_detection && cx.facts.fields(source).is_none() {
        report.at(cx.place("logsource"), "SigmaHQ knows no such log source");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "logsource:\n    product: macos\n    category: process_termination\n", &["product: macos\n    category: process_termination"]);
        check(&super::CHECK, "logsource:\n    product: linux\n    service: auditd\n", &[]);
        check(&super::CHECK, "logsource:\n    product: sigyn\n    service: detection\n", &[]);
    }
}
